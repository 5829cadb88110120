"""Processes tell each other what they count, over a real PostgreSQL: late comers, lost lines, outages, nonsense."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from actors.happening import Happening
from actors.pulse import Pulse
from actors.report import Report
from storage.bridge import Address, Database, open_database
from tests.support.postgres import rows
from tests.support.stoppable_postgres import StoppablePostgres

NOW = 1_795_000_020.0
COMPLETE = Happening("track", "a", "complete")
_CUT = """SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'LISTEN|pg_notify'"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=8) as opened:
        yield opened


@dataclass
class Talker:
    pulse: Pulse
    report: Report

    def plays(self) -> int:
        return self.pulse.summary().total.plays

    def gone(self, source: str) -> bool:
        return any(one.source == source and one.gone for one in self.pulse.processes())


@asynccontextmanager
async def talking(database: Database, source: str, number: int = 0) -> AsyncIterator[Talker]:
    """One process's pulse, which stops in order at the end."""
    life, its_end = trio.open_memory_channel[None](0)
    report = Report(worker=number, version="1", mode="both", started_at=int(NOW), received=number)
    pulse = Pulse(its_end, database, source=source, now=lambda: NOW, report=lambda: report)
    async with trio.open_nursery() as nursery, life:
        await nursery.start(pulse.run)
        yield Talker(pulse, report)


async def until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(30):
        while not condition():
            await trio.sleep(0.02)


async def test_what_one_counts_the_other_knows(database: Database) -> None:
    async with talking(database, "one") as one, talking(database, "two") as two:
        await until(lambda: one.pulse.connected and two.pulse.connected)
        one.pulse.counted({COMPLETE: 2})
        two.pulse.counted({COMPLETE: 3, Happening("release", "r", "link"): 1})
        await until(lambda: one.plays() == two.plays() == 5)
        assert one.pulse.summary() == two.pulse.summary()


async def test_who_comes_later_learns_the_whole_hour_and_nobody_counts_it_twice(database: Database) -> None:
    async with talking(database, "one") as one, talking(database, "two") as two:
        for number in range(300):
            one.pulse.counted({Happening("track", f"{number:03}" + "x" * 190, "complete"): 1})
        two.pulse.counted({COMPLETE: 3})
        await until(lambda: one.plays() == two.plays() == 303)
        async with talking(database, "three") as three:
            await until(lambda: three.plays() == 303)
            one.pulse.counted({COMPLETE: 1})
            await until(lambda: one.plays() == two.plays() == three.plays() == 304)


async def test_each_knows_how_the_others_stand_and_who_has_ended(database: Database) -> None:
    async with talking(database, "one", 1) as one:
        async with talking(database, "two", 2) as two:
            await until(lambda: [1, 2] == [known.report.received for known in one.pulse.processes()])
            await until(lambda: [1, 2] == [known.report.received for known in two.pulse.processes()])
        await until(lambda: one.gone("two"))
        assert not one.gone("one")


async def test_a_line_that_is_cut_is_taken_up_again_and_nothing_is_lost_or_doubled(database: Database) -> None:
    async with talking(database, "one") as one, talking(database, "two") as two:
        one.pulse.counted({COMPLETE: 1})
        await until(lambda: one.plays() == two.plays() == 1)
        for expected in (2, 3, 4):
            await rows(database, _CUT)
            one.pulse.counted({COMPLETE: 1})
            await until(lambda expected=expected: one.plays() == two.plays() == expected)  # type: ignore[misc]  # mypy cannot type a lambda's defaults
            await until(lambda: one.pulse.connected and two.pulse.connected)


async def test_a_database_that_is_away_is_survived_with_what_is_known(tmp_path: Path) -> None:
    server = StoppablePostgres(tmp_path / "postgres")
    with server as postgres:
        url = await trio.to_thread.run_sync(postgres.new_database)
        async with (
            open_database(Address(url=url), connections=8) as database,
            talking(database, "one") as one,
            talking(database, "two") as two,
        ):
            one.pulse.counted({COMPLETE: 1})
            await until(lambda: one.plays() == two.plays() == 1)
            await trio.to_thread.run_sync(server.stop)
            await until(lambda: not one.pulse.connected and not two.pulse.connected)
            one.pulse.counted({COMPLETE: 5})
            two.pulse.counted({COMPLETE: 7})
            await until(lambda: (6, 8) == (one.plays(), two.plays()))
            await trio.to_thread.run_sync(server.start)
            await until(lambda: one.plays() == two.plays() == 13)


async def test_what_others_say_on_the_channel_does_no_harm(database: Database) -> None:
    async with talking(database, "one") as one:
        await until(lambda: one.pulse.connected)
        for nonsense in ("", "null", "[]", '["counted"]', '["counted","x",1,1,[["track","a","complete",null,"many"]]]'):
            await rows(database, "SELECT pg_notify('tonearm_pulse', $1)", nonsense)
        async with talking(database, "two") as two:
            two.pulse.counted({COMPLETE: 2})
            await until(lambda: one.plays() == 2)
