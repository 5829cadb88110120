"""The actors together, against a real spool and a real PostgreSQL: order, drain, outages, lost answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio

from actors.events import Event, Moment, Play, Share, encode
from actors.ingest import Ingest
from actors.ledger import Ledger, Reason
from actors.messages import BATCHES, Resolved, Spooled, Submission
from actors.resolver import Resolver
from actors.writer import Writer
from server.config import Config
from server.tree import Chance, Counting
from storage import catalog, event_ids, listeners
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.check import check
from storage.cursor import open_cursor
from storage.migrate import migrate, migrations
from storage.spool import Spool, SpoolUnavailable
from tests.support.postgres import rows

MOMENT = Moment(1_795_000_000 // 3600 * 3600, 739_938)
LISTENER = bytes(32)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


@dataclass
class Pipeline:
    """The running actors and their way in."""

    submit: trio.MemorySendChannel[Submission]
    spool: Spool
    ledger: Ledger

    async def accept(self, *events: Event) -> list[Reason | None]:
        submissions = [Submission(event) for event in events]
        for submission in submissions:
            await self.submit.send(submission)
        return [await submission.settled() for submission in submissions]


@asynccontextmanager
async def pipeline(
    path: Path, database: Database, *, max_bytes: int = 1 << 20, new_keys: int = 1000
) -> AsyncIterator[Pipeline]:
    """Runs the three actors; leaving closes the way in and waits until everything is counted."""
    spool = Spool(path / "spool.sqlite", max_bytes=max_bytes)
    counted, slot = await database.transaction(open_cursor, spool.spool_id)
    spool.drop_through(counted)
    ledger = Ledger()
    submit, submissions = trio.open_memory_channel[Submission](64)
    to_resolver, spooled = trio.open_memory_channel[Spooled](BATCHES)
    to_writer, resolved = trio.open_memory_channel[Resolved](BATCHES)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(Ingest(submissions, to_resolver, spool, ledger, fed=counted).run)
            await nursery.start(Resolver(spooled, to_writer, database, new_keys_per_day=new_keys).run)
            writer = Writer(resolved, database, spool, ledger, Random(1), counted=counted, slot=slot)
            await nursery.start(writer.run)
            async with submit:
                yield Pipeline(submit, spool, ledger)
    finally:
        spool.close()


def play(key: str, listener: bytes | None = None) -> Play:
    return Play(MOMENT, key, "complete", listener=listener)


async def plays(database: Database) -> dict[str, int]:
    statement = "SELECT target_key, sum(complete)::int FROM play_counter WHERE target_kind = 'track' GROUP BY 1"
    return {str(key): int(str(number)) for key, number in await rows(database, statement)}


async def test_what_was_accepted_is_counted_before_the_actors_return(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        assert [None] * 50 == await running.accept(*[play(f"track-{number % 5}") for number in range(50)])
    assert {f"track-{number}": 10 for number in range(5)} == await plays(database)
    assert 50 == running.ledger.counted
    assert () == (await database.transaction(check)).differences


async def test_shares_and_listeners_are_counted_per_target(tmp_path: Path, database: Database) -> None:
    release, track = catalog.Release("night-ferry", "Night Ferry"), catalog.Track("a", "A", "night-ferry", 1)
    await database.transaction(catalog.upsert, [release], [track])
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", LISTENER), play("a", LISTENER), play("b", LISTENER), play("a", b"x" * 32))
        await running.accept(Share(MOMENT, "release", "night-ferry", "link"), Share(MOMENT, "track", "a", "embed"))
    statement = """SELECT target_kind, target_key, complete::int, shares_link::int, shares_embed::int, listeners::int
                   FROM play_counter ORDER BY 1, 2"""
    expected = [
        ("release", "night-ferry", 3, 1, 0, 2),
        ("site", "", 4, 1, 1, 2),
        ("track", "a", 3, 0, 1, 2),
        ("track", "b", 1, 0, 0, 1),
    ]
    assert expected == await rows(database, statement)


async def test_the_sets_do_not_link_a_listener_between_tracks(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", LISTENER), play("b", LISTENER))
    assert [(3, 3)] == await rows(database, "SELECT count(*)::int, count(DISTINCT pseudonym)::int FROM listener")


async def test_a_catalog_change_holds_from_the_next_event_on(tmp_path: Path, database: Database) -> None:
    first, second = catalog.Release("first", "First"), catalog.Release("second", "Second")
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a"))
        await settled(running)
        for release in (first, second):
            await database.transaction(catalog.upsert, [release], [catalog.Track("a", "A", release.key)])
            await running.accept(play("a"))
            await settled(running)
    found = await rows(database, "SELECT release_key FROM play_event ORDER BY release_key NULLS FIRST")
    assert [(None,), ("first",), ("second",)] == found


async def settled(running: Pipeline) -> None:
    """Until everything accepted is counted."""
    while running.spool.pending_events:
        await trio.sleep(0.01)


class Flaky(Database):
    """The real database behind a line that breaks: before the transaction, or after it, when its answer is lost."""

    def __init__(self, real: Database, faults: list[str]) -> None:
        super().__init__(real._loop, real._pool)
        self.faults = faults

    async def transaction(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        if getattr(work, "__name__", "") != "_transaction" or not self.faults:
            return await super().transaction(work, *args, **kwargs)
        if self.faults.pop(0) == "before":
            raise DatabaseUnavailable("the line broke")
        await super().transaction(work, *args, **kwargs)
        raise DatabaseUnavailable("the answer was lost")


@pytest.mark.parametrize("faults", [["before"], ["after"], ["before", "after", "before"], ["after", "after"]])
async def test_a_broken_line_loses_nothing_and_doubles_nothing(
    tmp_path: Path, database: Database, faults: list[str]
) -> None:
    async with pipeline(tmp_path, Flaky(database, faults)) as running:
        for number in range(6):
            await running.accept(play(f"track-{number}", LISTENER))
    assert {f"track-{number}": 1 for number in range(6)} == await plays(database)
    assert 6 == running.ledger.counted
    assert () == (await database.transaction(check)).differences


async def test_events_are_accepted_while_the_database_is_away_and_counted_after(
    tmp_path: Path, database: Database
) -> None:
    flaky = Flaky(database, ["before"] * 3)
    async with pipeline(tmp_path, flaky) as running:
        for number in range(40):
            assert [None] == await running.accept(play(f"track-{number}"))
    assert [] == flaky.faults
    assert {f"track-{number}": 1 for number in range(40)} == await plays(database)


async def test_a_full_spool_refuses_and_takes_again_once_there_is_room(tmp_path: Path, database: Database) -> None:
    away = Flaky(database, ["before"] * 1000)
    async with pipeline(tmp_path, away, max_bytes=2000) as running:
        outcomes = [await running.accept(play(f"track-{number}" * 4)) for number in range(40)]
        accepted = outcomes.count([None])
        assert 0 < accepted < 40
        assert [Reason.UNAVAILABLE] == outcomes[-1]
        away.faults.clear()
        await settled(running)
        assert [None] == await running.accept(play("after"))
    assert accepted + 1 == sum((await plays(database)).values())


async def test_what_was_left_in_the_spool_is_counted_by_the_next_process(tmp_path: Path, database: Database) -> None:
    with trio.move_on_after(0.5):
        async with pipeline(tmp_path, Flaky(database, ["before"] * 1000)) as running:
            await running.accept(play("a"), play("b"))
            await trio.sleep_forever()
    assert {} == await plays(database)
    async with pipeline(tmp_path, database) as running:
        pass
    assert {"a": 1, "b": 1} == await plays(database)
    assert 2 == running.ledger.counted


async def test_a_drained_spool_keeps_no_trace_of_its_events(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a-key-to-look-for"))
        await settled(running)
        await trio.sleep(1.5)  # the actor looks every second; a real pause, as the spool is on a real disk
        left = [file.name for file in tmp_path.iterdir() if b"a-key-to-look-for" in file.read_bytes()]
        assert [] == left


async def test_past_the_days_number_new_keys_count_as_one_unknown_target(tmp_path: Path, database: Database) -> None:
    await database.transaction(catalog.upsert, [], [catalog.Track("known", "Known")])
    share = Share(MOMENT, "release", "stranger", "link")
    async with pipeline(tmp_path, database, new_keys=2) as running:
        for key in ("a", "b", "c", "d", "known", "a", "c"):
            await running.accept(play(key, LISTENER))
        await running.accept(share)
    assert {"a": 2, "b": 1, "known": 1, "unknown": 3} == await plays(database)
    assert [("unknown", 1)] == await rows(
        database, "SELECT target_key, shares_link::int FROM play_counter WHERE target_kind = 'release'"
    )
    assert () == (await database.transaction(check)).differences
    tomorrow = Play(Moment(MOMENT.hour + 86_400, MOMENT.day + 1), "c", "complete")
    async with pipeline(tmp_path, database, new_keys=2) as running:
        await running.accept(tomorrow, play("a"))
    assert {"a": 3, "b": 1, "c": 1, "known": 1, "unknown": 3} == await plays(database)


def again(key: str, tag: int, day: int = 0) -> Play:
    return Play(Moment(MOMENT.hour + 86_400 * day, MOMENT.day + day), key, "complete", event_tag=bytes([tag]) * 16)


async def test_an_event_that_is_sent_again_counts_once(tmp_path: Path, database: Database) -> None:
    share = Share(MOMENT, "track", "a", "link", bytes(16))
    for life in range(2):  # also in one batch, in a later one, and by another process
        async with pipeline(tmp_path, database) as running:
            await running.accept(again("a", 1), again("a", 1), share, share, play("a"))
            await settled(running)
            await running.accept(again("a", 1), again("a", 2), again("b", 1))
        assert ((5, 3), (1, 7))[life] == (running.ledger.counted, running.ledger.duplicate)
    assert {"a": 4, "b": 1} == await plays(database)
    assert [(1,)] == await rows(database, "SELECT shares_link::int FROM play_counter WHERE target_key = 'a'")
    assert () == (await database.transaction(check)).differences


@pytest.mark.parametrize("faults", [["before"], ["after"], ["before", "after", "after"]])
async def test_a_broken_line_does_not_make_an_event_its_own_duplicate(
    tmp_path: Path, database: Database, faults: list[str]
) -> None:
    async with pipeline(tmp_path, Flaky(database, faults)) as running:
        for number in range(6):
            await running.accept(again("a", number), again("a", number // 2))
    assert {"a": 6} == await plays(database)
    assert () == (await database.transaction(check)).differences


async def test_two_processes_that_get_the_same_events_count_each_once(tmp_path: Path, database: Database) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with pipeline(tmp_path / "one", database) as one, pipeline(tmp_path / "two", database) as two:
        for start in range(0, 200, 20):
            events = [again(f"track-{tag % 7}", tag) for tag in range(start, start + 20)]
            async with trio.open_nursery() as nursery:
                nursery.start_soon(one.accept, *events)
                nursery.start_soon(two.accept, *reversed(events))
    assert 200 == sum((await plays(database)).values())
    assert (200, 200) == (
        one.ledger.counted + two.ledger.counted,
        one.ledger.duplicate + two.ledger.duplicate,
    )


async def test_an_id_is_kept_for_nine_days(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(again("a", 1), again("a", 2, day=1))
        await settled(running)
        accepted = date.fromordinal(MOMENT.day)
        for days, known in ((9, 2), (10, 1), (11, 0)):
            await database.run(event_ids.expire, accepted + timedelta(days=days))
            assert [(known,)] == await rows(database, "SELECT count(*)::int FROM event_id")
        await running.accept(again("a", 1, day=11))
    assert {"a": 3} == await plays(database)


async def test_a_remembered_listener_taken_out_of_the_sets_is_counted_anew(tmp_path: Path, database: Database) -> None:
    async def take_out(connection: Connection) -> None:
        await listeners.move_on(connection)
        await connection.execute("DELETE FROM listener WHERE target_kind = 'track'")
        await connection.execute("UPDATE play_counter SET listeners = 0 WHERE target_kind = 'track'")

    async with pipeline(tmp_path, database) as running:
        for taken_out in (False, True):
            if taken_out:
                await database.transaction(take_out)
            await running.accept(play("a", LISTENER))
            await settled(running)
    counted = "SELECT target_kind, listeners::int FROM play_counter ORDER BY 1"
    assert [("site", 1), ("track", 1)] == await rows(database, counted)
    assert () == (await database.transaction(check)).differences


class Unsteady(Database):
    """The real database, which is away at every other call."""

    def __init__(self, real: Database) -> None:
        super().__init__(real._loop, real._pool)
        self.calls = 0

    def _look(self) -> None:
        self.calls += 1
        if self.calls % 2:
            raise DatabaseUnavailable("away")

    async def run(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        self._look()
        return await super().run(work, *args, **kwargs)

    async def transaction(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        self._look()
        return await super().transaction(work, *args, **kwargs)


async def test_an_outage_while_an_earlier_workers_spool_is_taken_over_is_waited_out(
    tmp_path: Path, database: Database
) -> None:
    left = tmp_path / "spool-7.sqlite"
    with closing(Spool(left, max_bytes=1 << 20)) as spool:
        spool.append(encode([play(f"track-{number}") for number in range(10)]), 10)
    unsteady = Unsteady(database)
    counting = Counting(Config(), unsteady, Chance())
    await counting.inherit(tmp_path, 1)
    assert unsteady.calls >= 8  # its position, the tracks, the counting, the cursor: each failed first
    assert {f"track-{number}": 1 for number in range(10)} == await plays(database)
    assert (10, 10) == (counting.ledger.recovered, counting.ledger.counted)
    assert not left.exists()
    assert [] == await rows(database, "SELECT FROM spool_cursor")


async def test_what_the_disk_did_not_let_go_keeps_its_cursor(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "spool-7.sqlite"
    with closing(Spool(left, max_bytes=1 << 20)) as spool:
        spool.append(encode([play("a")]), 1)

    def refuse(_: Spool) -> None:
        raise SpoolUnavailable("the spool's disk refuses to write")

    with monkeypatch.context() as disk:
        disk.setattr(Spool, "_drop", refuse)
        await Counting(Config(), database, Chance()).inherit(tmp_path, 1)
    assert left.exists()
    await Counting(Config(), database, Chance()).inherit(tmp_path, 1)
    assert not left.exists()
    assert {"a": 1} == await plays(database)
