"""Several processes on the same sockets: they die and come back, and every 202 is still counted exactly once."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import trio

from actors.events import Moment, Play, encode
from storage.bridge import Address, open_database
from storage.check import check
from storage.spool import Spool
from tests.faults.test_kill_service import address
from tests.support.load import Load, Promises, assert_kept, counted
from tests.support.running import running
from tests.support.service import Service, eventually, serving

KILLS = 3
KILLS_FULL = 10  # the supervisor's pause for one worker doubles with each


def workers_of(service: Service) -> list[int]:
    """The pids of the supervisor's worker processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == service.process.pid and b"\0worker\0" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


async def test_workers_that_are_killed_come_back_and_lose_nothing(
    data_dir: Path, database_url: str, full: bool
) -> None:
    random = Random(2)
    promises = Promises()
    environment = {"TONEARM_DATABASE_URL": database_url}
    async with running(data_dir, environment, "--workers", "3") as service:
        assert 3 == len(workers_of(service))
        async with trio.open_nursery() as nursery:
            await nursery.start(Load(*address(service.beacon), promises, connections=24, name="beacon").run)
            await nursery.start(Load(*address(service.url), promises, connections=6, name="http").run)
            for _ in range(KILLS_FULL if full else KILLS):
                await trio.sleep(random.uniform(0.3, 1.0))
                os.kill(random.choice(workers_of(service)), signal.SIGKILL)
                await trio.to_thread.run_sync(eventually, lambda: len(workers_of(service)) == 3, 60)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        assert 0 == await trio.to_thread.run_sync(service.stop)
    # With fewer workers: what the third one may have left is taken over.
    async with running(data_dir, environment) as fewer:
        await trio.to_thread.run_sync(eventually, lambda: spools(data_dir) == ["spool-0.sqlite"])
        assert 0 == await trio.to_thread.run_sync(fewer.stop)
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences
    assert len(promises.acknowledged) > 500


def spools(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.glob("spool-*.sqlite"))


def test_an_abandoned_spool_with_events_in_it_is_counted(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir()
    left = Spool(data_dir / "spool-7.sqlite", max_bytes=1 << 20)
    left.append(encode([Play(Moment(1_795_000_000 // 3600 * 3600, 739_942), "left-behind", "complete")]), 1)
    left.close()
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url}) as service:
        eventually(lambda: spools(data_dir) == ["spool-0.sqlite"])
        assert re.search(r'"complete": 1\b', service.command("stats", "track", "left-behind", "--json").stdout)
        assert 0 == service.stop()


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.full), signal.SIGKILL])
def test_no_worker_outlives_its_supervisor(data_dir: Path, database_url: str, number: signal.Signals) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url}
    with serving(data_dir, environment, "--workers", "2") as service:
        pids = workers_of(service)
        assert 2 == len(pids)
        service.stop(number)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    with serving(data_dir, environment, "--workers", "2") as again:
        assert 0 == again.stop()
