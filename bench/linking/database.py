"""Plays put into a real PostgreSQL by the real counter writer, and what an attacker reads there afterwards."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, Final

import trio

from actors.events import Event, Forget, Moment, Play
from actors.ledger import Ledger
from actors.messages import Resolved, SpooledRow
from actors.writer import Writer
from bench.linking.attacker import Row
from bench.linking.beginnings import Beginnings, SetRow
from bench.linking.forgetting import Erased, Forgotten, LoggedPlay, Remains
from bench.linking.pages import FILES, deleted_rows
from bench.linking.sittings import HOUR_S, TRACKS, Heard, heard, release_of
from privacy import pseudonym
from storage import anew, cursor, listener_day, listeners
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from storage.spool import Spool

_BATCH_S: Final = 0.5  # ingest gathers for this long (actors/ingest.py); what falls into it is one transaction
_FIRST_DAY: Final = date(2026, 11, 21)
_FIRST_HOUR: Final = 498_611  # since 1970
_DAY_H: Final = 24
_ASK: Final = 60  # so many ask to be forgotten
_PAUSE_S: Final = 0.0005  # between two looks whether a batch is counted

# Commits wait for no disk here: that changes how long this takes, and no row of what is read.
_HURRY: Final = """
DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $do$
"""
_LOG: Final = """
SELECT extract(epoch FROM created_at)::bigint / 3600, xmin::text::bigint, track_key, release_key FROM play_event
"""
# In the order in which the rows lie, which is all that is left of it in a dump.
_LISTENERS: Final = """
SELECT xmin::text::bigint, target_kind, target_key, pseudonym, extract(epoch FROM came)::bigint / 3600
FROM listener ORDER BY ctid
"""
_CAME: Final = """
SELECT extract(epoch FROM came)::bigint / 3600, target_key, count(*) FROM listener WHERE came IS NOT NULL GROUP BY 1, 2
"""
_TOKENS: Final = "SELECT xmin::text::bigint, target_kind, target_key, token FROM listener_day"


@dataclass(frozen=True, slots=True)
class Stolen:
    """The database, and beside it the truth that only the simulation knows."""

    listeners: Sequence[Row]  # option A's sets: one row for each track that somebody played, however often
    dumped: Sequence[Row]  # the same without transaction ids: the order of rows only
    ages: Mapping[bytes, str]  # of these: _TODAY, _LATELY or _LONG_AGO
    tokens: Sequence[Row]  # option B, taken at the end of each day while it was open; each day has tracks of its own
    sets: Beginnings  # option A's distinct sets
    day_sets: Beginnings  # option B's
    truth: dict[bytes, int]  # to the listener; of a token: to listener and day
    forgotten: Forgotten


@dataclass(slots=True)
class _Site:
    """A site under simulation."""

    database: Database
    day_h: int
    keys: dict[int, bytes] = field(default_factory=dict)  # option A's base of each listener
    day_keys: dict[tuple[int, int], bytes] = field(default_factory=dict)  # option B's, of listener and day

    def event(self, play: Heard) -> Play:
        day, hour = divmod(int(play.at_s // HOUR_S), self.day_h)
        moment = Moment((_FIRST_HOUR + day * _DAY_H + hour) * HOUR_S, _day(day).toordinal())
        listener, token = self.keys[play.listener], self.day_keys[play.listener, day]
        return Play(moment, _key(play.track), "complete", listener=listener, token=token, generation=1)


TODAY, LATELY, LONG_AGO = "today", "lately", "long ago"  # since when somebody listens to a track

_Rows = Sequence[Sequence[Any]]


async def stolen(
    url: str, folder: Path, an_hour: int, hours: int, random: Random, *, day_h: int | None = None
) -> Stolen:
    """A database after `hours` hours with that many sittings each, at the end of the last day.

    `day_h`: hours of a day on which anybody listens, at most 24; without it all of the time is one open day.
    """
    plays = heard(an_hour, hours, random)
    async with open_database(Address(url=url), connections=1) as database:
        await database.transaction(migrate, migrations())
        await database.run(_execute, _HURRY)
    async with open_database(Address(url=url), connections=2) as database:
        site = _Site(database, day_h or hours)
        for play in plays:
            day = int(play.at_s // HOUR_S) // site.day_h
            if play.listener not in site.keys:
                site.keys[play.listener] = random.randbytes(32)
            if (play.listener, day) not in site.day_keys:
                site.day_keys[play.listener, day] = random.randbytes(32)
        async with _writing(site, folder, random) as writing:
            taken = await _live(writing, plays)
            log = await database.run(_read, _LOG)
            sets = await database.run(_read, _LISTENERS)
            forgotten = await _forget(writing, plays, log, random)
    return _as_the_attacker_sees_it(log, sets, taken, _truth(site), forgotten)


@dataclass(slots=True)
class _Writing:
    """The counter writer at work on a site."""

    site: _Site
    to_writer: trio.MemorySendChannel[Resolved]
    ledger: Ledger
    seq: int

    async def count(self, events: Sequence[Event]) -> None:
        """As one transaction; waits for it, since the writer takes what is waiting together."""
        plays = [event for event in events if isinstance(event, Play)]
        releases: dict[str, str | None] = {play.track_key: _release(_track(play.track_key)) for play in plays}
        self.seq += 1
        wanted = self.ledger.counted + len(events)
        await self.to_writer.send(Resolved([SpooledRow(self.seq, events)], releases, frozenset()))
        while self.ledger.counted < wanted:  # noqa: ASYNC110  # the writer tells nobody else, and is taken as it is
            await trio.sleep(_PAUSE_S)

    async def housekeeping(self, day: int) -> None:
        """What the housekeeper does in a round on this day: with the sets, where something is to be done."""
        known_since = datetime.fromtimestamp((_FIRST_HOUR + day * _DAY_H) * HOUR_S, UTC) - listeners.FIRST_HOUR_KEPT
        database = self.site.database
        generation = await database.transaction(anew.write, _day(day), known_since)
        if generation is not None:
            # PostgreSQL's own cleaning may look at the sets for a moment, and tells nobody when it has.
            while not await database.transaction(anew.compact_sets):  # noqa: ASYNC110
                await trio.sleep(_PAUSE_S)
            await database.transaction(anew.compact_figures)
            await database.transaction(anew.is_compact, generation)


@asynccontextmanager
async def _writing(site: _Site, folder: Path, random: Random) -> AsyncIterator[_Writing]:
    spool = Spool(folder / "spool.sqlite", max_bytes=1 << 30)
    with closing(spool):
        counted, slot = await site.database.transaction(cursor.open_cursor, spool.spool_id)
        ledger = Ledger()
        to_writer, resolved = trio.open_memory_channel[Resolved](0)
        writer = Writer(resolved, site.database, spool, ledger, random, counted=counted, slot=slot)
        async with trio.open_nursery() as nursery:
            await nursery.start(writer.run)
            with to_writer:
                yield _Writing(site, to_writer, ledger, counted)


async def _live(writing: _Writing, plays: Sequence[Heard]) -> Sequence[_Rows]:
    """Day after day; returns each day's tokens, read just before it is closed."""
    taken, site = [], writing.site
    for day, of_day in groupby(plays, key=lambda play: int(play.at_s // HOUR_S) // site.day_h):
        await writing.housekeeping(day)
        await site.database.transaction(listener_day.begin, _day(day), partial=False)
        for batch in _batches(of_day):
            await writing.count([site.event(play) for play in batch])
        taken.append([(day, *row) for row in await site.database.run(_read, _TOKENS)])
        await site.database.transaction(listener_day.close_over, _day(day + 2))
    return taken


def _batches(plays: Iterable[Heard]) -> Iterator[Sequence[Heard]]:
    """As it happens at the service: what comes within half a second is one transaction."""
    for _, batch in groupby(plays, key=lambda play: int(play.at_s / _BATCH_S)):
        yield list(batch)


async def _forget(writing: _Writing, plays: Sequence[Heard], log: _Rows, random: Random) -> Forgotten:
    """Some of those who came on the last day only, whose traces are freshest, ask to be forgotten, one by one."""
    site = writing.site
    last = int(plays[-1].at_s // HOUR_S) // site.day_h
    own = {play.listener for play in plays if int(play.at_s // HOUR_S) // site.day_h == last}
    own -= {play.listener for play in plays if int(play.at_s // HOUR_S) // site.day_h != last}
    asked = frozenset(random.sample(sorted(own), min(_ASK, len(own))))
    moment = site.event(plays[-1]).moment
    for listener in sorted(asked):
        await writing.count([Forget(moment, site.keys[listener])])
    at_once, _ = await _remains(site, asked)
    await writing.housekeeping(last)
    after, bytes_left = await _remains(site, asked)
    places = sorted({place for _, place, *_ in log})  # one of each batch, in their order
    whose = {
        (place, track): frozenset(play.listener for play in batch if play.track == track)
        for place, batch in zip(places, _batches_of_days(site, plays), strict=True)
        for track in {play.track for play in batch}
    }
    logged = [LoggedPlay(hour, place, _track(key)) for hour, place, key, _ in log]
    return Forgotten(logged, whose, asked, at_once, after, bytes_left)


def _batches_of_days(site: _Site, plays: Sequence[Heard]) -> Iterator[Sequence[Heard]]:
    for _, of_day in groupby(plays, key=lambda play: int(play.at_s // HOUR_S) // site.day_h):
        yield from _batches(of_day)


async def _remains(site: _Site, asked: frozenset[int]) -> tuple[Remains, int]:
    """From the files, before any query has looked at the table: a look may tidy its pages."""
    await site.database.run(_execute, "CHECKPOINT")
    ((table, index),) = await site.database.run(_read, FILES)
    deleted = [Erased(row.written, row.deleted, _track(row.key)) for row in deleted_rows(table) if row.kind == "track"]
    own = [pseudonym.for_target(site.keys[one], "track", _key(track)) for one in asked for track in range(TRACKS)]
    left = sum(name in table or name in index for name in own)
    came = await site.database.run(_read, _CAME)
    return Remains(deleted, {(hour, _track(key)): number for hour, key, number in came}), left


def _as_the_attacker_sees_it(
    log: _Rows, sets: _Rows, taken: Sequence[_Rows], truth: dict[bytes, int], forgotten: Forgotten
) -> Stolen:
    hour_of = {place: hour for hour, place, *_ in log}  # a set's row has the number of the play's transaction
    release_of_key = {key: release for _, _, key, release in log}
    first_of: dict[int, int] = {}
    for hour, place, *_ in log:
        first_of[hour] = min(place, first_of.get(hour, place))
    own = [(lies, *row) for lies, row in enumerate(sets) if row[1] == "track"]
    ages = {
        bytes(name): TODAY if place in hour_of else LONG_AGO if came is None else LATELY
        for _, place, _, _, name, came in own
    }
    # Of rows that were written anew the hour is left at first, later nothing: they are all alike.
    listening = [
        Row(hour_of[place], place, _track(key), bytes(name))
        if place in hour_of
        else Row(came or 0, first_of[came] if came else 0, _track(key), bytes(name))
        for _, place, _, key, name, came in own
    ]
    dumped = [
        Row(row.hour, lies if ages[row.name] == TODAY else -1, row.track, row.name)
        for row, (lies, *_) in zip(listening, own, strict=True)
    ]
    return Stolen(
        listeners=listening,
        dumped=dumped,
        ages=ages,
        tokens=[
            Row(hour_of[place], place, day * TRACKS + _track(key), bytes(name))
            for of_day in taken
            for day, place, kind, key, name in of_day
            if kind == "track"
        ],
        sets=Beginnings((SetRow(place, kind, key, bytes(name)) for place, kind, key, name, _ in sets), release_of_key),
        day_sets=Beginnings(
            (SetRow(place, kind, key, bytes(name)) for of_day in taken for _, place, kind, key, name in of_day),
            release_of_key,
        ),
        truth=truth,
        forgotten=forgotten,
    )


def _truth(site: _Site) -> dict[bytes, int]:
    whose = {base: listener for listener, base in site.keys.items()}
    whose |= {base: (day + 1) * 10**9 + listener for (listener, day), base in site.day_keys.items()}
    return {
        pseudonym.for_target(base, "track", _key(track)): who for base, who in whose.items() for track in range(TRACKS)
    }


async def _read(connection: Connection, statement: str) -> Sequence[Sequence[Any]]:
    return await connection.fetch(statement)


async def _execute(connection: Connection, statement: str) -> None:
    await connection.execute(statement)


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)


def _key(track: int) -> str:
    return f"track-{track:02}"


def _release(track: int) -> str:
    return f"release-{release_of(track)}"


def _track(key: str) -> int:
    return int(key.removeprefix("track-"))
