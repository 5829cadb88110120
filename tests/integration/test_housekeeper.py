"""What is done now and then: partitions ahead, and the check whose outcome is a metric."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest
import trio

from actors.housekeeper import Findings
from storage import listener_day, listeners
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.log import last_month_ahead, make_months
from storage.migrate import migrate, migrations
from storage.retention import Keep
from tests.support.housekeeping import housekeeper
from tests.support.postgres import rows

TODAY = date(2026, 11, 21)
FOR_EVER = Keep()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=2) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


async def one_round(
    database: Database,
    findings: Findings,
    check_every_s: float,
    *,
    keep: Keep = FOR_EVER,
    today: date = TODAY,
) -> None:
    """Start it, let it have its first round, end its life."""
    life, its_end = trio.open_memory_channel[None](0)
    keeper = housekeeper(its_end, database, findings, check_every_s=check_every_s, today=today, keep=keep)
    keeper._checked -= 1000  # a thousand seconds ago, without waiting for them
    async with trio.open_nursery() as nursery:
        await nursery.start(keeper.run)
        await life.aclose()


async def test_partitions_are_made_before_they_are_needed(database: Database) -> None:
    await one_round(database, Findings(), 0)
    names = await rows(database, "SELECT relname FROM pg_class WHERE relname LIKE 'play_event_%' ORDER BY 1")
    assert [("play_event_2026_11",), ("play_event_2026_12",)] == names


@pytest.mark.parametrize(
    ("day", "made"),
    [
        (date(2026, 12, 1), ["2026_12", "2027_01"]),  # 32 days on is the second of January
        (date(2026, 12, 31), ["2026_12", "2027_02"]),
        (date(2028, 1, 31), ["2028_01", "2028_03"]),
    ],
)
async def test_partitions_are_there_over_the_end_of_a_year_and_of_february(
    database: Database, day: date, made: list[str]
) -> None:
    """A month that is skipped here was made by the rounds of the days before, and by the writer if there were none."""
    await one_round(database, Findings(), 0, today=day)
    names = await rows(database, "SELECT relname FROM pg_class WHERE relname LIKE 'share_event_%' ORDER BY 1")
    assert [(f"share_event_{month}",) for month in made] == names


async def test_a_round_tells_when_it_was_done_and_how_far_the_log_has_partitions(database: Database) -> None:
    findings = Findings()
    await one_round(database, findings, 0)
    assert (1_795_000_000.0, date(2026, 12, 1)) == (findings.kept_at, findings.partitions_through)


async def test_months_behind_a_missing_one_are_not_ahead(database: Database) -> None:
    await database.transaction(make_months, [date(2027, 2, 1)])
    assert date(2026, 11, 1) == await database.run(last_month_ahead, TODAY)
    await database.transaction(make_months, [date(2026, 12, 1), date(2027, 1, 1)])
    assert date(2027, 2, 1) == await database.run(last_month_ahead, TODAY)


async def test_months_older_than_is_to_be_kept_leave_the_log_and_others_stay(database: Database) -> None:
    months = [date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1), date(2026, 11, 1)]
    await database.transaction(make_months, months)
    await one_round(database, Findings(), 0, keep=Keep(log_months=12))
    left = "SELECT relname FROM pg_class WHERE relname LIKE 'play_event_%' ORDER BY 1"
    assert [("play_event_2025_11",), ("play_event_2026_11",), ("play_event_2026_12",)] == await rows(database, left)


async def test_a_month_that_is_being_read_is_tried_again_in_the_next_round_and_a_done_day_is_done(
    database: Database,
) -> None:
    await database.transaction(make_months, [date(2025, 9, 1)])
    life, its_end = trio.open_memory_channel[None](0)
    keeper = housekeeper(its_end, database, keep=Keep(log_months=12))
    read, enough = threading.Event(), threading.Event()

    async def reading(connection: Connection) -> None:
        await connection.execute("LOCK TABLE play_event IN ACCESS SHARE MODE")
        read.set()
        while not enough.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    there = "SELECT to_regclass('play_event_2025_09') IS NOT NULL"
    with life, its_end:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(database.transaction, reading)
            await trio.to_thread.run_sync(read.wait)
            with pytest.raises(DatabaseUnavailable):
                await keeper._retention()
            enough.set()
        assert [(True,)] == await rows(database, there)
        await keeper._retention()
        assert [(False,)] == await rows(database, there)
        await database.transaction(make_months, [date(2025, 9, 1)])
        await keeper._retention()
        assert [(True,)] == await rows(database, there)


async def test_the_check_is_done_when_it_is_due_and_finds_what_is_wrong(database: Database) -> None:
    async def tamper(connection: Connection) -> None:
        await connection.execute(
            "INSERT INTO play_counter (target_key, target_kind, slot, partial) VALUES ('a','track',0,1)"
        )

    findings = Findings()
    await one_round(database, findings, 2000)
    assert 0 == findings.checked_at
    await one_round(database, findings, 999)
    assert (1_795_000_000.0, 0) == (findings.checked_at, findings.differences)
    await database.run(tamper)
    await one_round(database, findings, 999)
    assert 1 == findings.differences


class Away(Database):
    async def transaction(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        raise DatabaseUnavailable("away")


async def test_a_database_that_is_away_is_left_for_the_next_round(database: Database) -> None:
    await one_round(Away(database._loop, database._pool), Findings(), 1)


async def test_a_day_that_is_over_is_closed_and_tombstones_go(database: Database) -> None:
    async def leave(connection: Connection) -> None:
        await listener_day.begin(connection, date(2026, 11, 18), partial=False)
        await connection.execute("INSERT INTO forgotten VALUES ($1, now() - interval '1 minute')", bytes(16))

    await database.transaction(leave)
    await one_round(database, Findings(), 0)
    assert [(True,)] == await rows(database, "SELECT closed FROM token_day")
    assert [(None,)] == await rows(database, "SELECT to_regclass('listener_day_2026_11_18')::text")
    assert [] == await rows(database, "SELECT FROM forgotten")


async def test_the_figures_are_left_alone_while_an_older_view_keeps_the_sets_from_being_compact(
    database: Database,
) -> None:
    """They would move to other files again in every round."""
    seen, done = threading.Event(), threading.Event()

    async def look(connection: Connection) -> None:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await connection.fetchval("SELECT count(*) FROM release")
        seen.set()
        while not done.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    await rows(database, "INSERT INTO listener VALUES ('', 'site', $1) RETURNING 1", bytes(16))
    files = "SELECT pg_relation_filenode('listener') AS sets, pg_relation_filenode('play_counter') AS figures"
    [before] = await rows(database, files)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, look)
        await trio.to_thread.run_sync(seen.wait)
        await one_round(database, Findings(), 0)
        done.set()
    [after] = await rows(database, files)
    assert (True, False) == (before[0] != after[0], before[1] != after[1])
    await one_round(database, Findings(), 0)
    assert after[1] != (await rows(database, files))[0][1]


async def test_the_sets_are_written_anew_after_a_forgetting_but_not_without_a_rest(database: Database) -> None:
    async def take_out(connection: Connection) -> None:
        await listeners.move_on(connection)

    life, its_end = trio.open_memory_channel[None](0)
    keeper = housekeeper(its_end, database)
    behind = "SELECT (generation - anew_generation)::int, compact FROM listener_generation"
    with life, its_end:
        await keeper._sets()
        assert [(0, True)] == await rows(database, behind)
        await database.transaction(take_out)
        keeper._rested_at = trio.current_time() + 1000
        await keeper._sets()
        assert [(1, True)] == await rows(database, behind)
        keeper._rested_at = trio.current_time()
        began = trio.current_time()
        await keeper._sets()
        took = trio.current_time() - began
    assert [(0, True)] == await rows(database, behind)
    assert keeper._rested_at - trio.current_time() > 50 * took
