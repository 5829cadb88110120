"""What was measured, what is assumed, and what follows for a site of another size."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from bench.disk import page as disk
from bench.results import Results
from bench.shards import page as shards
from bench.shards.measure import PLAIN

PEAK: Final = 10  # assumed: the busiest second of a day against its mean
SHARES_IN_A_HUNDRED: Final = 3  # of events, as the measured load has them
DAY_S: Final = 86_400
MONTH_DAYS: Final = 30
TRACKS_HEARD: Final = 20  # assumed, by a listener in all: a row in the sets for each of them,
RELEASES_HEARD: Final = 5  # for each of these, and one for the site
SPOOL_EVENTS: Final = 10_000_000  # what `spool.max_mib` holds by default (server/config.py)
REWRITTEN: Final = (5_000_000, 100)  # rows of the sets written anew, in so many seconds (docs/operate.md)

_CAPACITY: Final = "Into PostgreSQL, mode `both`, all ids new"
_DOOR: Final = "Durable events through the beacon listener"
_BACKLOG: Final = "A backlog counted while nothing new comes"
_HOME: Final = "`GET /api/stats/home`"
_MEMORY: Final = "Memory of the service at full load, its peak"


@dataclass(frozen=True, slots=True)
class Measured:
    """Of docs/performance.md, docs/disk.md and bench/results/shards.json. Rates in events/s, `stored` in MiB."""

    machine: str
    capacity: float
    door: float
    backlog: float
    memory_mib: float
    home_ratio: float  # time to answer with ten million events stored, against none
    stored: Mapping[str, float]  # by `bench.disk.page.parts`, mode `both` with event ids: the most there can be
    set_row: float  # bytes of a row of the sets, index included
    set_index_row: float  # bytes of its index entry
    postgres_us: float  # processor time of PostgreSQL for an event, in the largest batches
    python_us: float  # the same of the process that writes it


def measured(performance: Results, on_disk: disk.Results, sharded: shards.Results) -> Measured:
    """The figures the page is worked out from."""
    figures = {row.what: row.figure for row in reversed(performance.rows)}  # of a name that is there twice the first
    case = on_disk.cases["both, every play with an event id"]
    sets = case.tables["listener"]
    largest = max(arm.events for arm in sharded.arms)
    costs = next(arm.costs for arm in sharded.arms if (arm.way, arm.events) == (PLAIN, largest))
    machine = performance.machine
    return Measured(
        f"{machine.cores} cores of {machine.processor}",
        figures[_CAPACITY],
        figures[_DOOR],
        figures[_BACKLOG],
        figures[_MEMORY],
        next(row.ratio for row in performance.rows if row.what.startswith(_HOME) and row.ratio is not None),
        disk.parts(case),
        sets.both / case.pairs,
        sets.indexes / case.pairs,
        statistics.median(cost.server_ms for cost in costs) * 1000 / largest,
        statistics.median(cost.cpu_ms - cost.server_ms for cost in costs) * 1000 / largest,
    )


@dataclass(frozen=True, slots=True)
class Need:
    """What so many plays a day ask for."""

    plays: float

    @property
    def events(self) -> float:
        """A day, shares included."""
        return self.plays * 100 / (100 - SHARES_IN_A_HUNDRED)

    @property
    def mean(self) -> float:
        """Events/s."""
        return self.events / DAY_S

    @property
    def peak(self) -> float:
        """Events/s in the busiest second."""
        return self.mean * PEAK


def served(rate: float) -> Need:
    """The site whose busiest second is `rate` events/s."""
    return Need(rate / PEAK * DAY_S * (100 - SHARES_IN_A_HUNDRED) / 100)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a site takes, in MiB; the log a month, the others at a time, the write-ahead log a day."""

    log: float
    ids: float
    tokens: float
    written: float


def stored(need: Need, found: Measured, kept_days: int) -> Stored:
    """Mode `both`, every play with an event id."""
    millions = need.events / 1e6
    per = found.stored
    return Stored(
        per["log"] * millions * MONTH_DAYS,
        per["event ids"] * need.plays / 1e6 * kept_days,
        per["tokens of a day"] * millions,
        per["write-ahead log"] * millions,
    )


@dataclass(frozen=True, slots=True)
class Sets:
    """The listener sets of an audience."""

    listeners: int

    @property
    def rows(self) -> int:
        return self.listeners * (TRACKS_HEARD + RELEASES_HEARD + 1)

    @property
    def rewriting_s(self) -> float:
        """Once a night, at the measured pace of a large set; counting waits as long."""
        rows, seconds = REWRITTEN
        return self.rows / rows * seconds


def rows_until_the_spool_is_full(need: Need) -> float:
    """Of the sets: while they are written anew, what comes waits in the spool of one process."""
    rows, seconds = REWRITTEN
    return SPOOL_EVENTS / need.mean * rows / seconds


def rows_of_a_night() -> float:
    """Of the sets: beyond, the rest after writing them anew, a hundred times as long, is more than a day."""
    rows, seconds = REWRITTEN
    return DAY_S / 100 / seconds * rows


def servers(need: Need, event_us: float, parts: float, part_ms: float, cores: float) -> int:
    """How many a site needs: its events are shared, but each server gets `parts` a second. `cores`: for counting."""
    left = cores - parts * part_ms / 1000
    if left <= 0:
        raise ValueError("a server would have nothing but parts of batches to do, however many there are")
    return ceil(need.peak * event_us / 1e6 / left)


def hll_error(registers: int) -> float:
    """Standard error of HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007)."""
    return 1.04 / sqrt(registers)


def rate(value: float) -> str:
    """Events/s for people."""
    if value < 1:
        return f"{value:.2g}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def plain(value: float) -> str:
    """A large number in words, two digits exact."""
    for unit, size in (("billion", 1e9), ("million", 1e6)):
        if value >= size:
            digits = value / size
            return f"{digits:,.0f} {unit}" if digits >= 10 else f"{digits:.1f} {unit}".replace(".0 ", " ")
    return f"{value:,.0f}"


def size(mib: float) -> str:
    """Bytes for people, of so many MiB."""
    for unit, factor in (("PiB", 2**30), ("TiB", 2**20), ("GiB", 2**10)):
        if mib >= factor:
            value = mib / factor
            return f"{value:,.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{mib:,.0f} MiB" if mib >= 10 else f"{mib:.1f} MiB"


def lasting(seconds: float) -> str:
    """A time for people."""
    for unit, factor in (("days", DAY_S), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * factor:
            value = seconds / factor
            return f"{value:,.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
