"""A target's figures over time: what its chart shows, and the sums beneath it. Days are the site's.

A target is found by any of its names (storage/alias.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from storage.bridge import Connection
from storage.counters import Target

Step = Literal["day", "week", "month"]  # a week begins on Monday (ISO 8601)

_FIRST_DAY: Final = """
SELECT min(day) FROM day_counter WHERE target_key = (SELECT counted_key($2, $1)) AND target_kind = $2
"""
_ALL_TIME: Final = """
SELECT coalesce(sum(partial), 0)::bigint, coalesce(sum(sampled), 0)::bigint, coalesce(sum(complete), 0)::bigint,
       coalesce(sum(shares_link), 0)::bigint, coalesce(sum(shares_embed), 0)::bigint,
       coalesce(sum(via_link), 0)::bigint, coalesce(sum(via_embed), 0)::bigint,
       coalesce(sum(unbucketed), 0)::bigint, coalesce(sum(listeners), 0)::bigint
FROM play_counter WHERE target_key = (SELECT counted_key($2, $1)) AND target_kind = $2
"""
_SERIES: Final = """
SELECT date_trunc($5, day::timestamp)::date,
       sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint,
       sum(shares_link)::bigint, sum(shares_embed)::bigint, sum(via_link)::bigint, sum(via_embed)::bigint,
       sum(unbucketed)::bigint
FROM day_counter WHERE target_key = (SELECT counted_key($2, $1)) AND target_kind = $2 AND day BETWEEN $3 AND $4
GROUP BY 1 ORDER BY 1
"""
# Listeners of a day are those of its last salt. Over several days they are added up: nobody can be known again.
_LISTENERS: Final = """
SELECT date_trunc($5, day::timestamp)::date, coalesce(sum(listeners), 0)::bigint, bool_or(partial),
       min(listeners) FILTER (WHERE listeners > 0)
FROM (
    SELECT d.day, d.partial, sum(c.listeners)::bigint AS listeners
    FROM token_day d
    LEFT JOIN listener_count c
      ON c.day = d.day AND c.generation = d.generation
         AND c.target_key = (SELECT counted_key($2, $1)) AND c.target_kind = $2
    WHERE d.day BETWEEN $3 AND $4 GROUP BY d.day
) AS days GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of a target over some time."""

    partial: int = 0
    sampled: int = 0
    complete: int = 0
    shares_link: int = 0
    shares_embed: int = 0
    via_link: int = 0
    via_embed: int = 0
    unbucketed: int = 0  # plays brought along from a counter that did not know how far they went

    @property
    def plays(self) -> int:
        """The sum of the three buckets, and what was brought along without one."""
        return self.bucketed + self.unbucketed

    @property
    def bucketed(self) -> int:
        """Plays of which it is known how far they went, and which could bring shares here."""
        return self.partial + self.sampled + self.complete

    @property
    def shares(self) -> int:
        """Over both channels."""
        return self.shares_link + self.shares_embed

    @property
    def via(self) -> int:
        """Plays that came through a copied link or embed; part of `plays`."""
        return self.via_link + self.via_embed

    @property
    def completion_rate(self) -> float | None:
        """complete / bucketed plays, 0 to 1 with four decimals; None without such plays."""
        return round(self.complete / self.bucketed, 4) if self.bucketed else None

    @property
    def shares_per_hundred_plays(self) -> float | None:
        """Of bucketed plays, with two decimals; None without such plays."""
        return round(100 * self.shares / self.bucketed, 2) if self.bucketed else None

    @property
    def plays_per_share(self) -> float | None:
        """How many plays a copied link or embed brought, with two decimals; None without shares."""
        return round(self.via / self.shares, 2) if self.shares else None

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in Counts.__slots__))


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a series; `start` is its first day."""

    start: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class ListenerSum:
    """Option B's listeners of some days, added up; `least`: of the days that had any, the one with the fewest."""

    number: int = 0
    least: int | None = None

    def told(self, fewest: int) -> int | None:
        """None where a day had some, but fewer: who may choose the days would subtract two sums and have that day."""
        return None if self.least is not None and self.least < fewest else self.number

    def __add__(self, other: "ListenerSum") -> "ListenerSum":
        known = [one for one in (self.least, other.least) if one is not None]
        return ListenerSum(self.number + other.number, min(known, default=None))


@dataclass(frozen=True, slots=True)
class DayListeners:
    """Option B's listeners of one step, each day's added up; `partial`: one of its days is counted in part only."""

    start: date
    listeners: int
    partial: bool
    least: int | None = None

    @property
    def sum(self) -> ListenerSum:
        """To be told, or not."""
        return ListenerSum(self.listeners, self.least)


async def first_day(connection: Connection, target: Target) -> date | None:
    """The first day with a count of the target; None where there is none."""
    found: date | None = await connection.fetchval(_FIRST_DAY, target.key, target.kind)
    return found


async def all_time(connection: Connection, target: Target) -> tuple[Counts, int]:
    """Everything counted of the target, and option A's listeners."""
    row = await connection.fetchrow(_ALL_TIME, target.key, target.kind)
    assert row is not None
    *counts, listeners = row
    return Counts(*counts), listeners


async def series(connection: Connection, target: Target, first: date, last: date, step: Step) -> Sequence[Point]:
    """Steps with at least one count, in order; `first` and `last` are included and cut the outer steps."""
    rows = await connection.fetch(_SERIES, target.key, target.kind, first, last, step)
    return [Point(start, Counts(*counts)) for start, *counts in rows]


async def listeners(
    connection: Connection, target: Target, first: date, last: date, step: Step
) -> Sequence[DayListeners]:
    """Steps that have a figure, in order; a day on which no salt was made has none."""
    rows = await connection.fetch(_LISTENERS, target.key, target.kind, first, last, step)
    return [DayListeners(*row) for row in rows]
