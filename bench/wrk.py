"""One run of the load generator, wrk, and what it saw."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 64  # what a proxy keeps open to a busy service
NEW_LISTENERS: Final = 0  # every request a listener nobody has seen before
POOL: Final = 5_000  # listeners in the other variant

_HERE: Final = Path(__file__).parent
_MARK: Final = "RESULT "


class BenchError(Exception):
    """A sentence: why nothing can be measured, and what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """`refused`: answers of 400 and above; `broken`: connections that failed or timed out. Times in microseconds."""

    requests: int
    duration_us: int
    refused: int
    broken: int
    p50_us: int
    p99_us: int
    max_us: int

    @property
    def accepted(self) -> int:
        return self.requests - self.refused

    @property
    def per_second(self) -> float:
        """Accepted requests."""
        return self.accepted / self.duration_us * 1e6


def require() -> None:
    """Raises BenchError where wrk is missing."""
    if shutil.which("wrk") is None:
        raise BenchError("The load generator wrk is not on this machine. On Debian: apt-get install wrk")


def send_events(url: str, seconds: int, *, listeners: int, seed: int, connections: int = CONNECTIONS) -> Run:
    """Beacons to `url` as fast as they are answered."""
    return _run(url, seconds, connections, "beacon.lua", str(seed), str(listeners))


def read_pages(url: str, seconds: int, *, connections: int) -> Run:
    """GET `url` over and over."""
    return _run(url, seconds, connections, "read.lua")


def _run(url: str, seconds: int, connections: int, script: str, *args: str) -> Run:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", str(_HERE / script), url]
    done = subprocess.run([*command, "--", *args], capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if not found:
        raise BenchError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    run = Run(**json.loads(found[0].removeprefix(_MARK)))
    if run.requests == run.refused:
        raise BenchError(f"{url} accepted nothing of {run.requests} requests.")
    return run
