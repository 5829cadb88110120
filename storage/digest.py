"""The figures of a week, and of the one before: what the weekly digest tells.

Weeks are ISO 8601's, on the site's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from storage import figures, leaderboard, series
from storage.bridge import Connection
from storage.figures import SITE
from storage.leaderboard import Days, Entry, Kind, Wanted
from storage.series import Counts

WEEK: Final = timedelta(days=7)
_TOP: Final = 5

_DIGEST_WEEK: Final = "SELECT digest_week FROM alert_state FOR UPDATE"
_SENT: Final = "UPDATE alert_state SET digest_week = $1"
_BEGIN: Final = """
INSERT INTO week_begin (week, listeners)
SELECT $1, coalesce(sum(listeners), 0) FROM play_counter WHERE target_key = '' AND target_kind = 'site'
ON CONFLICT DO NOTHING
"""
_BEGINNINGS: Final = "SELECT week, listeners FROM week_begin WHERE week = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Top:
    """A line of the week's best; `before`: its plays in the week before."""

    entry: Entry
    before: int


@dataclass(frozen=True, slots=True)
class Listeners:
    """Of the week; None where it was not counted."""

    all_time: int  # option A, when the week had ended
    new: int | None  # of these, in the week
    new_before: int | None
    by_day: int | None  # option B, each day's added up
    by_day_before: int | None


@dataclass(frozen=True, slots=True)
class Digest:
    """`first` is a Monday."""

    first: date
    counts: Counts
    before: Counts
    listeners: Listeners
    tracks: Sequence[Top]
    releases: Sequence[Top]

    @property
    def last(self) -> date:
        """The Sunday."""
        return self.first + WEEK - timedelta(1)


async def read(connection: Connection, first: date) -> Digest:
    """Of the week that begins with `first`."""
    return Digest(
        first,
        await _counts(connection, first),
        await _counts(connection, first - WEEK),
        await _listeners(connection, first),
        await _top(connection, "track", first),
        await _top(connection, "release", first),
    )


async def begin_week(connection: Connection, first: date) -> None:
    """Note how many listeners there are, the first time it is called in a week."""
    await connection.execute(_BEGIN, first)


async def is_due(connection: Connection, week: date) -> bool:
    """Whether the digest of this week, which is over, is still to be made, in the transaction that makes it.

    Not at the first start: the first one comes when the next week has ended.
    """
    last = await connection.fetchval(_DIGEST_WEEK)
    if last is None or last < week:
        await connection.execute(_SENT, week)
    return last is not None and last < week


async def _counts(connection: Connection, first: date) -> Counts:
    points = await series.series(connection, SITE, first, first + WEEK - timedelta(1), "week")
    return sum((point.counts for point in points), Counts())


async def _listeners(connection: Connection, first: date) -> Listeners:
    weeks = [first - WEEK, first, first + WEEK]
    begins: dict[date, int] = {row[0]: int(row[1]) for row in await connection.fetch(_BEGINNINGS, weeks)}
    if weeks[2] not in begins and (found := await figures.read(connection, SITE)) is not None:
        begins[weeks[2]] = found.listeners
    new_before, new = (
        begins[end] - begins[begin] if begin in begins and end in begins else None for begin, end in pairwise(weeks)
    )
    by_day, by_day_before = [await _by_day(connection, begin) for begin in (first, first - WEEK)]
    return Listeners(begins.get(weeks[2], 0), new, new_before, by_day, by_day_before)


async def _by_day(connection: Connection, first: date) -> int | None:
    found = await series.listeners(connection, SITE, first, first + WEEK - timedelta(1), "week")
    return found[0].listeners if found else None


async def _top(connection: Connection, kind: Kind, first: date) -> Sequence[Top]:
    week, before = (Days(begin, begin + WEEK - timedelta(1)) for begin in (first, first - WEEK))
    board = await leaderboard.board(connection, Wanted(kind, week, limit=_TOP))
    played = [entry for entry in board.entries if entry.counts.plays]
    trends = await leaderboard.trends(connection, kind, [entry.key for entry in played], before, "week")
    return [Top(entry, sum(point.counts.plays for point in trends.get(entry.key, ()))) for entry in played]
