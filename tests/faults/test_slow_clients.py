"""Clients that are slow, silent or deaf, beside normal load: they are let go, and cost next to nothing meanwhile."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from storage.bridge import Address
from tests.faults.test_database_outage import kept, started
from tests.faults.test_kill_service import address
from tests.support.load import Load, Promises
from tests.support.service import Service, eventually

MOST_MORE_MEMORY = 30 << 20
IMPATIENT = {f"TONEARM_BEACON__{name}_S": "2" for name in ("HEADER", "BODY", "IDLE", "WRITE")}


class SlowClients:
    """Running ones; after the context `ends` says how often which kind was let go how."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = {}


@contextmanager
def slow_clients(where: tuple[str, int], number: int) -> Iterator[SlowClients]:
    command = [sys.executable, "-m", "tests.support.slow_clients", where[0], str(where[1]), str(number)]
    clients = SlowClients()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        yield clients
        process.stdin.close()
        clients.ends = json.loads(process.stdout.read())


def descriptors(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def memory(service: Service) -> int:
    """Bytes in use (resident)."""
    return int(Path(f"/proc/{service.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def accepted_in(service: Service, promises: Promises, seconds: float, name: str) -> int:
    """How many events normal load gets through in that time."""
    before = len(promises.acknowledged)
    with trio.move_on_after(seconds):
        await Load(*address(service.beacon), promises, name=name).run()
    return len(promises.acknowledged) - before


async def test_they_are_let_go_and_disturb_nobody(data_dir: Path, database_url: str, full: bool) -> None:
    promises = Promises()
    service = await started(data_dir, {"TONEARM_DATABASE_URL": database_url, **IMPATIENT})
    await accepted_in(service, promises, 1, "warm")
    await trio.sleep(0.5)
    files, bytes_before = descriptors(service), memory(service)
    with slow_clients(address(service.beacon), 1000 if full else 100) as clients:
        await trio.sleep(20 if full else 4.5)
        assert MOST_MORE_MEMORY > memory(service) - bytes_before
        assert 0 < await accepted_in(service, promises, 2, "beside")
    for kind in ("byte by byte: 408", "half a head: 408", "half a body: 408", "says nothing: closed"):
        assert clients.ends[kind] > 0, clients.ends
    assert clients.ends["never reads: reset"] > 0, clients.ends
    # A connection to the database may have come in between.
    await trio.to_thread.run_sync(eventually, lambda: descriptors(service) <= files + 2)
    assert {} == promises.refused
    await kept(service, promises, Address(url=database_url))
    assert 0 == await trio.to_thread.run_sync(service.stop)


@pytest.mark.full
async def test_a_thousand_leave_normal_load_its_rate(data_dir: Path, database_url: str) -> None:
    """Side by side in one run, in turns, with the patience a service has by default."""
    promises = Promises()
    service = await started(data_dir, {"TONEARM_DATABASE_URL": database_url})
    alone, beside = 0, 0
    await accepted_in(service, promises, 2, "warm")
    for turn in range(4):
        alone += await accepted_in(service, promises, 5, f"alone-{turn}")
        with slow_clients(address(service.beacon), 1000):
            await trio.sleep(4)  # all of them are where they wait
            beside += await accepted_in(service, promises, 5, f"beside-{turn}")
    print(f"accepted alone {alone}, beside 1,000 slow clients {beside}: {beside / alone:.2f}")
    assert {} == promises.refused
    assert beside >= 0.8 * alone
    await kept(service, promises, Address(url=database_url))
    assert 0 == await trio.to_thread.run_sync(service.stop)
