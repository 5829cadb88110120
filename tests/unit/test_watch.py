"""A process that does its work says so; one that leaves events lying says it no more."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import trio
import trio.testing

from actors.retry import Tries, until_available
from server.watch import Watch
from storage.bridge import Database, DatabaseUnavailable


class Answering:
    """A database whose thread has turns, until it hangs."""

    hangs = False

    async def thread_answers(self) -> None:
        await (trio.sleep_forever() if self.hangs else trio.lowlevel.checkpoint())


async def said(
    during_s: float, pending: int, *, database: Answering, beside: Callable[[Tries], Awaitable[None]]
) -> int:
    """How often it said that all is well, at one turn a second."""
    turns: list[None] = []
    tries = Tries()
    watch = Watch(cast(Database, database), tries, lambda: pending, lambda: turns.append(None), 1)
    with trio.move_on_after(during_s + 0.5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch.run)
            nursery.start_soon(beside, tries)
    return len(turns)


async def nothing(_: Tries) -> None:
    pass


async def trying(tries: Tries) -> None:
    """As the writer does while the database is away."""
    while True:
        tries.number += 1
        await trio.sleep(120)


async def test_a_process_without_events_is_well(autojump_clock: trio.testing.MockClock) -> None:
    assert 1001 == await said(1000, 0, database=Answering(), beside=nothing)


async def test_one_that_tries_is_well_however_long_events_wait(autojump_clock: trio.testing.MockClock) -> None:
    assert 1001 == await said(1000, 5, database=Answering(), beside=trying)


async def test_one_that_leaves_events_lying_is_not(autojump_clock: trio.testing.MockClock) -> None:
    assert 300 == await said(1000, 5, database=Answering(), beside=nothing)


async def test_one_whose_database_thread_hangs_is_not(autojump_clock: trio.testing.MockClock) -> None:
    stuck = Answering()
    stuck.hangs = True
    assert 0 == await said(1000, 0, database=stuck, beside=nothing)


async def test_every_try_of_a_database_that_is_away_is_seen(autojump_clock: trio.testing.MockClock) -> None:
    tries = Tries()

    async def away() -> str:
        if tries.number < 4:
            raise DatabaseUnavailable("away")
        return "back"

    assert "back" == await until_available("writer", away, tries)
    assert 4 == tries.number


def test_a_worker_that_says_nothing_ends_and_shows_places_alone() -> None:
    program = "import time; from server import watch; a = '127.0.0.9'; watch.end_unless_said_again(0.1); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (1, True) == (done.returncode, "Timeout" in done.stderr)
    assert "127.0.0.9" not in done.stderr


def test_a_worker_that_stops_in_order_may_take_its_time() -> None:
    program = "import time; from server import watch as w; w.end_unless_said_again(0.1); w.never_mind(); time.sleep(1)"
    assert 0 == subprocess.run([sys.executable, "-c", program], timeout=30).returncode
