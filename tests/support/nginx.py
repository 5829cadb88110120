"""A real nginx with the files of deploy/nginx, changed only where an operator changes them too: paths, ports, names."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificate import Certificate
from tests.support.proxy import DEPLOY, Proxy

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
_RELOAD_S = 20

MAIN = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
worker_shutdown_timeout 20s;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log {folder}/access.log;
    include {folder}/tonearm-shared.conf;
    include {folder}/tonearm-site.conf;
    include {folder}/tonearm-metrics.conf;
    server {{
        listen 127.0.0.1:{own_site};
        server_name band.example;
        client_header_timeout 10s;
        include {folder}/tonearm-routes.conf;
        location / {{ default_type text/html; return 200 "<!doctype html><title>band</title>"; }}
    }}
}}
"""


class Nginx(Proxy):
    """Started when it is made; `running` waits for it."""

    def __init__(self, folder: Path, sockets: Path, certificate: Certificate, changes: Mapping[str, str]) -> None:
        super().__init__(folder)
        self._write(sockets, certificate, changes)
        user = "user root;" if os.geteuid() == 0 else ""
        main = MAIN.format(user=user, folder=folder, own_site=self.own_site)
        for before, after in changes.items():
            main = main.replace(before, after)
        (folder / "nginx.conf").write_text(main)
        assert PROGRAM is not None
        self.start(PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;")

    def _write(self, sockets: Path, certificate: Certificate, changes: Mapping[str, str]) -> None:
        here = {
            "unix:/run/tonearm/": f"unix:{sockets}/",
            "/var/log/nginx/": f"{self.folder}/",
            "/etc/nginx/tonearm-routes.conf": f"{self.folder}/tonearm-routes.conf",
            "/etc/letsencrypt/live/plays.example.org/fullchain.pem": str(certificate.chain),
            "/etc/letsencrypt/live/plays.example.org/privkey.pem": str(certificate.key),
            "listen 127.0.0.1:8082;": f"listen 127.0.0.1:{self.metrics};",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen [::]:80;": "",
            "listen 443 ": f"listen 127.0.0.1:{self.tls} ",
            "listen [::]:443 ssl http2;": "",
            **changes,
        }
        used = set()
        for source in (DEPLOY / "nginx").glob("*.conf"):
            text = source.read_text()
            for before, after in here.items():
                used |= {before} if before in text else set()
                text = text.replace(before, after)
            (self.folder / source.name).write_text(text)
        assert here.keys() == used, "deploy/nginx no longer says what this file changes"

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(map(int, children.read_text().split()))

    def reload(self) -> None:
        """As `systemctl reload nginx`; returns once every worker from before has gone."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + _RELOAD_S
        while before & self.workers() or not self.workers():
            assert time.monotonic() < deadline, "old workers do not end"
            time.sleep(0.02)


@contextmanager
def nginx(sockets: Path, certificate: Certificate, changes: Mapping[str, str] | None = None) -> Iterator[Nginx]:
    """In front of the sockets `http.sock` and `beacon.sock` in `sockets`."""
    with Nginx(sockets / "nginx", sockets, certificate, changes or {}).running() as running:
        yield running
