"""The thread that holds the connections ends from inside: loudly, and nothing is lost or waited for without end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import trio

from storage.bridge import Address, open_database
from storage.check import check
from tests.faults.test_kill_service import address
from tests.support.load import Load, Promises, assert_kept, counted
from tests.support.service import Service

MODULE = "tests.support.dying_thread"
ROOT = Path(__file__).parents[2]


def test_every_call_ends_before_while_and_after_the_thread_does(database_url: str) -> None:
    command = [sys.executable, "-m", MODULE, "calls", database_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "41 DatabaseThreadDead" == done.stdout.strip(), done.stderr


async def test_the_service_ends_with_a_failure_and_the_next_start_counts_everything(
    data_dir: Path, database_url: str
) -> None:
    promises = Promises()
    environment = {
        "TONEARM_DATABASE_URL": database_url,
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        "PYTHONPATH": os.fspath(ROOT),
    }
    program = (sys.executable, "-m", MODULE, "serve")
    service = await trio.to_thread.run_sync(lambda: Service(data_dir, environment, program=program).ready())
    async with trio.open_nursery() as nursery:
        await nursery.start(Load(*address(service.beacon), promises).run)
        await trio.sleep(0.5)
        service.process.send_signal(signal.SIGUSR1)
        assert 0 < await trio.to_thread.run_sync(service.process.wait, 30)
        nursery.cancel_scope.cancel()
    assert "the database thread has ended" in service.said()
    again = await trio.to_thread.run_sync(lambda: Service(data_dir, environment).ready())
    assert 0 == await trio.to_thread.run_sync(again.stop)
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences
    assert len(promises.acknowledged) > 50
