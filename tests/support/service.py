"""The real service as a process of its own, started and stopped the way a user does it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TONEARM = Path(sys.executable).with_name("tonearm")
START_S = 90  # a first start with the demo makes a database and some music
STOP_S = 60
READY = re.compile(r"ready at (\S+?)/? and takes events at (\S+?)/? as well")


class Service:
    """One run of `tonearm serve`."""

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str],
        *words: str,
        program: Sequence[str | Path] = (TONEARM, "serve"),
        descriptors: Sequence[int] = (),
    ) -> None:
        """`words`: further words of the command line. `program`: what to run where it is not the command itself.

        `descriptors`: what it inherits.
        """
        self.data_dir = data_dir
        self.environment = without_settings() | {
            "TONEARM_DATA_DIR": str(data_dir),
            "TONEARM_HTTP__BIND": "127.0.0.1:0",
            "TONEARM_BEACON__BIND": "127.0.0.1:0",
            "PYTHONUNBUFFERED": "1",
            "TONEARM_HTTP__PROXY_IDLE_S": "0.5",  # tests come as a trusted proxy, and keep connections as browsers do
            "TONEARM_LIMITS__REFUSE_CRAWLERS": "false",  # urllib and a headless browser are on the list
            "TONEARM_LIMITS__NEW_KEYS_PER_DAY": "10000000",  # load has a key per event, to look each up
            "TONEARM_CANARY__EVERY_S": "0",  # tests count what is received; those of the canary turn it on
            **environment,
        }
        self.log = data_dir.with_name(data_dir.name + ".log")
        with self.log.open("ab") as log:
            self._began = log.tell()
            self.process = subprocess.Popen(
                [*program, *words],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=data_dir.parent,
                pass_fds=descriptors,
            )
        self.url = self.beacon = ""

    def ready(self, within_s: float = START_S) -> "Service":
        """Wait until it says where it is."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if found := READY.search(self.said()):
                self.url, self.beacon = found.group(1), found.group(2)
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the service did not start: {self.said()}")

    def said(self) -> str:
        """What this run printed so far."""
        with self.log.open("rb") as log:
            log.seek(self._began)
            return log.read().decode()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`tonearm WORDS` with the same environment."""
        return subprocess.run(
            [TONEARM, *words], env=self.environment, capture_output=True, text=True, check=check, timeout=120
        )


def eventually(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for what another process does: counting goes on behind an answer, and only the clock can end the wait."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def without_settings() -> dict[str, str]:
    """This process's environment without any setting of Tonearm."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TONEARM_")}


@contextmanager
def serving(data_dir: Path, environment: Mapping[str, str] | None = None, *words: str) -> Iterator[Service]:
    """A service that answers, stopped at the end if the test has not done so."""
    service = Service(data_dir, environment or {}, *words)
    try:
        yield service.ready()
    finally:
        service.stop()
