"""Waiting for the database: what is tried and how it goes is counted, so that a metric can tell it."""

import pytest
import trio
import trio.testing

from actors.retry import Tries, until_available
from storage.bridge import DatabaseThreadDead, DatabaseUnavailable


class Away:
    """A database that is away for so many calls."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    async def work(self) -> str:
        await trio.lowlevel.checkpoint()
        if self.left:
            self.left -= 1
            raise DatabaseUnavailable("away")
        return "done"


async def test_tries_in_vain_are_counted(autojump_clock: trio.testing.MockClock) -> None:
    tries = Tries()
    assert "done" == await until_available("a", Away(3).work, tries)
    assert (4, 3, 0) == (tries.number, tries.failed, tries.waiting)


async def test_who_waits_is_known_while_it_does(autojump_clock: trio.testing.MockClock) -> None:
    tries = Tries()
    async with trio.open_nursery() as nursery:
        for name in ("resolver", "writer"):
            nursery.start_soon(until_available, name, Away(10**6).work, tries)
        await trio.sleep(60)
        assert 2 == tries.waiting
        nursery.cancel_scope.cancel()
    assert 0 == tries.waiting


async def test_a_dead_thread_is_no_outage() -> None:
    async def dead() -> None:
        raise DatabaseThreadDead("ended")

    tries = Tries()
    with pytest.raises(DatabaseThreadDead):
        await until_available("a", dead, tries)
    assert (1, 0, 0) == (tries.number, tries.failed, tries.waiting)
