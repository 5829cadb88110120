"""The last hour of the whole installation: the hours of its processes, added up for who looks. No clock, no I/O."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from actors.happening import OTHERS
from actors.hour import MINUTES, Counts, Hour

_MOST_SOURCES: Final = 64  # processes whose hours are kept; a worker that is started again is another one
TOP: Final = 50  # targets named in a summary


@dataclass(slots=True)
class Sums:
    """What happened in a minute, or to a target."""

    partial: int = 0
    sampled: int = 0
    complete: int = 0
    via_link: int = 0
    via_embed: int = 0
    shares_link: int = 0
    shares_embed: int = 0

    @property
    def plays(self) -> int:
        """The sum of the three buckets."""
        return self.partial + self.sampled + self.complete

    @property
    def shares(self) -> int:
        """The sum of the two channels."""
        return self.shares_link + self.shares_embed


@dataclass(frozen=True, slots=True)
class Summary:
    """The hour up to and with `minute`."""

    minute: int
    minutes: Sequence[Sums]  # sixty, the oldest first
    targets: Sequence[tuple[str, str, Sums]]  # kind, key: those with most plays first, then with most shares
    others: Sums  # of targets that are not named
    total: Sums


class Lately:
    """What every process of the installation has counted in the last hour."""

    def __init__(self) -> None:
        self._hours: dict[str, Hour] = {}

    def add(self, source: str, minute: int, counts: Counts) -> None:
        """A process has counted these."""
        self.hour(source).add(minute, counts)

    def hour(self, source: str) -> Hour:
        """That process's hour; the one that counted longest ago makes room for a new one."""
        if source not in self._hours:
            if len(self._hours) >= _MOST_SOURCES:
                del self._hours[min(self._hours, key=lambda one: self._hours[one].latest)]
            self._hours[source] = Hour()
        return self._hours[source]

    def replace(self, source: str, hour: Hour) -> bool:
        """What was known of that process is forgotten for this; returns whether it is something else."""
        known = self.hour(source)
        self._hours[source] = hour
        return known != hour

    def forget_before(self, minute: int) -> None:
        """Earlier minutes are over."""
        for source, hour in list(self._hours.items()):
            hour.forget_before(minute)
            if not hour.latest:
                del self._hours[source]

    def summary(self, minute: int) -> Summary:
        """The hour that ends with `minute`."""
        first = minute - MINUTES + 1
        minutes = [Sums() for _ in range(MINUTES)]
        targets: defaultdict[tuple[str, str], Sums] = defaultdict(Sums)
        total, others = Sums(), Sums()
        for at, counts in self._all():
            if not first <= at <= minute:
                continue
            for happening, number in counts.items():
                target = targets[happening.kind, happening.key] if happening.key != OTHERS else others
                for sums in (minutes[at - first], target, total):
                    _count(sums, happening.what, happening.via, number)
        ordered = sorted(targets.items(), key=lambda one: (-one[1].plays, -one[1].shares, one[0]))
        for _, sums in ordered[TOP:]:
            _merge(others, sums)
        return Summary(minute, minutes, [(*target, sums) for target, sums in ordered[:TOP]], others, total)

    def _all(self) -> Iterator[tuple[int, Counts]]:
        for hour in self._hours.values():
            yield from hour


def _count(sums: Sums, what: str, via: str | None, number: int) -> None:
    if what in ("link", "embed"):
        what = f"shares_{what}"
    setattr(sums, what, getattr(sums, what) + number)
    if via is not None:
        setattr(sums, f"via_{via}", getattr(sums, f"via_{via}") + number)


def _merge(into: Sums, other: Sums) -> None:
    for name in Sums.__slots__:
        setattr(into, name, getattr(into, name) + getattr(other, name))
