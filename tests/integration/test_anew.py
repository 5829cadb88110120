"""Sets and figures written anew: the same figures, and rows that say nothing of who came or went together."""

import threading
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import trio

from actors.events import Forget, Play
from storage import anew, listeners
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.check import check
from storage.migrate import migrate, migrations
from tests.integration.test_pipeline import MOMENT, pipeline
from tests.support.postgres import rows

TODAY = date.fromordinal(MOMENT.day)
HOUR = datetime.fromtimestamp(MOMENT.hour, UTC)
FIGURES = """SELECT target_kind, target_key, sum(complete)::int, sum(listeners)::int
             FROM play_counter GROUP BY 1, 2 ORDER BY 1, 2"""
KEYS = "SELECT target_key, target_kind, pseudonym FROM listener"
NUMBERS = "SELECT count(DISTINCT xmin::text)::int FROM"


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Four listeners came, one after the other and each to two tracks; one of them was forgotten, by another writer."""
    (tmp_path / "other").mkdir()
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        async with pipeline(tmp_path, opened) as running, pipeline(tmp_path / "other", opened) as other:
            for number in (3, 1, 4, 2):
                await running.accept(*(Play(MOMENT, key, "complete", listener=listener(number)) for key in "ab"))
                while running.spool.pending_events:
                    await trio.sleep(0.01)
            await other.accept(Forget(MOMENT, listener(4)))
        yield opened


def listener(number: int) -> bytes:
    return bytes([number]) * 32


async def write(database: Database, *, today: date = TODAY, known_since: datetime = HOUR) -> int | None:
    return await database.transaction(anew.write, today, known_since)


async def compact(database: Database) -> bool:
    await database.transaction(anew.compact_figures)
    return await database.transaction(anew.compact_sets)


async def compact_soon(database: Database) -> None:
    """As the housekeeper's next rounds would: PostgreSQL's own cleaning may look at the sets for a moment."""
    with trio.fail_after(30):
        while not await compact(database):
            await trio.sleep(0.05)


async def is_compact(database: Database) -> None:
    await database.transaction(anew.is_compact, await generation(database))


async def generation(database: Database) -> int:
    return (await database.transaction(listeners.state)).generation


async def test_the_figures_stay_and_agree_with_what_they_are_of(database: Database) -> None:
    before = await rows(database, FIGURES)
    assert [("site", "", 8, 3), ("track", "a", 4, 3), ("track", "b", 4, 3)] == before
    await write(database)
    await compact_soon(database)
    assert before == await rows(database, FIGURES)
    assert () == (await database.transaction(check)).differences


@pytest.mark.parametrize("table", ["listener", "play_counter"])
async def test_all_rows_have_one_transactions_number_and_lie_in_the_order_of_their_keys(
    database: Database, table: str
) -> None:
    assert [(1,)] != await rows(database, f"{NUMBERS} {table}")
    await write(database)
    await compact_soon(database)
    assert [(1,)] == await rows(database, f"{NUMBERS} {table}")
    found = await rows(database, KEYS)
    assert sorted(found) == found


async def test_no_row_is_left_in_which_only_a_forgetting_shows(database: Database) -> None:
    below = "SELECT count(*)::int FROM play_counter WHERE listeners < 0"
    assert [(3,)] == await rows(database, below)
    await write(database)
    assert [(0,)] == await rows(database, below)


async def test_neither_deleted_rows_nor_their_gaps_are_left(database: Database) -> None:
    await write(database)
    await compact_soon(database)
    assert [(9, 9, 1)] == await rows(
        database,
        "SELECT count(*)::int, max((ctid::text::point)[1])::int, count(DISTINCT xmin::text)::int FROM listener",
    )


async def test_it_is_done_once_a_day_and_after_every_forgetting(database: Database, tmp_path: Path) -> None:
    now = await generation(database)
    assert now == await write(database)
    assert now == await write(database)  # it is still to be made compact
    await compact_soon(database)
    await is_compact(database)
    assert None is await write(database)
    assert now == await write(database, today=TODAY + timedelta(days=1))
    await is_compact(database)
    async with pipeline(tmp_path, database) as running:
        await running.accept(Forget(MOMENT, listener(1)))
    assert now + 1 == await write(database, today=TODAY + timedelta(days=1))


@pytest.mark.parametrize(("ahead", "again"), [(0, False), (1, False), (2, True), (400, True)])
async def test_a_clock_that_was_far_ahead_once_does_not_put_it_off(database: Database, ahead: int, again: bool) -> None:
    await write(database, today=TODAY + timedelta(days=ahead))
    await is_compact(database)
    assert again == (await write(database) is not None)


async def test_what_was_written_anew_meanwhile_is_not_taken_for_compact(database: Database, tmp_path: Path) -> None:
    first = await write(database)
    async with pipeline(tmp_path, database) as running:
        await running.accept(Forget(MOMENT, listener(1)))
    second = await write(database)
    assert first is not None
    await database.transaction(anew.is_compact, first)
    assert second == await write(database)


async def test_first_hours_are_kept_as_long_as_they_are_wanted(database: Database) -> None:
    hours = "SELECT DISTINCT came FROM listener WHERE target_kind = 'track'"
    await write(database, known_since=HOUR)
    assert [(HOUR,)] == await rows(database, hours)
    await write(database, today=TODAY + timedelta(days=1), known_since=HOUR + timedelta(hours=1))
    assert [(None,)] == await rows(database, hours)


async def test_counting_goes_on_meanwhile_and_nothing_is_lost(database: Database, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    async with pipeline(tmp_path / "beside", database) as running, trio.open_nursery() as nursery:

        async def again_and_again() -> None:
            day = TODAY
            while True:
                day += timedelta(days=1)
                await write(database, today=day)
                await compact(database)

        nursery.start_soon(again_and_again)
        for number in range(120):
            await running.accept(Play(MOMENT, f"track-{number % 7}", "complete", listener=listener(10 + number % 5)))
            if number % 10 == 9:
                await running.accept(Forget(MOMENT, listener(10 + number % 5)))
        nursery.cancel_scope.cancel()
    assert () == (await database.transaction(check)).differences
    assert [(128,)] == await rows(database, "SELECT count(*)::int FROM play_event")


async def test_a_long_reader_of_the_sets_is_not_waited_for_and_sees_all_of_them(database: Database) -> None:
    """As a dump is: what it saw first it sees to its end."""
    seen, written = threading.Event(), threading.Event()
    counted: list[int] = []

    async def dump(connection: Connection) -> None:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection.fetchval("SELECT count(*) FROM listener")
        seen.set()
        while not written.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")
        counted.append(await connection.fetchval("SELECT count(*) FROM listener"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, dump)
        await trio.to_thread.run_sync(seen.wait)
        await write(database)
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            await database.transaction(anew.compact_sets)
        written.set()
    assert [9] == counted
    await compact_soon(database)


async def look_elsewhere(connection: Connection, seen: threading.Event, until: threading.Event) -> None:
    """Keeps a view of the database, and no lock on the sets."""
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await connection.fetchval("SELECT count(*) FROM play_event")
    seen.set()
    while not until.is_set():
        await connection.execute("SELECT pg_sleep(0.02)")


async def test_rows_that_an_older_view_still_needs_are_known_to_be_left(database: Database) -> None:
    seen, compacted = threading.Event(), threading.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, look_elsewhere, seen, compacted)
        await trio.to_thread.run_sync(seen.wait)
        await write(database)
        assert not await compact(database)
        compacted.set()
    await compact_soon(database)


async def test_one_row_that_an_older_view_still_needs_is_enough(database: Database, tmp_path: Path) -> None:
    """It was deleted after the sets were written anew, and says who went."""
    seen, compacted = threading.Event(), threading.Event()
    await write(database)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, look_elsewhere, seen, compacted)
        await trio.to_thread.run_sync(seen.wait)
        await rows(database, "DELETE FROM listener WHERE ctid = (SELECT min(ctid) FROM listener) RETURNING 1")
        assert not await compact(database)
        compacted.set()
    await compact_soon(database)


async def test_a_vacuum_of_the_sets_does_not_stop_the_counting(database: Database, tmp_path: Path) -> None:
    """Nor what else takes its lock, which writers do not mind but the writing anew does."""
    locked, counted = threading.Event(), threading.Event()

    async def vacuum(connection: Connection) -> None:
        await connection.execute("LOCK TABLE listener IN SHARE UPDATE EXCLUSIVE MODE")
        locked.set()
        while not counted.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    async def put_off() -> None:
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            await write(database)
        refused.set()

    refused, accepted = trio.Event(), 0
    async with pipeline(tmp_path, database) as running, trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, vacuum)
        await trio.to_thread.run_sync(locked.wait)
        nursery.start_soon(put_off)
        try:
            with trio.fail_after(20):
                while not refused.is_set() or running.spool.pending_events:
                    await trio.sleep(0.05)
                    if not refused.is_set():
                        await running.accept(Play(MOMENT, "a", "complete", listener=listener(1)))
                        accepted += 1
        finally:
            counted.set()
    assert [(8 + accepted,)] == await rows(database, "SELECT count(*)::int FROM play_event")
