"""From how many client networks events came in the last hour: whether a proxy in front hides who sends them.

In memory alone, and a network is known only by the name its caller gives it, a keyed hash (server/limiter.py). What is
kept of it is the minute in which it came last. No I/O; the clock is an argument.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from actors.hour import MINUTES

MOST: Final = 4096  # networks told apart, about half a MiB; an hour that has more has "4,096 or more"
ENOUGH: Final = 50  # events in an hour before "all from one" means something: fewer may well be one listener's
_FEW: Final = 16  # below it the way an event came matters; a site with more of them tells its clients apart


class Way(StrEnum):
    """How it is known where an event came from. The values are told between versions."""

    ADDRESS = "address"  # its own address, or what a believed proxy says of it
    UNTOLD = "untold"  # by a proxy that does not say who is behind it
    UNBELIEVED = "unbelieved"  # by a proxy that says so and is not believed
    HERE = "here"  # by a script or a browser on this machine: nobody's network


# Several proxies that hide their clients are one network: none of them is a client's.
_HIDDEN: Final = {Way.UNTOLD: b"untold", Way.UNBELIEVED: b"unbelieved"}


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who sent in the last hour. `way`: of the only network; empty where there is none, or there are several."""

    networks: int = 0  # MOST: so many or more
    events: int = 0
    way: str = ""

    @property
    def one_network(self) -> bool:
        """Whether that many events from one network are worth a word."""
        return self.networks == 1 and self.events >= ENOUGH and self.way != ""


class Networks:
    """Of one process. `now` gives monotonic seconds."""

    def __init__(self, now: Callable[[], float], *, most: int = MOST) -> None:
        self._now = now
        self._most = most
        self._seen: dict[bytes, int] = {}  # name -> the minute it came last
        self._events: dict[int, int] = {}  # minute -> how many
        self._minute = 0
        self._next_minute_at = 0.0
        self._this_minute = 0
        # Whether the way an event came has to be found out: where networks are told apart, it costs nothing.
        self.few = True

    def note(self, name: bytes, way: Way = Way.ADDRESS) -> None:
        """An event that was taken came from this network, this way."""
        now = self._now()
        if now >= self._next_minute_at:
            self._turn(now)
        self._this_minute += 1
        if way is not Way.ADDRESS:
            name = _HIDDEN[way]
        if name in self._seen:
            self._seen[name] = self._minute
        elif len(self._seen) < self._most:
            self._seen[name] = self._minute
            self.few = len(self._seen) < _FEW

    def crowd(self) -> Crowd:
        """The last sixty minutes, the one under way included."""
        now = self._now()
        if now >= self._next_minute_at:
            self._turn(now)
        way = ""
        if len(self._seen) == 1:
            way = next((way for way, name in _HIDDEN.items() if name in self._seen), Way.ADDRESS).value
        return Crowd(len(self._seen), sum(self._events.values()) + self._this_minute, way)

    def _turn(self, now: float) -> None:
        if self._this_minute:
            self._events[self._minute] = self._this_minute
        self._minute, self._this_minute = int(now // 60), 0
        self._next_minute_at = (self._minute + 1) * 60.0
        first = self._minute - MINUTES + 1
        self._events = {at: number for at, number in self._events.items() if at >= first}
        self._seen = {name: at for name, at in self._seen.items() if at >= first}
        self.few = len(self._seen) < _FEW


def together(crowds: Iterable[Crowd]) -> Crowd:
    """Of several processes, which cannot compare names: the greatest number of networks stands for all.

    So two networks that keep to a process each are one here. With `ENOUGH` events that takes two listeners who do
    nothing else for an hour; a proxy that hides everybody is more likely.
    """
    seen = [crowd for crowd in crowds if crowd.events]
    networks = max((crowd.networks for crowd in seen), default=0)
    ways = {crowd.way for crowd in seen}
    way = next((way.value for way in (*_HIDDEN, Way.ADDRESS) if way.value in ways), "") if networks == 1 else ""
    return Crowd(networks, sum(crowd.events for crowd in seen), way)
