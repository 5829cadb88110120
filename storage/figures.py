"""What the read API and the command line show: a target's counters, summed over their slots. O(1) per target."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

SITE: Final = Target("", "site")

_FIGURES: Final = """
SELECT count(*), coalesce(sum(partial), 0)::bigint, coalesce(sum(sampled), 0)::bigint,
       coalesce(sum(complete), 0)::bigint, coalesce(sum(shares_link), 0)::bigint,
       coalesce(sum(shares_embed), 0)::bigint, coalesce(sum(listeners), 0)::bigint,
       coalesce(sum(unbucketed), 0)::bigint
FROM play_counter WHERE target_key = (SELECT counted_key($2, $1)) AND target_kind = $2
"""
# The figure of each day's last generation; no row for a day that never had a salt.
_DAYS: Final = """
SELECT d.day, coalesce(sum(c.listeners), 0)::bigint, d.partial
FROM token_day d
LEFT JOIN listener_count c
  ON c.day = d.day AND c.generation = d.generation
     AND c.target_key = (SELECT counted_key($2, $1)) AND c.target_kind = $2
WHERE d.day BETWEEN $3 AND $4 GROUP BY d.day, d.partial ORDER BY d.day
"""
# Constants rather than one string with a table name in it: no SQL is put together from parts.
_IN_CATALOG: Final = {
    "track": "SELECT EXISTS (SELECT FROM track WHERE track_key = (SELECT counted_key('track', $1)))",
    "release": "SELECT EXISTS (SELECT FROM release WHERE release_key = (SELECT counted_key('release', $1)))",
    "site": "SELECT $1 = ''",
}


@dataclass(frozen=True, slots=True)
class Day:
    """Option B's figure of one day."""

    day: date
    listeners: int
    partial: bool  # it covers only a part of the day: the salt was made late or replaced


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one target since the beginning."""

    partial: int
    sampled: int
    complete: int
    shares_link: int
    shares_embed: int
    listeners: int
    unbucketed: int = 0  # plays brought along from a counter that did not know how far they went
    days: Sequence[Day] = ()  # that have a figure, in order

    @property
    def total_plays(self) -> int:
        """The sum of the three buckets, and what was brought along without one."""
        return self.bucketed + self.unbucketed

    @property
    def bucketed(self) -> int:
        """Plays of which it is known how far they went."""
        return self.partial + self.sampled + self.complete

    @property
    def completion_rate(self) -> float | None:
        """complete / bucketed plays, 0 to 1 with four decimals; None without such plays."""
        return round(self.complete / self.bucketed, 4) if self.bucketed else None


async def read(connection: Connection, target: Target, last: date | None = None, days: int = 1) -> Figures | None:
    """The target's figures, with option B's of `days` days up to `last`; None where it is neither counted nor in the
    catalog. Any of its names will do.
    """
    row = await connection.fetchrow(_FIGURES, target.key, target.kind)
    assert row is not None
    rows, *counts = row
    if not rows and not await connection.fetchval(_IN_CATALOG[target.kind], target.key):
        return None
    found = Figures(*counts)
    if last is None:
        return found
    by_day = await connection.fetch(_DAYS, target.key, target.kind, last - timedelta(days=days - 1), last)
    return replace(found, days=[Day(*row) for row in by_day])
