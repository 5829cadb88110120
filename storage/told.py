"""What was told on a channel and nobody has taken yet, on the Trio side (storage/bridge/)."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import trio

_MOST: Final = 2048  # payloads; each has less than 8,000 bytes


class Told:
    """A reader that falls behind loses the oldest: memory is bounded."""

    def __init__(self) -> None:
        self._payloads: deque[str] = deque(maxlen=_MOST)
        self._lost = 0
        self._bell = trio.Event()
        self._ended = False

    def put(self, payload: str) -> None:
        """One more."""
        self._lost += len(self._payloads) == _MOST
        self._payloads.append(payload)
        self._bell.set()

    def end(self) -> None:
        """There will be no more."""
        self._ended = True
        self._bell.set()

    async def take(self) -> Sequence[str]:
        """Waits for the next, and returns all there are then, in order; nothing once it has ended."""
        while not self._payloads and not self._ended:
            self._bell = trio.Event()
            await self._bell.wait()
        payloads = list(self._payloads)
        self._payloads.clear()
        return payloads

    def lost(self) -> int:
        """How many were lost since this was asked last."""
        lost, self._lost = self._lost, 0
        return lost
