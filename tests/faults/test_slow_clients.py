"""Clients that are slow, silent or deaf, beside normal load: they are let go, and it goes on.

What they take from its rate is measured by `python -m bench patience`.
"""

import os
from pathlib import Path

import pytest
import trio

from storage.bridge import Address
from tests.faults.test_database_outage import kept, started
from tests.faults.test_kill_service import address
from tests.support.load import Load, Promises
from tests.support.service import Service, eventually
from tests.support.slow_clients import slow_clients

MOST_MORE_MEMORY = 30 << 20
IMPATIENT = {f"TONEARM_BEACON__{name}_S": "2" for name in ("HEADER", "BODY", "IDLE", "WRITE")}


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
    with slow_clients(service.beacon, 1000 if full else 100) as clients:
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
async def test_beside_a_thousand_nobody_is_refused_and_everything_counts(data_dir: Path, database_url: str) -> None:
    """With the patience a service has by default, in turns with load that is alone."""
    promises = Promises()
    service = await started(data_dir, {"TONEARM_DATABASE_URL": database_url})
    for turn in range(4):
        assert 0 < await accepted_in(service, promises, 5, f"alone-{turn}")
        with slow_clients(service.beacon, 1000):
            await trio.sleep(4)  # all of them are where they wait
            assert 0 < await accepted_in(service, promises, 5, f"beside-{turn}")
    assert {} == promises.refused
    await kept(service, promises, Address(url=database_url))
    assert 0 == await trio.to_thread.run_sync(service.stop)
