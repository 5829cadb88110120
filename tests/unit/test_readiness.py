"""Ready or not, and why: what the disk says, when it is asked, and what a disk that hangs holds up: nothing."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from server.probes import HEALTHZ, READYZ, probes
from server.readiness import Readiness
from storage.spool import SpoolUnavailable

FULL = "the spool has reached its bound; the database must catch up first"


class Disk:
    """What a probe finds."""

    def __init__(self) -> None:
        self.refuses = ""
        self.looks = 0

    def probe(self) -> None:
        self.looks += 1
        if self.refuses:
            raise SpoolUnavailable(self.refuses)


def made(probe: Callable[[], None], *, stopping: bool = False, database_up: bool = True) -> Readiness:
    return Readiness(probe, stopping=lambda: stopping, database_up=lambda: database_up)


@pytest.fixture
def clock(autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch) -> trio.testing.MockClock:
    """It jumps, and would not wait for a thread."""

    async def at_once(call: Callable[[], str], **_: object) -> str:
        await trio.lowlevel.checkpoint()
        return call()

    monkeypatch.setattr(trio.to_thread, "run_sync", at_once)
    return autojump_clock


@asynccontextmanager
async def running(readiness: Readiness) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(readiness.run)
        await readiness.looked()
        yield
        nursery.cancel_scope.cancel()


async def test_a_disk_that_takes_events_is_ready() -> None:
    readiness = made(Disk().probe)
    async with running(readiness):
        assert [] == readiness.lacks()


async def test_a_spool_that_refuses_is_told_in_its_own_words(clock: trio.testing.MockClock) -> None:
    disk = Disk()
    readiness = made(disk.probe)
    async with running(readiness):
        disk.refuses = FULL
        await trio.sleep(1.1)
        await readiness.looked()
        [lack] = readiness.lacks()
        assert ("spool", "The spool has reached its bound; the database must catch up first.") == (lack.name, lack.says)


async def test_a_spool_that_has_room_again_is_ready_again(clock: trio.testing.MockClock) -> None:
    disk = Disk()
    disk.refuses = FULL
    readiness = made(disk.probe)
    async with running(readiness):
        assert readiness.lacks()
        disk.refuses = ""
        await trio.sleep(1.1)
        await readiness.looked()
        assert [] == readiness.lacks()


async def test_a_door_that_cannot_wait_tells_what_the_question_before_found(
    clock: trio.testing.MockClock,
) -> None:
    disk = Disk()
    readiness = made(disk.probe)
    async with running(readiness):
        disk.refuses = FULL
        await trio.sleep(60)
        before = readiness.lacks()
        await trio.sleep(5)
        assert ([], ["spool"]) == (before, [lack.name for lack in readiness.lacks()])


async def test_the_disk_is_left_alone_while_nobody_asks(clock: trio.testing.MockClock) -> None:
    disk = Disk()
    async with running(made(disk.probe)):
        await trio.sleep(3600)
        assert 1 == disk.looks


async def test_many_who_ask_cost_one_look_a_second(clock: trio.testing.MockClock) -> None:
    disk = Disk()
    readiness = made(disk.probe)
    async with running(readiness):
        for _ in range(100):
            readiness.lacks()
            await trio.sleep(0.1)
        assert 9 <= disk.looks <= 11


async def test_a_disk_that_hangs_is_told_and_holds_up_nobody() -> None:
    """The real clock: only a real thread can hang."""
    hangs, enough = threading.Event(), threading.Event()

    def probe() -> None:
        if hangs.is_set():
            enough.wait()

    readiness = made(probe)
    try:
        async with running(readiness):
            hangs.set()
            await trio.sleep(1.1)
            with trio.fail_after(10):
                await readiness.looked()
            assert ["The spool's disk does not answer."] == [lack.says for lack in readiness.lacks()]
            with trio.fail_after(10):  # and the next who asks waits no longer for that
                await readiness.looked()
            enough.set()
            hangs.clear()
            while readiness.lacks():
                await trio.sleep(0.05)
    finally:
        enough.set()


async def test_a_process_that_stops_is_not_ready_whatever_the_disk_says() -> None:
    disk = Disk()
    disk.refuses = FULL
    readiness = made(disk.probe, stopping=True)
    async with running(readiness):
        assert ["stopping"] == [lack.name for lack in readiness.lacks()]


@pytest.mark.parametrize("path", [HEALTHZ, READYZ])
async def test_a_probe_is_asked_with_get_or_head(path: str) -> None:
    probe = probes(made(Disk().probe))[path]
    answers = {method: probe(method) for method in ("GET", "HEAD", "POST")}
    assert [200, 200, 405] == [answer.status for answer in answers.values()]
    assert "GET, HEAD" == answers["POST"].headers["allow"]


async def test_a_database_that_is_away_is_named_and_no_reason() -> None:
    answer = probes(made(Disk().probe, database_up=False))[READYZ]("GET")
    assert (200, b'{"ready":true,"database":"away"}') == (answer.status, answer.body)


async def test_no_answer_is_kept_by_anybody_in_between() -> None:
    for readiness in (made(Disk().probe), made(Disk().probe, stopping=True)):
        assert {"no-store"} == {probe("GET").headers["cache-control"] for probe in probes(readiness).values()}
