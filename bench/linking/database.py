"""Plays put into a real PostgreSQL by the real counter writer, and what an attacker reads there afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, Final

import trio

from actors.events import Moment, Play
from actors.ledger import Ledger
from actors.messages import Resolved, SpooledRow
from actors.writer import Writer
from bench.linking.attacker import Row
from bench.linking.beginnings import Beginnings, SetRow
from bench.linking.sittings import HOUR_S, TRACKS, Heard, heard, release_of
from privacy import pseudonym
from storage import cursor, listener_day
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from storage.spool import Spool

_BATCH_S: Final = 0.5  # ingest gathers for this long (actors/ingest.py); what falls into it is one transaction
_FIRST_DAY: Final = date(2026, 11, 21)
_FIRST_HOUR: Final = 498_611  # since 1970
_DAY_H: Final = 24
_PAUSE_S: Final = 0.0005  # between two looks whether a batch is counted

# Commits wait for no disk here: that changes how long this takes, and no row of what is read.
_HURRY: Final = """
DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $do$
"""
# In the order in which the rows lie, which is all that is left of it in a dump.
_LOG: Final = """
SELECT extract(epoch FROM created_at)::bigint / 3600, xmin::text::bigint, track_key, release_key, pseudonym
FROM play_event ORDER BY tableoid, ctid
"""
_LISTENERS: Final = "SELECT xmin::text::bigint, target_kind, target_key, pseudonym FROM listener"
_TOKENS: Final = "SELECT xmin::text::bigint, target_kind, target_key, token FROM listener_day"


@dataclass(frozen=True, slots=True)
class Stolen:
    """The database, and beside it the truth that only the simulation knows."""

    log: Sequence[Row]
    dumped: Sequence[Row]  # the log again, without transaction ids: the order of rows only
    tokens: Sequence[Row]  # option B, taken at the end of each day while it was open; each day has tracks of its own
    sets: Beginnings  # option A's distinct sets
    day_sets: Beginnings  # option B's
    truth: dict[bytes, int]  # to the listener; of a token: to listener and day
    regulars: frozenset[int]


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


async def stolen(
    url: str, folder: Path, an_hour: int, hours: int, random: Random, *, day_h: int | None = None
) -> Stolen:
    """A database after `hours` hours with that many sittings each.

    `day_h`: hours of a day on which anybody listens, at most 24; without it all of the time is one open day.
    """
    plays, regulars = heard(an_hour, hours, random)
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
        taken = await _live(site, plays, folder, random)
        log = await database.run(_read, _LOG)
        sets = await database.run(_read, _LISTENERS)
    return _as_the_attacker_sees_it(log, sets, taken, _truth(site), regulars)


async def _live(site: _Site, plays: Sequence[Heard], folder: Path, random: Random) -> Sequence[Sequence[Any]]:
    """Day after day; returns each day's tokens, read just before it is closed."""
    taken = []
    spool = Spool(folder / "spool.sqlite", max_bytes=1 << 30)
    with closing(spool):
        counted, slot = await site.database.transaction(cursor.open_cursor, spool.spool_id)
        ledger = Ledger()
        to_writer, resolved = trio.open_memory_channel[Resolved](0)
        writer = Writer(resolved, site.database, spool, ledger, random, counted=counted, slot=slot)
        async with trio.open_nursery() as nursery:
            await nursery.start(writer.run)
            with to_writer:
                for day, of_day in groupby(plays, key=lambda play: int(play.at_s // HOUR_S) // site.day_h):
                    await site.database.transaction(listener_day.begin, _day(day), partial=False)
                    for rows in _batches(site, of_day, counted):
                        counted = rows.rows[-1].seq
                        await _count(to_writer, rows, ledger)
                    taken.append([(day, *row) for row in await site.database.run(_read, _TOKENS)])
                    await site.database.transaction(listener_day.close_over, _day(day + 2))
    return taken


def _batches(site: _Site, plays: Iterable[Heard], counted: int) -> Iterator[Resolved]:
    """As it happens at the service: what comes within half a second is one transaction."""
    for seq, (_, batch) in enumerate(groupby(plays, key=lambda play: int(play.at_s / _BATCH_S)), counted + 1):
        events = [site.event(play) for play in batch]
        releases: dict[str, str | None] = {event.track_key: _release(_track(event.track_key)) for event in events}
        yield Resolved([SpooledRow(seq, events)], releases, frozenset())


async def _count(to_writer: trio.MemorySendChannel[Resolved], batch: Resolved, ledger: Ledger) -> None:
    """Waits for it, since the writer takes what is waiting into one transaction."""
    wanted = ledger.counted + sum(len(row.events) for row in batch.rows)
    await to_writer.send(batch)
    while ledger.counted < wanted:  # noqa: ASYNC110  # the writer tells nobody else, and is taken as it is
        await trio.sleep(_PAUSE_S)


def _as_the_attacker_sees_it(
    log: Sequence[Sequence[Any]],
    sets: Sequence[Sequence[Any]],
    taken: Sequence[Sequence[Sequence[Any]]],
    truth: dict[bytes, int],
    regulars: frozenset[int],
) -> Stolen:
    hour_of = {place: hour for hour, place, *_ in log}  # a token's row has no hour, but the play's has its transaction
    release_of_key = {key: release for _, _, key, release, _ in log}
    return Stolen(
        log=[Row(hour, place, _track(key), bytes(name)) for hour, place, key, _, name in log],
        dumped=[Row(hour, lies, _track(key), bytes(name)) for lies, (hour, _, key, _, name) in enumerate(log)],
        tokens=[
            Row(hour_of[place], place, day * TRACKS + _track(key), bytes(name))
            for of_day in taken
            for day, place, kind, key, name in of_day
            if kind == "track"
        ],
        sets=Beginnings((SetRow(place, kind, key, bytes(name)) for place, kind, key, name in sets), release_of_key),
        day_sets=Beginnings(
            (SetRow(place, kind, key, bytes(name)) for of_day in taken for _, place, kind, key, name in of_day),
            release_of_key,
        ),
        truth=truth,
        regulars=regulars,
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
