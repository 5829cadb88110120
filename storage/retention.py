"""Lets go of what is older than the operator wants to keep: months of the log, then months of the daily figures.

A month leaves the log in one transaction, which puts its sums into the opening balance and drops its partitions. So the
counters are at every moment what balance and log say together, and a crash has dropped all of it or nothing.

Who counts is not held up. The sums are made while only the month itself is locked against writing, which nobody does
but an event that is months late. The log as a whole is locked at the end, for the moment of the drop, and never waited
for longer than a blink: a dump that reads it for an hour would be waited for by all who want to count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from storage import audit
from storage.bridge import Connection

# The earlier of two clocks: one that is ahead must not cost years of the log.
_FIRST_KEPT: Final = """
SELECT (date_trunc('month', least($1::date, current_date + 1)) - make_interval(months => $2))::date
"""
# By the names that storage.log gives; a partition that somebody else has attached is left alone. One that another
# process drops at this moment has no size any more.
_LOGGED: Final = r"""
SELECT month, bytes FROM (
    SELECT to_date(substring(relname FROM '\d{4}_\d{2}$'), 'YYYY_MM') AS month, sum(pg_table_size(oid))::bigint AS bytes
    FROM pg_class JOIN pg_inherits ON inhrelid = oid
    WHERE inhparent IN ('play_event'::regclass, 'share_event'::regclass)
      AND relname ~ '^(play|share)_event_\d{4}_\d{2}$'
    GROUP BY month
) AS months WHERE bytes IS NOT NULL ORDER BY month
"""
_EVENTS: Final = """
SELECT (SELECT count(*) FROM play_event WHERE day >= $1 AND day < ($1::date + interval '1 month')::date),
       (SELECT count(*) FROM share_event WHERE day >= $1 AND day < ($1::date + interval '1 month')::date)
"""
_FIGURES: Final = """
SELECT date_trunc('month', day::timestamp)::date AS month FROM day_counter WHERE day < $1
UNION
SELECT date_trunc('month', day::timestamp)::date FROM listener_count WHERE day < $1
ORDER BY month
"""
_DROPPED: Final = """
SELECT month, plays, shares FROM dropped_month
WHERE month >= date_trunc('month', $1::timestamp) AND month <= $2 ORDER BY month
"""

_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(748309120)"
_NOT_LONG: Final = "SET LOCAL lock_timeout = '2s'"
# Looks whether the log can be had at all before a month is added up; held until the savepoint is left.
_LOCK_LOG: Final = """
DO $do$
BEGIN
    FOR attempt IN 1..20 LOOP
        BEGIN
            SET LOCAL lock_timeout = '100ms';
            LOCK TABLE ONLY play_event, ONLY share_event IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.1);
        END;
    END LOOP;
    RAISE lock_not_available USING MESSAGE = 'the log is being read, by a dump perhaps';
END $do$
"""
# SHARE: it may be read, not written. Who counts something into it waits, and is no older than this month.
_LOCK_MONTH: Final = """
DO $do$
DECLARE
    suffix text := to_char(date '{month}', '_YYYY_MM');
BEGIN
    EXECUTE format('LOCK TABLE %I, %I IN SHARE MODE', 'play_event' || suffix, 'share_event' || suffix);
END $do$
"""
_DROP_MONTH: Final = """
DO $do$
DECLARE
    suffix text := to_char(date '{month}', '_YYYY_MM');
BEGIN
    EXECUTE format('DROP TABLE %I, %I', 'play_event' || suffix, 'share_event' || suffix);
END $do$
"""
_IS_LOGGED: Final = "SELECT to_regclass('play_event' || to_char($1::date, '_YYYY_MM')) IS NOT NULL"
# Once through the log; from there on there are as many rows as ways to play a track on a day.
_BALANCE: Final = """
WITH play AS MATERIALIZED (
    SELECT coalesce(import_number, 0) AS import_number, day, track_key, release_key, bucket, via, count(*) AS number
    FROM play_event WHERE day >= $1 AND day < ($1::date + interval '1 month')::date
    GROUP BY 1, 2, 3, 4, 5, 6
), share AS MATERIALIZED (
    SELECT coalesce(import_number, 0) AS import_number, day, target_kind, target_key, channel, count(*) AS number
    FROM share_event WHERE day >= $1 AND day < ($1::date + interval '1 month')::date
    GROUP BY 1, 2, 3, 4, 5
), event AS (
    SELECT import_number, day, 'track' AS kind, track_key AS key, bucket, via, NULL AS channel, number FROM play
    UNION ALL
    SELECT import_number, day, 'release', release_key, bucket, via, NULL, number FROM play
    WHERE release_key IS NOT NULL
    UNION ALL
    SELECT import_number, day, 'site', '', bucket, via, NULL, number FROM play
    UNION ALL
    SELECT import_number, day, target_kind, target_key, NULL, NULL, channel, number FROM share
    UNION ALL
    SELECT import_number, day, 'site', '', NULL, NULL, channel, number FROM share
), moved AS (
    INSERT INTO opening_balance (import_number, target_key, target_kind, day, partial, sampled, complete,
                                 shares_link, shares_embed, via_link, via_embed)
    SELECT import_number, key, kind, day,
           coalesce(sum(number) FILTER (WHERE bucket = 'partial'), 0),
           coalesce(sum(number) FILTER (WHERE bucket = 'sampled'), 0),
           coalesce(sum(number) FILTER (WHERE bucket = 'complete'), 0),
           coalesce(sum(number) FILTER (WHERE channel = 'link'), 0),
           coalesce(sum(number) FILTER (WHERE channel = 'embed'), 0),
           coalesce(sum(number) FILTER (WHERE via = 'link'), 0),
           coalesce(sum(number) FILTER (WHERE via = 'embed'), 0)
    FROM event GROUP BY import_number, key, kind, day ORDER BY day, key, kind
    RETURNING target_kind, partial + sampled + complete AS plays, shares_link + shares_embed AS shares
)
SELECT coalesce(sum(plays), 0)::bigint, coalesce(sum(shares), 0)::bigint FROM moved WHERE target_kind = 'site'
"""
_NOTE: Final = """
INSERT INTO dropped_month AS d (month, plays, shares, dropped_at) VALUES ($1, $2, $3, now())
ON CONFLICT (month) DO UPDATE SET plays = d.plays + excluded.plays, shares = d.shares + excluded.shares,
                                  dropped_at = excluded.dropped_at
"""
# As when a day is rebuilt: who counts waits for it, and it for who counts.
_LOCK_FIGURES: Final = "LOCK TABLE day_counter IN SHARE ROW EXCLUSIVE MODE"
# Together with what had no day before: one row per target, however many months have gone.
_UNDATE_BALANCE: Final = """
WITH old AS (
    DELETE FROM opening_balance
    WHERE day IS NULL OR day >= $1 AND day < ($1::date + interval '1 month')::date RETURNING *
)
INSERT INTO opening_balance (import_number, target_key, target_kind, partial, sampled, complete, unbucketed,
                             shares_link, shares_embed, via_link, via_embed)
SELECT import_number, target_key, target_kind, sum(partial), sum(sampled), sum(complete), sum(unbucketed),
       sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed)
FROM old GROUP BY import_number, target_key, target_kind ORDER BY target_key, target_kind
"""
_DROP_FIGURES: Final = "DELETE FROM day_counter WHERE day >= $1 AND day < ($1::date + interval '1 month')::date"
_DROP_LISTENERS: Final = "DELETE FROM listener_count WHERE day >= $1 AND day < ($1::date + interval '1 month')::date"
_DROP_DAYS: Final = "DELETE FROM token_day WHERE day >= $1 AND day < ($1::date + interval '1 month')::date AND closed"


@dataclass(frozen=True, slots=True)
class Keep:
    """How many months besides the running one; 0: all there are. Daily figures are kept as long as the log at least."""

    log_months: int = 0
    daily_months: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the log; `month` is its first day."""

    month: date
    plays: int
    shares: int
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """What is older than is to be kept, the oldest first."""

    log: Sequence[Month]
    daily: Sequence[date]


async def due(connection: Connection, keep: Keep, today: date) -> Due:
    """With the number of events in each month, for which all of them are read."""
    log = []
    for month, size in await _logged(connection, keep.log_months, today):
        row = await connection.fetchrow(_EVENTS, month)
        assert row is not None
        log.append(Month(month, int(row[0]), int(row[1]), size))
    return Due(log, await due_daily(connection, keep, today))


async def due_log(connection: Connection, keep: Keep, today: date) -> Sequence[date]:
    """Months of the log that are older than is to be kept, the oldest first."""
    return [month for month, _ in await _logged(connection, keep.log_months, today)]


async def due_daily(connection: Connection, keep: Keep, today: date) -> Sequence[date]:
    """The same of the daily figures."""
    if not keep.daily_months:
        return []
    first_kept = await connection.fetchval(_FIRST_KEPT, today, keep.daily_months)
    return [row[0] for row in await connection.fetch(_FIGURES, first_kept)]


async def drop_log(connection: Connection, month: date) -> Month | None:
    """In a transaction of its own. None where it is gone already. Raises LockBusy: try again later."""
    await connection.execute(_NOT_LONG)
    await connection.execute(_ONE_AT_A_TIME)
    if not await connection.fetchval(_IS_LOGGED, month):
        return None
    await connection.execute("SAVEPOINT before")
    await connection.execute(_LOCK_LOG)
    await connection.execute("ROLLBACK TO SAVEPOINT before")
    await connection.execute(_LOCK_MONTH.format(month=month.isoformat()))
    row = await connection.fetchrow(_BALANCE, month)
    assert row is not None
    dropped = Month(month, int(row[0]), int(row[1]))
    await connection.execute(_NOTE, month, dropped.plays, dropped.shares)
    await audit.record(
        connection,
        "retention",
        {"log": f"{month:%Y-%m}", "plays": dropped.plays, "shares": dropped.shares},
    )
    await connection.execute(_LOCK_LOG)
    await connection.execute(_DROP_MONTH.format(month=month.isoformat()))
    return dropped


async def drop_daily(connection: Connection, month: date) -> bool:
    """The daily figures of a month that has left the log; False where it has not. In a transaction of its own.

    Raises LockBusy: try again later.
    """
    await connection.execute(_NOT_LONG)
    await connection.execute(_ONE_AT_A_TIME)
    await connection.execute(_LOCK_FIGURES)
    if await connection.fetchval(_IS_LOGGED, month):
        return False
    for statement in (_UNDATE_BALANCE, _DROP_FIGURES, _DROP_LISTENERS, _DROP_DAYS):
        await connection.execute(statement, month)
    await audit.record(connection, "retention", {"daily": f"{month:%Y-%m}"})
    return True


async def dropped(connection: Connection, since: date, until: date) -> Sequence[Month]:
    """Months between the two days, both included, that have left the log, with what they counted."""
    return [Month(row[0], int(row[1]), int(row[2])) for row in await connection.fetch(_DROPPED, since, until)]


async def _logged(connection: Connection, months: int, today: date) -> Sequence[tuple[date, int]]:
    if not months:
        return []
    first_kept: date = await connection.fetchval(_FIRST_KEPT, today, months)
    return [(row[0], int(row[1])) for row in await connection.fetch(_LOGGED) if row[0] < first_kept]
