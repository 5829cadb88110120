"""Events lost and events counted twice, when the service is killed and when the database goes away under load.

Each event has a track of its own, and the generator remembers which it was promised (tests/support/load.py).
"""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

import trio

from bench.plan import Plan
from bench.progress import Steps
from bench.results import Table
from bench.rig import Rig, drained
from storage.bridge import Address, open_database
from storage.check import check
from tests.support.load import Load, Promises, counted
from tests.support.postgres import Postgres
from tests.support.service import Service

STEPS: Final = 2

_ENVIRONMENT: Final = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
_OUTAGE_S: Final = 2.0
_AROUND_S: Final = 2.0  # of load before and after an outage
_BACK_WITHIN_S: Final = 120


@dataclass(frozen=True, slots=True)
class Losses:
    """What came of the promises. `refused`: answered with something else than 202."""

    times: int
    promised: int
    lost: int
    doubled: int
    uninvited: int
    refused: int
    differences: int  # of `tonearm check`

    def cells(self, what: str) -> tuple[str, ...]:
        numbers = (self.times, self.promised, self.lost, self.doubled, self.uninvited, self.refused, self.differences)
        return (what, *(f"{number:,}" for number in numbers))


def measure(rig: Rig, plan: Plan, steps: Steps) -> Table:
    """Both faults."""
    steps.step(f"Killing the service {plan.kills} times")
    killed = trio.run(_kills, rig.folder / "kills", rig.postgres.new_database(), plan.kills)
    steps.step(f"Killing PostgreSQL {plan.outages} times")
    with _own_postgres(rig.folder / "outage") as (postgres, keeper, cluster):
        away = trio.run(_outages, rig.folder / "outages", postgres.new_database(), keeper, cluster, plan.outages)
    return Table(
        "losses",
        "Events lost and doubled under faults",
        ("fault", "times", "answered 202", "lost", "doubled", "counted uninvited", "refused", "counters off"),
        [
            killed.cells("SIGKILL of the service under load"),
            away.cells(f"SIGKILL of PostgreSQL under load, {_OUTAGE_S:.0f} s away"),
        ],
    )


async def _kills(data_dir: Path, url: str, times: int) -> Losses:
    random, promises = Random(1), Promises()
    for number in range(times):
        async with _serving(data_dir, url) as service, trio.open_nursery() as nursery:
            await nursery.start(_load(service, promises, f"run-{number}").run)
            await trio.sleep(random.uniform(0.3, 1.5))
            service.process.kill()
            service.process.wait()
            nursery.cancel_scope.cancel()
    async with _serving(data_dir, url) as service:
        return await _settled(service, url, promises, times)


async def _outages(data_dir: Path, url: str, keeper: int, cluster: Path, times: int) -> Losses:
    promises = Promises()
    async with _serving(data_dir, url) as service:
        async with trio.open_nursery() as nursery:
            await nursery.start(_load(service, promises, "outage").run)
            for _ in range(times):
                await trio.sleep(_AROUND_S)
                await _away(keeper, cluster)
            await trio.sleep(_AROUND_S)
            nursery.cancel_scope.cancel()
        return await _settled(service, url, promises, times)


async def _away(keeper: int, cluster: Path) -> None:
    """Kill PostgreSQL, and have nobody start it again for a while."""
    postmaster = await _running(cluster / "postmaster.pid")
    os.kill(keeper, signal.SIGSTOP)
    try:
        os.kill(postmaster, signal.SIGKILL)
        await trio.sleep(_OUTAGE_S)
    finally:
        os.kill(keeper, signal.SIGCONT)


async def _running(pid_file: Path) -> int:
    """The postmaster's process id, once there is one: after the outage before, its keeper takes its time."""
    with trio.fail_after(_BACK_WITHIN_S):
        while True:
            try:
                pid = int(pid_file.read_text().split()[0])
                os.kill(pid, 0)
            except (OSError, IndexError, ValueError):
                await trio.sleep(0.1)
            else:
                return pid


def _load(service: Service, promises: Promises, name: str) -> Load:
    door = urlsplit(service.beacon)
    assert door.hostname is not None
    assert door.port is not None
    return Load(door.hostname, door.port, promises, name=name)


@asynccontextmanager
async def _serving(data_dir: Path, url: str) -> AsyncIterator[Service]:
    """A service that answers; whatever is left of it at the end is killed."""
    service = Service(data_dir, {**_ENVIRONMENT, "TONEARM_DATABASE_URL": url})
    try:
        await trio.to_thread.run_sync(service.ready)
        yield service
    finally:
        service.process.kill()
        service.process.wait()


async def _settled(service: Service, url: str, promises: Promises, times: int) -> Losses:
    """Once everything that was accepted is counted."""
    await trio.to_thread.run_sync(drained, service)
    await trio.to_thread.run_sync(service.stop)
    async with open_database(Address(url=url), connections=1) as database:
        plays = await counted(database)
        report = await database.transaction(check)
    return Losses(
        times,
        promised=len(promises.acknowledged),
        lost=sum(1 for key in promises.acknowledged if not plays.get(key)),
        doubled=sum(1 for number in plays.values() if number > 1),
        uninvited=sum(1 for key in plays if key not in promises.sent or key in promises.refused),
        refused=len(promises.refused),
        differences=len(report.differences),
    )


@contextmanager
def _own_postgres(folder: Path) -> Iterator[tuple[Postgres, int, Path]]:
    """One that may be killed, with its keeper's process id and its cluster's folder: the others' stays up."""
    command = [sys.executable, "-m", "tests.support.keep_postgres", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        host, port, user = keeper.stdout.readline().split()
        try:
            yield Postgres(host, int(port), user), keeper.pid, folder / "cluster"
        finally:
            keeper.stdin.close()
            keeper.wait(60)
