"""A database as years of plays leave it, in minutes: log, listener sets and counters agree (`tonearm check` is clean).

`python -m bench.fill --events 10000000 postgresql:///...` fills a database that is empty. The same seed and number
give the same rows. Everything is drawn and derived in PostgreSQL, by one statement per table.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import trio

from bench import site
from bench.wrk import BenchError
from storage import log, migrate
from storage.bridge import Address, Connection, open_database

Report = Callable[[str], None]

DAYS: Final = 365  # the events are spread over the last so many days
_DRAWS: Final = 4096
_CHUNK: Final = 500_000  # events drawn by one statement: none may take longer than the bridge allows a statement
_EVENTS_A_LISTENER: Final = 8

_SESSION: Final = "SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off"
_EMPTY: Final = "SELECT NOT EXISTS (SELECT FROM play_event) AND NOT EXISTS (SELECT FROM share_event)"
# Who played is needed for the distinct sets of releases and of the site, and is nowhere in the schema, on purpose.
_DRAWN: Final = """
CREATE TEMPORARY TABLE drawn (
    listener bigint, day date, hour smallint, track_key text, release_key text, bucket text, via text, share boolean
)
"""
# hashint8extended: the same numbers for the same seed, wherever it runs.
_DRAW: Final = """
INSERT INTO drawn
SELECT abs(hashint8extended(number, $3)) % $4,
       $5::date - (abs(hashint8extended(number, $3 + 1)) % $6)::integer,
       abs(hashint8extended(number, $3 + 2)) % 24,
       ($7::text[])[fame], ($8::text[])[fame],
       CASE WHEN luck < 35 THEN 'partial' WHEN luck < 60 THEN 'sampled' ELSE 'complete' END,
       CASE WHEN abs(hashint8extended(number, $3 + 3)) % 20 = 0 THEN 'link' END,
       abs(hashint8extended(number, $3 + 4)) % 100 < 3
FROM generate_series($1::bigint, $2::bigint) AS number
CROSS JOIN LATERAL (
    SELECT ($9::integer[])[1 + abs(hashint8extended(number, $3 + 5)) % array_length($9::integer[], 1)] AS fame,
           abs(hashint8extended(number, $3 + 6)) % 100 AS luck
) AS lots
"""
_PLAYS: Final = """
INSERT INTO play_event (created_at, day, rule_version, track_key, release_key, bucket, via)
SELECT (day + make_interval(hours => hour)) AT TIME ZONE 'UTC', day, 1, track_key, release_key, bucket, via
FROM drawn WHERE NOT share AND day >= $1 AND day < $2
"""
_SHARES: Final = """
INSERT INTO share_event (created_at, day, target_kind, target_key, channel)
SELECT (day + make_interval(hours => hour)) AT TIME ZONE 'UTC', day, 'track', track_key, 'link' FROM drawn WHERE share
"""
_PAIRS: Final = """
CREATE TEMPORARY TABLE pair AS
SELECT DISTINCT listener, track_key, release_key FROM drawn WHERE NOT share
"""
# A release at a time, since one statement for millions of rows would take longer than the bridge allows.
_TRACK_LISTENERS: Final = """
INSERT INTO listener
SELECT track_key, 'track', pseudonym
FROM (SELECT track_key, decode(md5(listener || 'track' || track_key), 'hex') AS pseudonym
      FROM pair WHERE release_key = $1) AS own
ORDER BY 1, 3
"""
_RELEASE_LISTENERS: Final = """
INSERT INTO listener
SELECT $1, 'release', pseudonym
FROM (SELECT DISTINCT decode(md5(listener || 'release' || release_key), 'hex') AS pseudonym
      FROM pair WHERE release_key = $1) AS own
ORDER BY 3
"""
_SITE_LISTENERS: Final = """
INSERT INTO listener
SELECT '', 'site', pseudonym
FROM (SELECT DISTINCT decode(md5(listener || 'site'), 'hex') AS pseudonym FROM pair) AS own
ORDER BY 3
"""
COUNT_DAYS: Final = """
INSERT INTO day_counter (target_key, target_kind, day, slot, partial, sampled, complete,
                         shares_link, shares_embed, via_link, via_embed)
SELECT target_key, target_kind, day, 0, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed
FROM logged_day
"""
COUNT_TOTALS: Final = """
INSERT INTO play_counter (target_key, target_kind, slot, partial, sampled, complete,
                          shares_link, shares_embed, via_link, via_embed, listeners)
SELECT target_key, target_kind, 0, sum(partial), sum(sampled), sum(complete), sum(shares_link), sum(shares_embed),
       sum(via_link), sum(via_embed),
       (SELECT count(*) FROM listener l WHERE (l.target_key, l.target_kind) = (d.target_key, d.target_kind))
FROM day_counter d GROUP BY target_key, target_kind
"""
_SETTLE: Final = ("DROP TABLE drawn, pair", "VACUUM (ANALYZE) play_event", "VACUUM (ANALYZE) listener")
# It lies as the housekeeper would have it lie; a service measured on it would otherwise begin by writing it anew.
_ANEW: Final = "UPDATE listener_generation SET anew_generation = generation, anew_on = current_date"
_AFTER: Final = (_ANEW, "VACUUM (ANALYZE) play_counter", "VACUUM (ANALYZE) day_counter", "CHECKPOINT")


async def fill(connection: Connection, events: int, seed: int, today: date, report: Report) -> None:
    """`events` of them up to `today`, into an empty database of this version's schema. Raises BenchError."""
    if not await connection.fetchval(_EMPTY):
        raise BenchError(
            "The database is not empty: it would hold other events besides, and nothing would be repeatable."
        )
    await connection.execute(_SESSION)
    await _draw(connection, events, seed, today, report)
    await _log(connection, today, report)
    await _listeners(connection, report)
    report("Counters")
    await connection.execute(COUNT_DAYS)
    await connection.execute(COUNT_TOTALS)
    report("Vacuum")
    for statement in (*_SETTLE, *_AFTER):
        await connection.execute(statement)


async def _draw(connection: Connection, events: int, seed: int, today: date, report: Report) -> None:
    await connection.execute(_DRAWN)
    numbers = range(1, site.TRACKS + 1)
    keys = [site.track_key(number) for number in numbers]
    releases = [site.release_key(number) for number in numbers]
    listeners = max(1, events // _EVENTS_A_LISTENER)
    for first in range(0, events, _CHUNK):
        report(f"Events drawn: {first:,} of {events:,}")
        last = min(first + _CHUNK, events) - 1
        await connection.execute(
            _DRAW, first, last, seed, listeners, today, DAYS, keys, releases, _fame_table()
        )  # fmt: skip


def _fame_table() -> list[int]:
    """Track numbers, each as often as it is played."""
    table: list[int] = []
    reached = 0.0
    for number, share in enumerate(site.fame(), 1):
        reached += share
        table.extend([number] * (round(reached * _DRAWS) - len(table)))
    return table


async def _log(connection: Connection, today: date, report: Report) -> None:
    months = _months(today)
    await connection.execute("BEGIN")
    await log.make_months(connection, months)
    await connection.execute("COMMIT")
    for month in months:
        report(f"Log of {month:%B %Y}")
        await connection.execute(_PLAYS, month, _next(month))
    await connection.execute(_SHARES)


async def _listeners(connection: Connection, report: Report) -> None:
    await connection.execute(_PAIRS)
    for key in sorted({site.release_key(number) for number in range(1, site.TRACKS + 1)}):
        report(f"Listeners of {key}")
        await connection.execute(_TRACK_LISTENERS, key)
        await connection.execute(_RELEASE_LISTENERS, key)
    await connection.execute(_SITE_LISTENERS)


def _months(today: date) -> list[date]:
    first = (today - timedelta(days=DAYS)).replace(day=1)
    months = [first]
    while _next(months[-1]) <= today:
        months.append(_next(months[-1]))
    return months


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def fill_database(url: str, events: int, seed: int, report: Report) -> None:
    """Migrate the database at `url` and fill it."""

    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(migrate.migrate, migrate.migrations())
            await database.run(fill, events, seed, datetime.now(UTC).date(), report)

    trio.run(run)


def main(words: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fill", description="Fill an empty database with plays.")
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("url", help="postgresql://...")
    options = parser.parse_args(words)
    try:
        fill_database(options.url, options.events, options.seed, print)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
