"""A real service beside a test's own tasks, for as long as a block of the test lasts."""

import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trio

from tests.support.service import Service

UNLIMITED: Final = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
PATIENCE_S: Final = 30.0  # a stop counts what is spooled for up to 15 s, and lets open requests finish before


@asynccontextmanager
async def running(
    data_dir: Path, environment: Mapping[str, str] | None = None, *words: str, patience_s: float = PATIENCE_S
) -> AsyncIterator[Service]:
    """One that answers, and takes any number of events from one address unless `environment` says otherwise.

    However the block ends, nothing runs after it: what the test has not stopped gets SIGTERM, and SIGKILL where it
    has not gone `patience_s` seconds later. A service left behind would fail the next test, which is not to blame.
    """
    service = Service(data_dir, {**UNLIMITED, **(environment or {})}, *words)
    try:
        await trio.to_thread.run_sync(service.ready)
        yield service
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(_end, service.process, patience_s)


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
