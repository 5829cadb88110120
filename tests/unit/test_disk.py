"""A thread for the disk: one call after another, its outcome handed back, and what was begun is always finished."""

import threading

import pytest
import trio
import trio.testing

from actors.disk import DiskThread


async def test_a_call_runs_in_a_thread_of_its_own_and_its_result_comes_back() -> None:
    with DiskThread("disk") as disk:
        assert "disk" == await disk.run(lambda: threading.current_thread().name)
        assert 5 == await disk.run(int.__add__, 2, 3)


async def test_an_error_comes_back_and_the_thread_goes_on() -> None:
    with DiskThread("disk") as disk:
        with pytest.raises(ZeroDivisionError):
            await disk.run(int.__floordiv__, 1, 0)
        assert 1 == await disk.run(int.__floordiv__, 2, 2)


async def test_calls_run_in_the_order_they_were_made() -> None:
    ran: list[int] = []
    with DiskThread("disk") as disk:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(disk.run, ran.append, number)
                await trio.testing.wait_all_tasks_blocked(0)
    assert list(range(50)) == ran


async def test_a_cancelled_caller_waits_for_what_it_began() -> None:
    go, done = threading.Event(), threading.Event()

    def slow() -> None:
        go.wait(10)
        done.set()

    with DiskThread("disk") as disk:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(disk.run, slow)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
            go.set()
        assert done.is_set()


async def test_a_caller_that_is_cancelled_already_begins_nothing() -> None:
    ran: list[int] = []
    with DiskThread("disk") as disk:
        with trio.CancelScope() as scope:
            scope.cancel()
            await disk.run(ran.append, 1)
        await disk.run(ran.append, 2)
    assert [2] == ran
