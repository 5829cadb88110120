"""The salt rotator against a real PostgreSQL: agreement, midnights, forced rotations, outages, clocks that jump."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import trio
import trio.testing

from actors.rotator import Rotator, force, next_midnight
from actors.salts import Salt, Salts
from storage import imports
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.migrate import migrate, migrations
from tests.support.postgres import rows
from tests.support.site_clock import SiteClock, until

SECRET = b"a secret of the installation"
STATE = "SELECT day::text, generation, partial FROM token_day ORDER BY day"
STORED = "SELECT day::text, generation FROM daily_salt"


class Flaky(Database):
    """The real database; `away` says whether it can be reached."""

    away = False
    under_way = 0

    async def transaction(self, work: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise DatabaseUnavailable("away")
        self.under_way += 1
        try:
            return await super().transaction(work, *args, **kwargs)
        finally:
            self.under_way -= 1


@dataclass
class Process:
    """What one process of the service has of it."""

    database: Flaky
    clock: SiteClock
    salts: Salts = field(default_factory=Salts)
    needed: bool = True
    secret: bytes = SECRET
    rotator: Rotator = field(init=False)

    def today(self) -> Salt | None:
        return self.salts.of(self.clock.day)

    def generation(self) -> int:
        salt = self.today()
        return salt.generation if salt else 0


Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(database_url: str, nursery: trio.Nursery, mock_clock: trio.testing.MockClock) -> AsyncIterator[Start]:
    """Starts a process each time it is called; the first migrates."""
    random = Random(5)
    async with AsyncExitStack() as stack:

        async def begin(clock: SiteClock, **differing: Any) -> Process:
            opened = await stack.enter_async_context(open_database(Address(url=database_url), connections=3))
            await opened.transaction(migrate, migrations())
            process = Process(Flaky(opened._loop, opened._pool), clock, **differing)
            end, ended = trio.Event(), trio.Event()
            await nursery.start(run, process, random, end, ended)
            stack.push_async_callback(ended.wait)
            stack.callback(end.set)
            return process

        yield begin


async def run(
    process: Process,
    random: Random,
    end: trio.Event,
    ended: trio.Event,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    life, its_end = trio.open_memory_channel[None](0)
    process.rotator = Rotator(
        its_end,
        process.database,
        process.salts,
        secrets=lambda: [process.secret],
        random_bytes=random.randbytes,
        now=process.clock,
        needed=lambda: process.needed,
        spool_id="spool-a",
        drained=lambda: True,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(process.rotator.run)
        task_status.started()
        await end.wait()
        await life.aclose()
    ended.set()


async def midnight(process: Process, mock_clock: trio.testing.MockClock, text: str) -> None:
    """The wall clock is set, and the next tick of the timers comes."""
    process.clock.set(text)
    await settle(mock_clock)


async def settle(mock_clock: trio.testing.MockClock) -> None:
    for _ in range(3):
        await trio.testing.wait_all_tasks_blocked(0.02)
        mock_clock.jump(1.0)
    await trio.testing.wait_all_tasks_blocked(0.02)


async def test_a_salt_that_is_needed_from_now_on_is_made_without_waiting_for_the_next_tick(start: Start) -> None:
    process = await start(SiteClock("2026-11-21T00:00:10"), needed=False)
    assert None is process.today()
    process.needed = True
    process.rotator.look_now()
    await until(lambda: process.today() is not None)  # Trio's clock stands still


async def test_processes_agree_on_one_salt_a_day(start: Start, mock_clock: trio.testing.MockClock) -> None:
    clock = SiteClock("2026-11-21T00:00:10")
    first, second = await start(clock), await start(clock)
    assert first.today() is not None
    assert first.today() == second.today()
    yesterdays = first.today()
    await midnight(first, mock_clock, "2026-11-22T00:00:01")
    await until(lambda: first.today() is not None and first.today() == second.today())
    assert first.today() != yesterdays
    assert [("2026-11-21", 1, False), ("2026-11-22", 1, False)] == await rows(first.database, STATE)
    assert [("2026-11-22", 1)] == await rows(first.database, STORED)
    yesterday = clock.day - 1
    assert (None, None) == (first.salts.of(yesterday), second.salts.of(yesterday))


async def test_an_import_that_is_under_way_at_midnight_does_not_keep_the_salt_from_being_made(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T23:59:50"))
    async with process.database.snapshot() as importing:
        await importing.run(imports.one_at_a_time)
        await midnight(process, mock_clock, "2026-11-22T00:00:01")
        await until(lambda: process.today() is not None)


async def test_a_process_that_starts_again_takes_up_the_days_salt(start: Start) -> None:
    clock = SiteClock("2026-11-21T00:00:10")
    first = await start(clock)
    clock.set("2026-11-21T18:00:00")
    assert first.today() == (await start(clock)).today()


async def test_a_forced_rotation_reaches_every_process_by_being_told(start: Start, database_url: str) -> None:
    clock = SiteClock("2026-11-21T00:00:10")
    first, second = await start(clock), await start(clock)
    before = first.today()
    forced = await first.database.transaction(force, clock(), SECRET, Random(9).randbytes, "laptop lost")
    assert 2 == forced
    await until(lambda: first.generation() == second.generation() == 2)  # no clock has moved: it was told
    assert first.today() == second.today() != before
    assert [("2026-11-21", 2, True)] == await rows(first.database, STATE)
    audit = "SELECT act, detail ->> 'reason', detail ->> 'generation' FROM audit"
    assert [("salt rotated", "laptop lost", "2")] == await rows(first.database, audit)


async def test_a_salt_made_late_covers_a_part_of_its_day(start: Start) -> None:
    process = await start(SiteClock("2026-11-21T00:01:30"))
    assert [("2026-11-21", 1, True)] == await rows(process.database, STATE)


async def test_a_database_away_at_midnight_makes_no_token_until_it_is_back(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T23:59:50"))
    process.database.away = True
    await midnight(process, mock_clock, "2026-11-22T00:00:01")
    assert None is process.today()
    assert process.rotator.overdue
    assert None is process.salts.of(process.clock.day - 1)  # the old one is gone all the same
    process.clock.set("2026-11-22T03:00:00")
    process.database.away = False
    await settle(mock_clock)
    await until(lambda: process.generation() == 1)
    assert not process.rotator.overdue
    assert ("2026-11-22", 1, True) == (await rows(process.database, STATE))[-1]


async def test_an_outage_within_the_day_leaves_the_salt_in_force(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T12:00:00"))
    salt, process.database.away = process.today(), True
    for _ in range(20):
        await settle(mock_clock)
    assert salt == process.today()
    process.database.away = False
    await settle(mock_clock)
    await until(lambda: process.today() == salt)
    assert [("2026-11-21", 1, True)] == await rows(process.database, STATE)


async def test_a_clock_set_back_over_midnight_brings_no_old_salt_back(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T12:00:00"))
    await midnight(process, mock_clock, "2026-11-22T00:00:01")
    await until(lambda: process.generation() == 1)
    salt = process.today()
    await midnight(process, mock_clock, "2026-11-21T23:00:00")
    assert None is process.today()
    assert process.rotator.overdue
    await midnight(process, mock_clock, "2026-11-22T00:00:01")
    await until(lambda: process.today() == salt)
    assert [("2026-11-21", 1, True), ("2026-11-22", 1, False)] == await rows(process.database, STATE)


async def test_a_clock_that_was_a_year_ahead_does_not_stop_listeners_for_a_year(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T12:00:00"))
    await midnight(process, mock_clock, "2027-11-21T12:00:00")
    await until(lambda: process.generation() == 1)
    await midnight(process, mock_clock, "2026-11-21T13:00:00")
    await until(lambda: process.generation() == 2)
    assert [("2026-11-21", 2)] == await rows(process.database, STORED)


async def test_a_process_whose_clock_is_behind_keeps_todays_salt_until_its_own_midnight(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    ahead = await start(SiteClock("2026-11-21T00:00:10"))
    behind = await start(SiteClock("2026-11-21T00:00:10"))
    todays = behind.today()
    await midnight(ahead, mock_clock, "2026-11-22T00:00:01")
    await until(lambda: ahead.generation() == 1)
    tomorrow = ahead.clock.day
    await until(lambda: behind.salts.of(tomorrow) == ahead.today())
    assert todays == behind.today()
    await midnight(behind, mock_clock, "2026-11-22T00:00:01")
    assert ahead.today() == behind.today()
    assert [("2026-11-22", 1)] == await rows(ahead.database, STORED)


async def test_a_machine_that_slept_over_a_weekend_wakes_to_a_salt_of_its_day(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-20T19:00:00"))
    await midnight(process, mock_clock, "2026-11-23T08:30:00")
    await until(lambda: process.generation() == 1)
    assert [("2026-11-20", 1, True), ("2026-11-23", 1, True)] == await rows(process.database, STATE)


async def test_emptied_tables_start_the_day_again(start: Start, mock_clock: trio.testing.MockClock) -> None:
    process = await start(SiteClock("2026-11-21T00:00:10"))
    await process.database.run(emptied)  # as PostgreSQL does to UNLOGGED tables after a crash
    for _ in range(12):
        await settle(mock_clock)
    await until(lambda: process.generation() == 2)
    assert [("2026-11-21", 2, True)] == await rows(process.database, STATE)


async def emptied(connection: Connection) -> None:
    await connection.execute("TRUNCATE daily_salt, listener_day")


async def test_a_mode_without_tokens_makes_no_salt_and_removes_yesterdays(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T00:00:10"), needed=False)
    assert [] == await rows(process.database, STATE)
    assert not process.rotator.overdue
    process.needed = True
    await settle(mock_clock)
    await until(lambda: process.generation() == 1)
    process.needed = False
    await settle(mock_clock)
    await until(lambda: process.generation() == 0)
    assert [("2026-11-21", 1)] == await rows(process.database, STORED)  # should the mode come back today
    assert [(True,)] == await rows(process.database, "SELECT partial FROM token_day")
    await midnight(process, mock_clock, "2026-11-22T00:00:01")
    await trio.testing.wait_all_tasks_blocked(0.1)
    assert [] == await rows(process.database, STORED)


async def test_a_crash_that_took_all_tokens_ends_the_days_that_were_still_open(
    start: Start, mock_clock: trio.testing.MockClock
) -> None:
    process = await start(SiteClock("2026-11-21T00:00:10"))
    process.database.away = True  # to the rotator alone, until the day is over
    await until(lambda: process.database.under_way == 0)  # it may be looking after the notice of its own salt
    await rows(process.database, "TRUNCATE daily_salt, listener_day")  # as a crash of PostgreSQL leaves them
    process.clock.set("2026-11-22T00:00:01")
    process.database.away = False
    await settle(mock_clock)
    await until(lambda: process.generation() == 1)
    found = await rows(process.database, "SELECT day::text, partial, closed FROM token_day ORDER BY 1")
    assert [("2026-11-21", True, True), ("2026-11-22", False, False)] == found


async def test_a_salt_of_another_secret_is_not_used(start: Start) -> None:
    clock = SiteClock("2026-11-21T00:00:10")
    first = await start(clock)
    other = await start(clock, secret=b"another secret than the first")
    assert None is other.today()
    assert other.rotator.overdue
    assert first.today() is not None


async def test_a_closed_day_gets_no_salt_any_more(start: Start, mock_clock: trio.testing.MockClock) -> None:
    process = await start(SiteClock("2026-11-21T12:00:00"))
    await process.database.run(close_all)
    await midnight(process, mock_clock, "2026-11-24T00:00:01")
    await until(lambda: process.generation() == 1)
    await midnight(process, mock_clock, "2026-11-21T13:00:00")
    assert None is process.today()


async def close_all(connection: Connection) -> None:
    await connection.execute("UPDATE token_day SET closed = true")


async def test_a_lost_connection_is_listened_on_again(start: Start, mock_clock: trio.testing.MockClock) -> None:
    clock = SiteClock("2026-11-21T00:00:10")
    process, other = await start(clock), await start(clock)
    cut = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'LISTEN%'"""
    assert [(2,)] == await rows(other.database, cut)
    for _ in range(3):
        await settle(mock_clock)
    await other.database.transaction(force, clock(), SECRET, Random(9).randbytes, "")
    await until(lambda: process.generation() == other.generation() == 2)


DAYS = [
    ("Europe/Berlin", "2026-10-25T00:00", 25),
    ("Europe/Berlin", "2026-03-29T00:00", 23),
    ("Europe/Berlin", "2028-02-29T00:00", 24),
    ("America/Havana", "2026-03-08T01:00", 23),  # its clocks skip from midnight to one
    ("Asia/Beirut", "2026-03-28T00:00", 24),
    ("Australia/Lord_Howe", "2026-10-04T00:00", 23.5),
    ("UTC", "2026-12-31T00:00", 24),
]


@pytest.mark.parametrize(("zone", "at", "hours"), DAYS)
def test_a_day_ends_when_the_next_begins_on_the_sites_clock(zone: str, at: str, hours: float) -> None:
    clock = SiteClock(at, zone)
    ends = next_midnight(clock())
    assert timedelta(hours=hours).total_seconds() == ends.timestamp() - clock().timestamp()
    clock.go(timedelta(hours=hours) - timedelta(seconds=1))
    before = clock().date()
    clock.go(timedelta(seconds=1))
    assert before + timedelta(days=1) == clock().date()


@pytest.mark.parametrize(("zone", "at", "hours"), DAYS)
async def test_a_day_has_one_salt_however_long_it_is(
    start: Start, mock_clock: trio.testing.MockClock, zone: str, at: str, hours: float
) -> None:
    clock = SiteClock(at, zone)
    clock.go(timedelta(seconds=5))
    process = await start(clock)
    day, salt = clock.day, process.today()
    assert salt is not None
    for part in (0.3, 0.3, 0.3, 0.09):
        clock.go(timedelta(hours=part * hours))
        await settle(mock_clock)
        assert (day, salt) == (clock.day, process.today())
    clock.go(timedelta(hours=0.01 * hours))
    await settle(mock_clock)
    await until(lambda: process.generation() == 1)
    assert (day + 1, True) == (clock.day, salt != process.today())
    assert [(False,), (False,)] == await rows(process.database, "SELECT partial FROM token_day")
