"""Reads log, figures and sets for an export: in pieces, in one order, so that two exports of the same are the same.

The order is that of what the columns say, never that of the rows' places: in which order events were written is
nobody's business (DESIGN §8). It is sorted a month at a time, which PostgreSQL does on its disk where it must.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from storage.bridge import Connection, Row

ROWS: Final = 5_000  # of one piece: a few MiB at most, and enough that the way to PostgreSQL costs nothing

_SPAN: Final = """
SELECT min(day), max(day) FROM (
    SELECT min(day) AS day FROM play_event UNION ALL SELECT max(day) FROM play_event
    UNION ALL SELECT min(day) FROM share_event UNION ALL SELECT max(day) FROM share_event
) AS ends
"""
_EVENTS_IN_ALL: Final = """
SELECT coalesce(sum(partial + sampled + complete + shares_link + shares_embed), 0)::bigint
FROM day_counter WHERE target_kind = 'site' AND day BETWEEN $1 AND $2
"""
_DAYS_IN_ALL: Final = "SELECT count(*) FROM day_counter WHERE day BETWEEN $1 AND $2"
_DECLARE_EVENTS: Final = """
DECLARE exported_event NO SCROLL CURSOR FOR
SELECT 'play' AS record, to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at, day::text,
       'track' AS target_kind, track_key AS target_key, release_key, bucket, NULL AS channel, via, rule_version
FROM play_event WHERE day >= '{first}' AND day <= '{last}'
UNION ALL
SELECT 'share', to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), day::text,
       target_kind, target_key, NULL, NULL, channel, NULL, NULL
FROM share_event WHERE day >= '{first}' AND day <= '{last}'
ORDER BY 3, 2, 1, 4, 5, 6, 7, 8, 9, 10
"""
_DECLARE_DAYS: Final = """
DECLARE exported_day NO SCROLL CURSOR FOR
SELECT 'day', day::text, target_kind, target_key, sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint,
       sum(unbucketed)::bigint, sum(shares_link)::bigint, sum(shares_embed)::bigint, sum(via_link)::bigint,
       sum(via_embed)::bigint
FROM day_counter WHERE day >= '{first}' AND day <= '{last}'
GROUP BY day, target_kind, target_key
HAVING sum(partial + sampled + complete + unbucketed + shares_link + shares_embed) <> 0
ORDER BY day_counter.day, target_kind, target_key
"""
_UNDATED: Final = """
DECLARE exported_day NO SCROLL CURSOR FOR
SELECT 'day', NULL, target_kind, target_key, sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint,
       sum(unbucketed)::bigint, sum(shares_link)::bigint, sum(shares_embed)::bigint, sum(via_link)::bigint,
       sum(via_embed)::bigint
FROM opening_balance WHERE day IS NULL GROUP BY target_kind, target_key ORDER BY target_kind, target_key
"""
_LISTENERS: Final = """
DECLARE exported_listener NO SCROLL CURSOR FOR
SELECT target_kind, target_key, encode(pseudonym, 'hex') FROM listener ORDER BY target_kind, target_key, pseudonym
"""
# Of closed days only: what is counted of an open one is not final, and its tokens stay where they are.
_LISTENERS_OF_DAY: Final = """
DECLARE exported_listeners_of_day NO SCROLL CURSOR FOR
SELECT c.day::text, target_kind, target_key, sum(listeners)::bigint, bool_or(d.partial)
FROM listener_count c JOIN token_day d USING (day, generation)
WHERE d.closed GROUP BY c.day, target_kind, target_key ORDER BY c.day, target_kind, target_key
"""
# Each kind has a cursor of its own name: FETCH is prepared once, and would expect the columns of another.
_FETCH: Final = {
    "event": f"FETCH {ROWS} FROM exported_event",
    "day": f"FETCH {ROWS} FROM exported_day",
    "listener": f"FETCH {ROWS} FROM exported_listener",
    "listeners_of_day": f"FETCH {ROWS} FROM exported_listeners_of_day",
}
_CLOSE: Final = {name: f"CLOSE exported_{name}" for name in _FETCH}


async def span(connection: Connection) -> tuple[date, date] | None:
    """First and last day of the log; None where it is empty."""
    row = await connection.fetchrow(_SPAN)
    assert row is not None
    return None if row[0] is None else (row[0], row[1])


async def events_in_all(connection: Connection, first: date, last: date) -> int:
    """About how many events these days have, from the counters: for a progress bar."""
    return int(await connection.fetchval(_EVENTS_IN_ALL, first, last))


async def days_in_all(connection: Connection, first: date, last: date) -> int:
    """About how many rows `declare_days` will give: for a progress bar."""
    return int(await connection.fetchval(_DAYS_IN_ALL, first, last))


async def declare_events(connection: Connection, first: date, last: date) -> None:
    """To be fetched: record, hour, day, kind, key, release, bucket, channel, via, rule.

    Needs a transaction, as all of these do.
    """
    await connection.execute(_DECLARE_EVENTS.format(first=first.isoformat(), last=last.isoformat()))


async def declare_days(connection: Connection, first: date, last: date) -> None:
    """To be fetched: record, day, kind, key and the figures."""
    await connection.execute(_DECLARE_DAYS.format(first=first.isoformat(), last=last.isoformat()))


async def declare_undated(connection: Connection) -> None:
    """To be fetched: the same of figures without a day."""
    await connection.execute(_UNDATED)


async def declare_listeners(connection: Connection) -> None:
    """To be fetched: kind, key and pseudonym of everyone in the distinct sets."""
    await connection.execute(_LISTENERS)


async def declare_listeners_of_day(connection: Connection) -> None:
    """To be fetched: day, kind, key, number, and whether a part of the day is missing."""
    await connection.execute(_LISTENERS_OF_DAY)


async def fetch(connection: Connection, kind: str) -> Sequence[Row]:
    """The next piece of what was declared; empty at its end, and then it is closed."""
    rows = await connection.fetch(_FETCH[kind])
    if not rows:
        await connection.execute(_CLOSE[kind])
    return rows


def months(first: date, last: date) -> list[tuple[date, date]]:
    """The span in pieces of one partition each, both ends included."""
    pieces = []
    while first <= last:
        end = (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
        pieces.append((first, min(end, last)))
        first = end + timedelta(1)
    return pieces
