"""The last hour of one process, minute by minute: a bounded memory with exact sums (DESIGN §8). No clock, no I/O."""

from collections.abc import Iterator, Mapping
from typing import Final

from actors.happening import Happening

MINUTES: Final = 60
MOST_A_MINUTE: Final = 160  # different happenings kept by key in one minute; 60 minutes of them are about 2 MiB

Counts = Mapping[Happening, int]


class Hour:
    """Minutes are numbered from 1970. What a minute has no room for keeps its bucket and way, and loses its key."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[Happening, int]] = {}

    def add(self, minute: int, counts: Counts) -> None:
        """Count these as of that minute."""
        gather(self._minutes.setdefault(minute, {}), counts)

    def forget_before(self, minute: int) -> None:
        """Earlier minutes are over."""
        for earlier in [known for known in self._minutes if known < minute]:
            del self._minutes[earlier]

    def clear(self) -> None:
        """All of it."""
        self._minutes.clear()

    @property
    def latest(self) -> int:
        """The last minute in which something happened; 0 where nothing did."""
        return max(self._minutes, default=0)

    def __iter__(self) -> Iterator[tuple[int, Counts]]:
        """The minutes in which something happened, in order."""
        return iter(sorted(self._minutes.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hour) and self._minutes == other._minutes

    __hash__ = None  # type: ignore[assignment]  # it changes


def gather(into: dict[Happening, int], counts: Counts) -> None:
    """Add `counts`, with no more than MOST_A_MINUTE keys (and the few ways there are for those without a key)."""
    for happening, number in counts.items():
        at = happening
        if at not in into and len(into) >= MOST_A_MINUTE:
            at = happening.of_others
        into[at] = into.get(at, 0) + number
