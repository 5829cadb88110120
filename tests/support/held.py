"""The service on unix sockets that somebody else holds, as under systemd: they outlive every process."""

import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.service import TONEARM, Service

UNIX = {"TONEARM_HTTP__TRUSTED_PROXIES": '["unix"]'}  # what is told of the proxy in front


class Held:
    """The two sockets; `serve` starts a process on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = {name: folder / f"{name}.sock" for name in ("http", "beacon")}
        self.sockets = {name: socket.socket(socket.AF_UNIX) for name in self.paths}
        for name, path in self.paths.items():
            self.sockets[name].bind(str(path))
            self.sockets[name].listen(4096)

    def serve(self, data_dir: Path, environment: Mapping[str, str], *words: str) -> Service:
        descriptors = [self.sockets[name].fileno() for name in ("http", "beacon")]
        activate: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.support.activate",
            *map(str, descriptors),
            TONEARM,
            "serve",
        ]
        own = {"PYTHONPATH": str(Path(__file__).parents[2]), "TONEARM_HTTP__PROXY_IDLE_S": "10"}  # the default
        return Service(data_dir, {**UNIX, **own, **environment}, *words, program=activate, descriptors=descriptors)

    def close(self) -> None:
        for held in self.sockets.values():
            held.close()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose sockets have names short enough for the kernel; pytest's own can be too long."""
    folder = Path(tempfile.mkdtemp(prefix="tonearm-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def held(folder: Path) -> Iterator[Held]:
    sockets = Held(folder)
    try:
        yield sockets
    finally:
        sockets.close()
