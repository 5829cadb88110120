"""A real Caddy with deploy/Caddyfile, changed only where an operator changes it too: paths, ports, names."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificate import HOST, Certificate
from tests.support.proxy import DEPLOY, Proxy

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


class Caddy(Proxy):
    """Started when it is made; `running` waits for it."""

    def __init__(self, folder: Path, sockets: Path, certificate: Certificate, changes: Mapping[str, str]) -> None:
        super().__init__(folder)
        here = {
            "{\n\tservers {": f"{{\n\tadmin off\n\thttp_port {self.plain}\n\tservers {{",
            "unix//run/tonearm/": f"unix/{sockets}/",
            "\nhttp://:8082 {": f"\nhttp://:{self.metrics} {{",
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
        own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        command = (PROGRAM, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile")
        self.start(*command, environ=os.environ | own)


@contextmanager
def caddy(sockets: Path, certificate: Certificate, changes: Mapping[str, str] | None = None) -> Iterator[Caddy]:
    """In front of the sockets `http.sock` and `beacon.sock` in `sockets`."""
    with Caddy(sockets / "caddy", sockets, certificate, changes or {}).running() as running:
        yield running
