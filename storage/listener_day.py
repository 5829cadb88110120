"""Option B's distinct listeners: the tokens of the days that are open, and the counts that stay (DESIGN §8).

A day is open from its first salt until every spool has counted what it accepted on it, a day after its end at the
latest. A token that comes later, or that was made with an earlier salt of its day, is left out: the play counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

_BEGIN: Final = """
INSERT INTO token_day AS d (day, generation, partial) VALUES ($1, 1, $2)
ON CONFLICT (day) DO UPDATE SET generation = d.generation + 1, partial = true WHERE NOT d.closed
RETURNING generation
"""
# Identifiers cannot be parameters; format() quotes them, and the day comes from a date, not from a client. Made aside
# and attached, as the months of the log are: a dump at midnight is not waited for.
_MAKE_DAY: Final = """
DO $do$
DECLARE
    day date := '{day}';
    partition text := 'listener_day' || to_char(day, '_YYYY_MM_DD');
BEGIN
    IF to_regclass(partition) IS NULL THEN
        EXECUTE format('CREATE UNLOGGED TABLE %I (LIKE listener_day INCLUDING ALL)
                        WITH (autovacuum_enabled = false)', partition);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN target_key SET STATISTICS 0,
                        ALTER COLUMN target_kind SET STATISTICS 0, ALTER COLUMN day SET STATISTICS 0,
                        ALTER COLUMN token SET STATISTICS 0', partition);
        EXECUTE format('ALTER TABLE listener_day ATTACH PARTITION %I FOR VALUES IN (%L)', partition, day);
    ELSE
        EXECUTE format('TRUNCATE %I', partition);
    END IF;
END $do$
"""
# A dump is not waited for by who counts: the day is closed in a later round.
_NOT_LONG: Final = "SET LOCAL lock_timeout = '2s'"
_PARTIAL: Final = "UPDATE token_day SET partial = true WHERE day = $1 AND NOT partial"
_LOST: Final = "UPDATE token_day SET partial = true WHERE day < $1 AND NOT closed RETURNING day, generation"
_DROP_DAY: Final = """
DO $do$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS %I', 'listener_day' || to_char(date '{day}', '_YYYY_MM_DD'));
END $do$
"""
# FOR SHARE: who starts a day again or closes it waits for the writers that count into it, and they for it.
_OPEN: Final = "SELECT day, generation FROM token_day WHERE day = ANY ($1) AND NOT closed ORDER BY day FOR SHARE"

# In key order, as every writer inserts, so that two never wait for each other in a ring.
_ADD: Final = """
WITH fresh AS (
    INSERT INTO listener_day (target_key, target_kind, day, token)
    SELECT target_key, target_kind, $1, token
    FROM unnest($2::text[], $3::text[], $4::bytea[]) AS t (target_key, target_kind, token)
    ON CONFLICT DO NOTHING
    RETURNING target_key, target_kind
)
SELECT target_key, target_kind, count(*) FROM fresh GROUP BY target_key, target_kind
"""
_COUNT: Final = """
INSERT INTO listener_count AS c (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, $1, $2, $3, listeners
FROM unnest($4::text[], $5::text[], $6::bigint[]) AS t (target_key, target_kind, listeners)
ON CONFLICT (target_key, target_kind, day, generation, slot) DO UPDATE SET listeners = c.listeners + excluded.listeners
"""
# A spool that has said nothing for two days is taken for gone. One without a day is waited for: it held something when
# its cursor was made (storage/cursor.py), and nobody knows of when.
_OVER: Final = """
SELECT day, generation FROM token_day d
WHERE NOT closed AND day < $1
  AND (day < $1 - 1
       OR NOT EXISTS (SELECT FROM spool_cursor s WHERE coalesce(s.day, d.day) BETWEEN d.day - 1 AND d.day))
ORDER BY day FOR UPDATE
"""
_CLOSE: Final = "UPDATE token_day SET closed = true WHERE day = $1"
# Without those of earlier salts, and in one slot: whose last new listener came in which transaction is not told.
_SUM_UP: Final = """
WITH old AS (DELETE FROM listener_count WHERE day = $1 RETURNING *)
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, day, generation, 0, sum(listeners) FROM old WHERE generation = $2
GROUP BY target_key, target_kind, day, generation ORDER BY target_key, target_kind
"""
# More listeners than plays is what is left where plays of the day were taken out again.
_TOO_MANY: Final = """
SELECT target_key, target_kind, coalesce(plays, 0)
FROM (SELECT target_key, target_kind, sum(listeners) AS listeners
      FROM listener_count WHERE day = $1 GROUP BY target_key, target_kind) c
LEFT JOIN (SELECT target_key, target_kind, sum(partial + sampled + complete + unbucketed)::bigint AS plays
           FROM day_counter WHERE day = $1 GROUP BY target_key, target_kind) p USING (target_key, target_kind)
WHERE listeners > coalesce(plays, 0)
"""
_UNCOUNT: Final = "DELETE FROM listener_count WHERE day = $1 AND target_key = $2 AND target_kind = $3"
_CLOSED: Final = "SELECT day, generation FROM token_day WHERE closed AND day = ANY ($1) ORDER BY day FOR UPDATE"
_NOT_CLOSED: Final = "SELECT day, generation FROM token_day WHERE NOT closed ORDER BY day FOR UPDATE"
_UNCOUNT_DAY: Final = "DELETE FROM listener_count WHERE day = $1"
_RECOUNT: Final = """
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, $1, $2, 0, count(*) FROM listener_day WHERE day = $1 GROUP BY target_key, target_kind
"""
_PAST: Final = "UPDATE spool_cursor SET day = $2 WHERE spool_id = $1 AND (day IS NULL OR day < $2)"


async def begin(connection: Connection, day: date, *, partial: bool) -> int | None:
    """Start the day, or start it again with the next generation and no tokens; None where it is closed."""
    generation = await connection.fetchval(_BEGIN, day, partial)
    if generation is not None:
        await connection.execute(_MAKE_DAY.format(day=day.isoformat()))
    return None if generation is None else int(generation)


async def generations(connection: Connection, days: Collection[date]) -> dict[date, int]:
    """In a transaction that counts: the open ones of these days and their generations, which hold until it ends."""
    return {row[0]: int(row[1]) for row in await connection.fetch(_OPEN, sorted(days))}


async def add(connection: Connection, day: date, tokens: Iterable[tuple[Target, bytes]]) -> Counter[Target]:
    """Remember these (target, token) pairs of an open day; returns how many were new, per target."""
    ordered = sorted(set(tokens))
    if not ordered:
        return Counter()
    columns = [target.key for target, _ in ordered], [target.kind for target, _ in ordered]
    rows = await connection.fetch(_ADD, day, *columns, [token for _, token in ordered])
    return Counter({Target(key, kind): number for key, kind, number in rows})


async def count(connection: Connection, slot: int, day: date, generation: int, listeners: Mapping[Target, int]) -> None:
    """Add what `add` returned to the day's figures."""
    targets = sorted(listeners)
    if targets:
        columns = [target.key for target in targets], [target.kind for target in targets]
        await connection.execute(_COUNT, day, generation, slot, *columns, [listeners[target] for target in targets])


async def past(connection: Connection, spool_id: str, day: date) -> None:
    """This spool has counted everything it accepted before `day`."""
    await connection.execute(_PAST, spool_id, day)


async def close_over(connection: Connection, today: date) -> Sequence[date]:
    """Close every day that is over and done with: its tokens are dropped, its counts are final. Returns the days."""
    await connection.execute(_NOT_LONG)
    over = await connection.fetch(_OVER, today)
    for day, generation in over:
        await _close(connection, day, generation)
    return [row[0] for row in over]


async def mark_partial(connection: Connection, day: date) -> None:
    """The day's figure covers only a part of it, if there is one."""
    await connection.execute(_PARTIAL, day)


async def close_lost(connection: Connection, today: date) -> None:
    """There is no salt, not even an old one: a crash has emptied what is UNLOGGED, and with it the tokens of days that
    still wait for a spool. Tokens that come now would count again, so these days end with what they have.
    """
    for day, generation in await connection.fetch(_LOST, today):
        await _close(connection, day, generation)


async def cap_closed(connection: Connection, days: Collection[date]) -> None:
    """After plays of these days were taken out: a closed day has no more listeners than plays."""
    for day, generation in await connection.fetch(_CLOSED, sorted(days)):
        await _cap(connection, day, generation)


async def begin_open_again(connection: Connection) -> None:
    """After a restore, which brings neither salts nor tokens: every open day starts again, and is marked so."""
    for day, _ in await connection.fetch(_NOT_CLOSED):
        await begin(connection, day, partial=True)


async def recount(connection: Connection) -> None:
    """The open days' figures anew from their tokens."""
    for day, generation in await connection.fetch(_NOT_CLOSED):
        await connection.execute(_UNCOUNT_DAY, day)
        await connection.execute(_RECOUNT, day, generation)


async def _close(connection: Connection, day: date, generation: int) -> None:
    await connection.execute(_CLOSE, day)
    await connection.execute(_DROP_DAY.format(day=day.isoformat()))
    await connection.execute(_SUM_UP, day, generation)
    await _cap(connection, day, generation)


async def _cap(connection: Connection, day: date, generation: int) -> None:
    for key, kind, plays in await connection.fetch(_TOO_MANY, day):
        await connection.execute(_UNCOUNT, day, key, kind)
        await count(connection, 0, day, generation, {Target(key, kind): plays})
