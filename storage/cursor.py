"""The spool's cursor in PostgreSQL: what makes "at least once" into "exactly once" (DESIGN §6)."""

from datetime import date
from typing import Final

from storage.bridge import Connection

SLOTS: Final = 8  # rows a figure is spread over; more writers than this share slots and then wait for each other

# A new spool starts at 0. The slot is the one fewest spools have, so that writers rarely share a counter row; those
# of machines that are gone write no more.
_OPEN: Final = """
INSERT INTO spool_cursor (spool_id, seq, slot, day)
SELECT $1, 0, slot, $3
FROM generate_series(0, $2 - 1) AS slot
LEFT JOIN spool_cursor c USING (slot)
GROUP BY slot
ORDER BY count(*) FILTER (WHERE c.spool_id IS NOT NULL AND ($3::date IS NULL OR coalesce(c.day, $3) >= $3 - 7)), slot
LIMIT 1
ON CONFLICT (spool_id) DO NOTHING
"""
# FOR UPDATE waits out a transaction of an earlier process that the server has not yet noticed to be gone.
_READ: Final = "SELECT seq, slot FROM spool_cursor WHERE spool_id = $1 FOR UPDATE"
_FORGET: Final = "DELETE FROM spool_cursor WHERE spool_id = $1"
_ADVANCE: Final = "UPDATE spool_cursor SET seq = $3, day = greatest(day, $4) WHERE spool_id = $1 AND seq = $2"


class CursorMoved(Exception):
    """The cursor is not where the writer left it: an attempt whose answer was lost did commit. Nothing is done."""


async def open_cursor(connection: Connection, spool_id: str, today: date | None = None) -> tuple[int, int]:
    """(seq, slot) of this spool: everything up to seq is counted; counts go to `slot`.

    `today`: of a spool that holds nothing. So one that is never heard of again keeps only the days open on which it
    can have accepted something (storage/listener_day.py), and not every day to come.
    """
    await connection.execute(_OPEN, spool_id, SLOTS, today)
    row = await connection.fetchrow(_READ, spool_id)
    assert row is not None
    return int(row[0]), int(row[1])


async def forget_cursor(connection: Connection, spool_id: str) -> None:
    """Of a spool that is about to be removed, with everything in it counted."""
    await connection.execute(_FORGET, spool_id)


async def advance(connection: Connection, spool_id: str, expected: int, new: int, day: date) -> None:
    """Move from `expected` to `new`, first thing in the transaction that counts. Raises CursorMoved.

    `day`: the last on which something up to `new` was accepted; a spool keeps the order, so what it accepted
    before that day is counted then.
    """
    if await connection.execute(_ADVANCE, spool_id, expected, new, day) != "UPDATE 1":
        raise CursorMoved
