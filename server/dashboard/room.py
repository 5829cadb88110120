"""How much of a process the pages may take: what counts plays stands on the same loop and the same connections."""

from collections.abc import Callable
from typing import Final, TypeVar

import trio

T = TypeVar("T")

FOR_OPERATOR: Final = 2  # pages at once; with that of links three of the five connections a process has at the least
FOR_LINKS: Final = 1  # whoever has a link waits for others with a link, never the operator for them


class Room:
    """Shared by all requests of one mount; beyond it they wait."""

    def __init__(self, pages: int) -> None:
        self.pages: Final = trio.CapacityLimiter(pages)
        # One thread: two would only take the interpreter from each other and from the loop. Of its own, because
        # Trio's usual ones are the writer's too.
        self._threads: Final = trio.CapacityLimiter(1)

    async def aside(self, work: Callable[[], T]) -> T:
        """`work()` in a thread, for what would hold up the loop."""
        return await trio.to_thread.run_sync(work, limiter=self._threads)
