"""Imports: figures and events from elsewhere into log, sets and counters, all of one file or nothing, and each once.

What a file says is staged in temporary tables, which nobody else sees, and goes from there in whole statements. Where
writers count at the same time, nothing waits in a ring: new pairs go into the distinct sets in the writers' order, and
the counters have a slot that no writer has.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from storage import audit, listener_day, listeners, log, staging
from storage.bridge import Connection
from storage.counters import ADDED_UP
from storage.cursor import SLOTS
from storage.rebuild import rebuild_day, rebuild_totals
from storage.staging import Chunk

SLOT: Final = SLOTS  # the writers have those below

_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(748309119)"
_KNOWN: Final = "SELECT name, content = $2 FROM import WHERE name = $1 OR content = $2 ORDER BY content = $2 DESC"
_NUMBER: Final = "SELECT coalesce(max(number), 0) + 1 FROM import"
_RECORD: Final = """
INSERT INTO import (number, name, content, format, made_at, first_day, last_day, plays, shares, listeners)
VALUES ($1, $2, $3, $4, now(), $5, $6, $7, $8, $9)
"""
_LOG_PLAYS: Final = """
INSERT INTO play_event (created_at, day, rule_version, track_key, release_key, bucket, via, import_number)
SELECT created_at, day, rule_version, target_key, release_key, bucket, via, $1
FROM staged_event WHERE bucket IS NOT NULL ORDER BY day, created_at, target_key, bucket, via
"""
_LOG_SHARES: Final = """
INSERT INTO share_event (created_at, day, target_kind, target_key, channel, import_number)
SELECT created_at, day, target_kind, target_key, channel, $1
FROM staged_event WHERE channel IS NOT NULL ORDER BY day, created_at, target_kind, target_key, channel
"""
_ADD_UP_EVENTS: Final = """
INSERT INTO staged_day (target_key, target_kind, day, partial, sampled, complete, shares_link, shares_embed,
                        via_link, via_embed)
SELECT target_key, target_kind, day,
       count(*) FILTER (WHERE bucket = 'partial'), count(*) FILTER (WHERE bucket = 'sampled'),
       count(*) FILTER (WHERE bucket = 'complete'), count(*) FILTER (WHERE channel = 'link'),
       count(*) FILTER (WHERE channel = 'embed'), count(*) FILTER (WHERE via = 'link'),
       count(*) FILTER (WHERE via = 'embed')
FROM (
    SELECT target_key, target_kind, day, bucket, channel, via FROM staged_event
    UNION ALL
    SELECT release_key, 'release', day, bucket, channel, via FROM staged_event
    WHERE bucket IS NOT NULL AND release_key IS NOT NULL
    UNION ALL
    SELECT '', 'site', day, bucket, channel, via FROM staged_event
) AS event
GROUP BY target_key, target_kind, day
"""
_ADD_UP_FIGURES: Final = """
INSERT INTO staged_day (target_key, target_kind, day, partial, sampled, complete, unbucketed, shares_link,
                        shares_embed, via_link, via_embed)
SELECT target_key, target_kind, day, sum(partial), sum(sampled), sum(complete), sum(unbucketed), sum(shares_link),
       sum(shares_embed), sum(via_link), sum(via_embed)
FROM {source} GROUP BY target_key, target_kind, day
"""
# Of a file that has figures of tracks alone: their releases and the site are added up from them.
_ADD_UP_TRACKS: Final = _ADD_UP_FIGURES.format(
    source="""(
    SELECT target_key, target_kind, day, partial, sampled, complete, unbucketed, shares_link, shares_embed,
           via_link, via_embed
    FROM staged_figure
    UNION ALL
    SELECT release_key, 'release', day, partial, sampled, complete, unbucketed, 0, 0, via_link, via_embed
    FROM staged_figure WHERE release_key IS NOT NULL
    UNION ALL
    SELECT '', 'site', day, partial, sampled, complete, unbucketed, shares_link, shares_embed, via_link, via_embed
    FROM staged_figure
) AS figure"""
)
_TAKE_WHOLE: Final = _ADD_UP_FIGURES.format(source="staged_figure")
# A file that has the site's figures must have those of all tracks: plays add up over tracks, shares over all targets.
_DO_NOT_ADD_UP: Final = """
SELECT day FROM (
    SELECT day,
           sum(partial) FILTER (WHERE target_kind = 'site') AS site_partial,
           sum(partial) FILTER (WHERE target_kind = 'track') AS partial,
           sum(sampled) FILTER (WHERE target_kind = 'site') AS site_sampled,
           sum(sampled) FILTER (WHERE target_kind = 'track') AS sampled,
           sum(complete) FILTER (WHERE target_kind = 'site') AS site_complete,
           sum(complete) FILTER (WHERE target_kind = 'track') AS complete,
           sum(unbucketed) FILTER (WHERE target_kind = 'site') AS site_unbucketed,
           sum(unbucketed) FILTER (WHERE target_kind = 'track') AS unbucketed,
           sum(shares_link + shares_embed) FILTER (WHERE target_kind = 'site') AS site_shares,
           sum(shares_link + shares_embed) FILTER (WHERE target_kind <> 'site') AS shares
    FROM staged_figure GROUP BY day
) AS sums
WHERE (coalesce(site_partial, 0), coalesce(site_sampled, 0), coalesce(site_complete, 0), coalesce(site_unbucketed, 0),
       coalesce(site_shares, 0))
   <> (coalesce(partial, 0), coalesce(sampled, 0), coalesce(complete, 0), coalesce(unbucketed, 0), coalesce(shares, 0))
ORDER BY day NULLS FIRST
"""
_BALANCE: Final = """
INSERT INTO opening_balance (import_number, target_key, target_kind, day, partial, sampled, complete, unbucketed,
                             shares_link, shares_embed, via_link, via_embed)
SELECT $1, target_key, target_kind, day, partial, sampled, complete, unbucketed, shares_link, shares_embed,
       via_link, via_embed
FROM staged_day ORDER BY day, target_key, target_kind
"""
# COLLATE "C": the order in which Python sorts, and with it every writer.
_LISTENERS: Final = """
WITH fresh AS (
    INSERT INTO listener (target_key, target_kind, pseudonym)
    SELECT DISTINCT target_key COLLATE "C" AS key, target_kind COLLATE "C" AS kind, pseudonym
    FROM staged_listener ORDER BY key, kind, pseudonym
    ON CONFLICT DO NOTHING
    RETURNING target_key, target_kind
)
INSERT INTO staged_day (target_key, target_kind, listeners)
SELECT target_key, target_kind, count(*) FROM fresh GROUP BY target_key, target_kind
"""
_NEW_DAYS: Final = """
INSERT INTO token_day (day, generation, partial, closed)
SELECT day, 1, bool_or(incomplete), true FROM staged_listeners_of_day WHERE day < $1 GROUP BY day
ON CONFLICT DO NOTHING RETURNING day
"""
_LISTENERS_OF_DAYS: Final = """
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, day, 1, 0, sum(listeners)
FROM staged_listeners_of_day WHERE day = ANY ($1) GROUP BY target_key, target_kind, day
"""
_DAYS_OF_LISTENERS: Final = "SELECT count(DISTINCT day) FROM staged_listeners_of_day"
_COUNT_DAYS: Final = f"""
INSERT INTO day_counter AS c (target_key, target_kind, day, slot, partial, sampled, complete, unbucketed,
                              shares_link, shares_embed, via_link, via_embed)
SELECT target_key, target_kind, day, $1, sum(partial), sum(sampled), sum(complete), sum(unbucketed),
       sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed)
FROM staged_day WHERE day IS NOT NULL
GROUP BY target_key, target_kind, day ORDER BY target_key, target_kind, day
ON CONFLICT (target_key, target_kind, day, slot) DO UPDATE SET
    {ADDED_UP}, unbucketed = c.unbucketed + excluded.unbucketed
"""  # noqa: S608  # constants only
_COUNT: Final = f"""
INSERT INTO play_counter AS c (target_key, target_kind, slot, partial, sampled, complete, unbucketed,
                               shares_link, shares_embed, via_link, via_embed, listeners)
SELECT target_key, target_kind, $1, sum(partial), sum(sampled), sum(complete), sum(unbucketed),
       sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed), sum(listeners)
FROM staged_day GROUP BY target_key, target_kind ORDER BY target_key, target_kind
ON CONFLICT (target_key, target_kind, slot) DO UPDATE SET
    {ADDED_UP}, unbucketed = c.unbucketed + excluded.unbucketed, listeners = c.listeners + excluded.listeners
"""  # noqa: S608  # constants only
# An operator's import is no flood of a stranger's keys: they take no room among today's new ones. In the order in which
# writers note them (storage/uncatalogued.py): otherwise the two could wait for each other.
_ADMIT: Final = """
INSERT INTO uncatalogued (target_key, target_kind, day)
SELECT target_key, target_kind, least(min(day), $1::date - 1) FROM staged_day
WHERE target_kind = 'track' AND NOT EXISTS (SELECT FROM track WHERE track_key = target_key)
   OR target_kind = 'release' AND NOT EXISTS (SELECT FROM release WHERE release_key = target_key)
GROUP BY target_key, target_kind ORDER BY target_key COLLATE "C", target_kind COLLATE "C"
ON CONFLICT DO NOTHING
"""
_SUMS: Final = """
SELECT coalesce(sum(partial + sampled + complete + unbucketed), 0)::bigint, coalesce(sum(unbucketed), 0)::bigint,
       coalesce(sum(shares_link + shares_embed), 0)::bigint, min(day), max(day)
FROM staged_day WHERE target_kind = 'site'
"""
_TARGETS: Final = "SELECT count(DISTINCT target_key) FROM staged_day WHERE target_kind = 'track'"
_NEW_LISTENERS: Final = "SELECT coalesce(sum(listeners), 0)::bigint FROM staged_day"
# On which days the same tracks have plays already: the file may be this installation's own.
_OVERLAP: Final = """
SELECT count(DISTINCT day) FROM staged_day s
WHERE target_kind = 'track' AND EXISTS (
    SELECT FROM day_counter c
    WHERE (c.target_key, c.target_kind, c.day) = (s.target_key, s.target_kind, s.day))
"""

_LIST: Final = """
SELECT name, format, made_at, first_day, last_day, plays, shares, listeners FROM import ORDER BY number
"""
_FIND: Final = "SELECT number, listeners FROM import WHERE name = $1 FOR UPDATE"
_TAKE_PLAYS: Final = """
WITH gone AS (DELETE FROM play_event WHERE import_number = $1 RETURNING day)
SELECT day, count(*) FROM gone GROUP BY day
"""
_TAKE_SHARES: Final = """
WITH gone AS (DELETE FROM share_event WHERE import_number = $1 RETURNING day)
SELECT day, count(*) FROM gone GROUP BY day
"""
_TAKE_BALANCE: Final = """
WITH gone AS (DELETE FROM opening_balance WHERE import_number = $1 RETURNING day)
SELECT DISTINCT day FROM gone
"""
_FORGET: Final = "DELETE FROM import WHERE number = $1"


@dataclass(frozen=True, slots=True)
class Import:
    """What is imported. `whole`: its figures are of all targets, rather than of tracks alone."""

    name: str
    content: bytes  # SHA-256
    format: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import brought."""

    plays: int
    unbucketed: int
    shares: int
    tracks: int
    listeners: int  # new pairs in the distinct sets
    days_left_out: int  # of option B's figures: they were counted here already
    first_day: date | None
    last_day: date | None
    overlap: int  # days on which the same tracks had plays here before


@dataclass(frozen=True, slots=True)
class Made:
    """An import that is in force."""

    name: str
    format: str
    made_at: datetime
    first_day: date | None
    last_day: date | None
    plays: int
    shares: int
    listeners: int


class AlreadyImported(Exception):
    """It is in force already; nothing is done."""

    def __init__(self, name: str, *, same_content: bool) -> None:
        self.name = name
        self.same_content = same_content


class DoNotAddUp(Exception):
    """On these days (None: no day) the site's figures are not the sum of its tracks'; nothing is done."""

    def __init__(self, days: Sequence[date | None]) -> None:
        self.days = days


class CannotUndo(Exception):
    """A sentence; nothing is done."""


class Rehearsed(Exception):  # what ends a dry run well
    """What an import would bring; everything is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


async def load(
    connection: Connection,
    made: Import,
    chunks: Iterable[Chunk],
    today: date,
    report: Callable[[int], None],
    *,
    rehearsal: bool = False,
) -> Outcome:
    """In the caller's transaction. The months of the events must have partitions (storage/log.py).

    Raises AlreadyImported and DoNotAddUp.
    """
    await connection.execute(_ONE_AT_A_TIME)
    await log.hold(connection)  # a month that is older than is to be kept stays until it is filled
    if known := await connection.fetchrow(_KNOWN, made.name, made.content):
        raise AlreadyImported(str(known[0]), same_content=bool(known[1]))
    number = int(await connection.fetchval(_NUMBER))
    await staging.begin(connection)
    releases = staging.Releases(connection)
    for chunk in chunks:
        await staging.stage(connection, chunk, releases)
        report(chunk.read)
    if not rehearsal:  # whose months may have no partitions
        await connection.execute(_LOG_PLAYS, number)
        await connection.execute(_LOG_SHARES, number)
    await _add_up(connection, made, number)
    days, left_out = await _add_listeners(connection, today)
    plays, unbucketed, shares, first, last = await _sums(connection)
    tracks = int(await connection.fetchval(_TARGETS))
    new_listeners = int(await connection.fetchval(_NEW_LISTENERS))
    overlap = int(await connection.fetchval(_OVERLAP))
    await connection.execute(_ADMIT, today)
    await connection.execute(_COUNT_DAYS, SLOT)
    await connection.execute(_COUNT, SLOT)
    await listener_day.cap_closed(connection, days)
    outcome = Outcome(plays, unbucketed, shares, tracks, new_listeners, left_out, first, last, overlap)
    kept = new_listeners + len(days)
    await connection.execute(
        _RECORD, number, made.name, made.content, made.format, first, last, plays, shares, kept
    )  # fmt: skip
    await audit.record(connection, "import", {"name": made.name, "format": made.format, "plays": plays})
    return outcome


async def rehearse(
    connection: Connection, made: Import, chunks: Iterable[Chunk], today: date, report: Callable[[int], None]
) -> Outcome:
    """All that `load` does but the log, in a transaction that is rolled back. Raises Rehearsed, or as `load`."""
    raise Rehearsed(await load(connection, made, chunks, today, report, rehearsal=True))


async def all_made(connection: Connection) -> Sequence[Made]:
    """In the order in which they were made."""
    return [Made(*row) for row in await connection.fetch(_LIST)]


async def one_at_a_time(connection: Connection) -> None:
    """Until the caller's transaction ends no import is made or undone: neither may see a key change its meaning."""
    await connection.execute(_ONE_AT_A_TIME)


async def undo(connection: Connection, name: str) -> tuple[int, int]:
    """Take an import back, in the caller's transaction; returns plays and shares taken. Raises CannotUndo."""
    await connection.execute(_ONE_AT_A_TIME)
    found = await connection.fetchrow(_FIND, name)
    if found is None:
        raise CannotUndo(f"There is no import {name!r}; `tonearm import list` shows those there are.")
    number, kept = found
    if kept:
        raise CannotUndo(
            f"The import {name!r} brought listeners, and nothing says which of those in the sets were here before it."
        )
    plays = await connection.fetch(_TAKE_PLAYS, number)
    shares = await connection.fetch(_TAKE_SHARES, number)
    balances = await connection.fetch(_TAKE_BALANCE, number)
    touched: set[date] = {row[0] for row in [*plays, *shares, *balances] if row[0] is not None}
    for day in sorted(touched):
        await rebuild_day(connection, day)
    await rebuild_totals(connection)
    await listener_day.cap_closed(connection, touched)
    await connection.execute(_FORGET, number)
    await audit.record(connection, "import undo", {"name": name})
    return sum(row[1] for row in plays), sum(row[1] for row in shares)


async def _add_up(connection: Connection, made: Import, number: int) -> None:
    if made.whole and (wrong := await connection.fetch(_DO_NOT_ADD_UP)):
        raise DoNotAddUp([row[0] for row in wrong])
    await connection.execute(_TAKE_WHOLE if made.whole else _ADD_UP_TRACKS)
    await connection.execute(_BALANCE, number)
    await connection.execute(_ADD_UP_EVENTS)


async def _add_listeners(connection: Connection, today: date) -> tuple[list[date], int]:
    """Both options'; returns the days option B's figures are taken of, and how many days were counted here already."""
    await listeners.state(connection)  # who takes rows out of the sets waits until these are counted
    await connection.execute(_LISTENERS)
    days = [row[0] for row in await connection.fetch(_NEW_DAYS, today)]
    await connection.execute(_LISTENERS_OF_DAYS, days)
    return days, int(await connection.fetchval(_DAYS_OF_LISTENERS)) - len(days)


async def _sums(connection: Connection) -> tuple[int, int, int, date | None, date | None]:
    row = await connection.fetchrow(_SUMS)
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2]), row[3], row[4]
