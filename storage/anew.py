"""Writes the distinct sets and the all-time figures anew, so that how their rows lie says nothing of who came when.

PostgreSQL notes in every row the transaction that wrote it, and in a deleted one, which stays in its page, the one
that deleted it. So the first plays of one sitting stand side by side, and what was erased for one listener is marked
alike. Afterwards all rows have one number, lie in the order of their keys and pseudonyms, and are in other files:
neither a deleted row nor the gap it has left is there any more.

Deleting and writing again (`write`) comes first, moving to other files (`compact_sets`, `compact_figures`) second:
rows that the same transaction has deleted would move along. Each takes one table, and no lock while it waits for
another, so that writers cannot wait in a ring with it.
"""

from datetime import date, datetime, timedelta
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
                          shares_link, shares_embed, via_link, via_embed, listeners, unbucketed)
SELECT target_key, target_kind, 0, sum(partial), sum(sampled), sum(complete),
       sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed), sum(listeners), sum(unbucketed)
FROM old GROUP BY target_key, target_kind ORDER BY target_key, target_kind
"""
_WRITTEN: Final = "UPDATE listener_generation SET anew_generation = generation, anew_on = $1, compact = false"
# Who waits for such a lock is waited for by everybody else: a long reader, as a dump, is not waited for.
_NOT_LONG: Final = "SET LOCAL lock_timeout = '2s'"
_COMPACT_SETS: Final = "CLUSTER listener USING listener_pkey"
_COMPACT_FIGURES: Final = "CLUSTER play_counter USING play_counter_pkey"
# Where somebody still has an older view of the database, rows replaced or deleted since moved along. The index, which
# was made anew just now, has counted them, and notes it with so many digits.
_MOVED_ALONG: Final = """
SELECT reltuples > (SELECT count(*) FROM listener)::real FROM pg_class WHERE oid = 'listener_pkey'::regclass
"""
_COMPACT: Final = "UPDATE listener_generation SET compact = true WHERE NOT compact AND anew_generation = $1"
# A clock that was a day ahead once, or midnight on two clocks: later than that is no day this was done on.
_CLOCKS_APART: Final = timedelta(days=1)


async def write(connection: Connection, today: date, known_since: datetime) -> int | None:
    """Where somebody was taken out of the sets since, or it was not done today. In a transaction.

    First hours before `known_since` are forgotten. Returns which generation of the sets is now for `compact_sets` to
    go on with, if any.
    """
    await connection.execute(_NOT_LONG)  # writers wait for the state this holds while it waits for the tables
    row = await connection.fetchrow(_STATE)
    assert row is not None
    generation, anew_generation, anew_on, compact = row
    if generation == anew_generation and today <= anew_on <= today + _CLOCKS_APART:
        return None if compact else int(generation)
    await connection.execute(_LOCK)
    await connection.execute(_WRITE_SETS, known_since)
    await connection.execute(_WRITE_FIGURES)
    await connection.execute(_WRITTEN, today)
    return int(generation)


async def compact_sets(connection: Connection) -> bool:
    """In a transaction of its own, after that of `write`; False where dead rows had to be kept for somebody."""
    await connection.execute(_NOT_LONG)
    await connection.execute(_COMPACT_SETS)
    return not await connection.fetchval(_MOVED_ALONG)


async def compact_figures(connection: Connection) -> None:
    """The same for the figures."""
    await connection.execute(_NOT_LONG)
    await connection.execute(_COMPACT_FIGURES)


async def is_compact(connection: Connection, generation: int) -> None:
    """Both are done, and nothing is left to do until the next `write`; unless another has written meanwhile."""
    await connection.execute(_COMPACT, generation)
