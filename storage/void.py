"""Takes a flood of one track back out: out of the log, and so out of every counter.

The rows cannot come back: what was counted has left the spool, or lies below its cursor and is never read again.
Listeners: who came to the track first in those hours leaves its set, and counts again with the next play. Which hour
that was is known for a few days (`listeners.FIRST_HOUR_KEPT`); who came before that stays. The release's and the site's
sets stay as they are, since nothing in the database says which of their rows are the same listener.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from storage import audit, listener_day, listeners
from storage.bridge import Connection
from storage.rebuild import rebuild_day, rebuild_totals

# The site's days, by which the log is partitioned, are told roughly as well: its zone, up to 14 hours off, is not known
# here, and without days every partition since the beginning would be read.
_PREVIEW: Final = """
SELECT created_at, count(*) FROM play_event
WHERE track_key = (SELECT counted_key('track', $1))
  AND created_at >= $2::timestamptz AND created_at < $3::timestamptz
  AND day BETWEEN ($2 AT TIME ZONE 'UTC')::date - 1 AND ($3 AT TIME ZONE 'UTC')::date + 1
GROUP BY created_at ORDER BY created_at
"""
_PREVIEW_SHARES: Final = """
SELECT count(*) FROM share_event
WHERE target_kind = 'track' AND target_key = (SELECT counted_key('track', $1))
  AND created_at >= $2::timestamptz AND created_at < $3::timestamptz
  AND day BETWEEN ($2 AT TIME ZONE 'UTC')::date - 1 AND ($3 AT TIME ZONE 'UTC')::date + 1
"""
_TAKE_PLAYS: Final = """
DELETE FROM play_event
WHERE track_key = (SELECT counted_key('track', $1))
  AND created_at >= $2::timestamptz AND created_at < $3::timestamptz
  AND day BETWEEN ($2 AT TIME ZONE 'UTC')::date - 1 AND ($3 AT TIME ZONE 'UTC')::date + 1
RETURNING day
"""
_TAKE_SHARES: Final = """
DELETE FROM share_event
WHERE target_kind = 'track' AND target_key = (SELECT counted_key('track', $1))
  AND created_at >= $2::timestamptz AND created_at < $3::timestamptz
  AND day BETWEEN ($2 AT TIME ZONE 'UTC')::date - 1 AND ($3 AT TIME ZONE 'UTC')::date + 1
RETURNING day
"""
_TAKE_LISTENERS: Final = """
DELETE FROM listener WHERE target_kind = 'track' AND target_key = (SELECT counted_key('track', $1))
  AND came >= $2 AND came < $3
"""


@dataclass(frozen=True, slots=True)
class Flood:
    """What to take out: full hours, `since` included, `until` not."""

    track_key: str
    since: datetime
    until: datetime
    shares: bool  # the track's shares as well


@dataclass(frozen=True, slots=True)
class Preview:
    """What is there to be taken out."""

    plays: Sequence[tuple[datetime, int]]  # by hour
    shares: int

    @property
    def total(self) -> int:
        """Events of both kinds."""
        return sum(number for _, number in self.plays) + self.shares


async def preview(connection: Connection, flood: Flood) -> Preview:
    """Changes nothing."""
    key, since, until = flood.track_key, flood.since, flood.until
    plays = [(row[0], int(row[1])) for row in await connection.fetch(_PREVIEW, key, since, until)]
    shares = int(await connection.fetchval(_PREVIEW_SHARES, key, since, until)) if flood.shares else 0
    return Preview(plays, shares)


async def take_out(connection: Connection, flood: Flood, reason: str) -> int:
    """In the caller's transaction: log, sets and counters, with an audit row. Returns the number of events."""
    key, since, until = flood.track_key, flood.since, flood.until
    await listeners.move_on(connection)  # first: it waits for the writers that rely on the sets, and later ones wait
    plays = await connection.fetch(_TAKE_PLAYS, key, since, until)
    shares = await connection.fetch(_TAKE_SHARES, key, since, until) if flood.shares else []
    await connection.execute(_TAKE_LISTENERS, key, since, until)
    touched: set[date] = {row[0] for row in [*plays, *shares]}
    for day in sorted(touched):
        await rebuild_day(connection, day)
    await rebuild_totals(connection)
    await listener_day.cap_closed(connection, touched)
    await audit.record(
        connection,
        "void",
        {
            "track": key,
            "from": since.isoformat(),
            "to": until.isoformat(),
            "plays": len(plays),
            "shares": len(shares),
            "reason": reason,
        },
    )
    return len(plays) + len(shares)
