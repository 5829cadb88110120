"""Writes the distinct sets and the all-time figures anew, so that how their rows lie says nothing of who came when.

PostgreSQL notes in every row the transaction that wrote it, and in a deleted one, which stays in its page, the one
that deleted it. So the first plays of one sitting stand side by side, and what was erased for one listener is marked
alike. Afterwards all rows have one number, lie in the order of their keys and pseudonyms, and are in other files:
neither a deleted row nor the gap it has left is there any more.

Deleting and writing again (`write`) comes first, moving to other files (`compact_sets`, `compact_figures`) second:
rows that the same transaction has deleted would move along. Each takes one table, and no lock while it waits for
another, so that writers cannot wait in a ring with it.
"""

from datetime import date, datetime
from typing import Final

from storage.bridge import Connection

# FOR UPDATE: writers that rely on the sets wait for this, and it for them.
_STATE: Final = "SELECT generation, anew_generation, anew_on, compact FROM listener_generation FOR UPDATE"
_LOCK: Final = "LOCK TABLE listener, play_counter IN SHARE ROW EXCLUSIVE MODE"
_WRITE_SETS: Final = "UPDATE listener SET came = CASE WHEN came >= $1 THEN came END"
# Into one slot, since a writer that has only taken listeners away may have left a row of its own with less than none.
_WRITE_FIGURES: Final = """
WITH old AS (DELETE FROM play_counter RETURNING *)
INSERT INTO play_counter (target_key, target_kind, slot, partial, sampled, complete,
                          shares_link, shares_embed, via_link, via_embed, listeners)
SELECT target_key, target_kind, 0, sum(partial), sum(sampled), sum(complete),
       sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed), sum(listeners)
FROM old GROUP BY target_key, target_kind ORDER BY target_key, target_kind
"""
_WRITTEN: Final = "UPDATE listener_generation SET anew_generation = generation, anew_on = $1, compact = false"
# Who waits for such a lock is waited for by everybody else: a long reader, as a dump, is not waited for.
_NOT_LONG: Final = "SET LOCAL lock_timeout = '2s'"
_COMPACT_SETS: Final = "CLUSTER listener USING listener_pkey"
_COMPACT_FIGURES: Final = "CLUSTER play_counter USING play_counter_pkey"
# Where somebody still has an older view of the database, every row that `write` replaced moved along; the index knows.
_MOVED_ALONG: Final = """
SELECT reltuples > 1.5 * (SELECT count(*) FROM listener) FROM pg_class WHERE oid = 'listener_pkey'::regclass
"""
_COMPACT: Final = "UPDATE listener_generation SET compact = true WHERE NOT compact"


async def write(connection: Connection, today: date, known_since: datetime) -> bool:
    """Where somebody was taken out of the sets since, or it was not done today. In a transaction.

    First hours before `known_since` are forgotten. Returns whether it is now for `compact_sets` to go on.
    """
    row = await connection.fetchrow(_STATE)
    assert row is not None
    generation, anew_generation, anew_on, compact = row
    if generation == anew_generation and anew_on >= today:
        return not compact
    await connection.execute(_LOCK)
    await connection.execute(_WRITE_SETS, known_since)
    await connection.execute(_WRITE_FIGURES)
    await connection.execute(_WRITTEN, today)
    return True


async def compact_sets(connection: Connection) -> bool:
    """In a transaction of its own, after that of `write`; False where rows it replaced had to be kept for somebody."""
    await connection.execute(_NOT_LONG)
    await connection.execute(_COMPACT_SETS)
    return not await connection.fetchval(_MOVED_ALONG)


async def compact_figures(connection: Connection) -> None:
    """The same for the figures."""
    await connection.execute(_NOT_LONG)
    await connection.execute(_COMPACT_FIGURES)


async def is_compact(connection: Connection) -> None:
    """Both are done, and nothing is left to do until the next `write`."""
    await connection.execute(_COMPACT)
