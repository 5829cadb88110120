"""A real Caddy with deploy/Caddyfile, changed only where an operator changes it too: paths, ports, names."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificate import HOST, Certificate
from tests.support.nginx import DEPLOY, START_S, free_ports, listening

PROGRAM = shutil.which("caddy")

OWN_SITE = """
http://:{own_site} {{
	bind 127.0.0.1
	import tonearm
	handle {{
		respond "<!doctype html><title>band</title>"
	}}
}}
"""


class Caddy:
    """`own_site` and `tls` as tests/support/nginx.py has them."""

    def __init__(self, folder: Path, sockets: Path, certificate: Certificate, changes: Mapping[str, str]) -> None:
        self.folder = folder
        self.own_site, self.tls, plain = free_ports(3)
        here = {
            "{\n\tservers {": f"{{\n\tadmin off\n\thttp_port {plain}\n\tservers {{",
            "unix//run/tonearm/": f"unix/{sockets}/",
            "/var/log/caddy/": f"{folder}/",
            f"\n{HOST} {{": f"\nhttps://{HOST}:{self.tls} {{\n\ttls {certificate.chain} {certificate.key}",
            **changes,
        }
        text = (DEPLOY / "Caddyfile").read_text()
        for before, after in here.items():
            assert before in text
            text = text.replace(before, after)
        (folder / "Caddyfile").write_text(text + OWN_SITE.format(own_site=self.own_site))
        assert PROGRAM is not None
        with (folder / "caddy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
                stderr=log,
                env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            )

    def ready(self) -> "Caddy":
        deadline = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if listening(self.tls) and listening(self.own_site):
                return self
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"Caddy did not start: {(self.folder / 'caddy.log').read_text()}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(START_S)

    def written(self) -> bytes:
        """Every log it wrote."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.log")))


@contextmanager
def caddy(sockets: Path, certificate: Certificate, changes: Mapping[str, str] | None = None) -> Iterator[Caddy]:
    """In front of the sockets `http.sock` and `beacon.sock` in `sockets`."""
    folder = sockets / "caddy"
    folder.mkdir()
    running = Caddy(folder, sockets, certificate, changes or {})
    try:
        yield running.ready()
    finally:
        running.stop()
