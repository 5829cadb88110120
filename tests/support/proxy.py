"""What tests need of a proxy, whichever it is: that it answers before they begin, that it ends, and what it wrote."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

DEPLOY = Path(__file__).parents[2] / "deploy"
_START_S = 20


class Proxy:
    """A process with its files in `folder`. `own_site` is the port of a site that has Tonearm's routes on its own
    origin, `tls` and `plain` are those of the host that Tonearm has for itself, `metrics` that of who watches.
    """

    process: "subprocess.Popen[bytes]"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.own_site, self.tls, self.plain, self.metrics = free_ports(4)

    def start(self, *command: str, environ: dict[str, str] | None = None) -> None:
        """Returns at once. What it says goes into a file, whose length nobody has to read away."""
        with (self.folder / "said.log").open("wb") as said:
            self.process = subprocess.Popen(command, stderr=said, env=environ)

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Until the block ends."""
        try:
            self._wait()
            yield self
        finally:
            self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if listening(self.tls) and listening(self.own_site):
                return
            time.sleep(0.02)
        raise AssertionError(f"The proxy did not start: {(self.folder / 'said.log').read_text()}")

    def stop(self) -> None:
        """At once."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(_START_S)

    def written(self) -> bytes:
        """Every log it wrote."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.log")))


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_ports(number: int) -> list[int]:
    """Ports nobody listens on now; all are held until the last is found, so that they differ."""
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
