"""How a command finds the service that runs on a data directory: a file that only a living service holds locked."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FILE_NAME: Final = "service.json"

_TRIES: Final = 5
_PAUSE_S: Final = 0.05


class AlreadyRunning(Exception):
    """A sentence: another service has this data directory."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What a running service says of itself; `mode` follows every change, as its answer to a command."""

    pid: int
    mode: str
    reloads: int = 0


class Present:
    """Held by the service while it runs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, mode: str, reloads: int) -> None:
        """Short enough for one write; a reader never sees half of it."""
        text = json.dumps(asdict(Presence(os.getpid(), mode, reloads))).encode().ljust(128) + b"\n"
        os.pwrite(self._descriptor, text, 0)


@contextmanager
def present(data_dir: Path) -> Iterator[Present]:
    """Be found. Raises AlreadyRunning."""
    descriptor = os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _hold(descriptor, data_dir)
        yield Present(descriptor)
    finally:
        os.close(descriptor)


def _hold(descriptor: int, data_dir: Path) -> None:
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)  # a command that looks holds it for a moment
        else:
            return
    raise AlreadyRunning(f"Another Tonearm is running on {data_dir}; stop it first, or set TONEARM_DATA_DIR.")


def look_up(data_dir: Path) -> Presence | None:
    """The service that runs on this data directory, if one does; a number left by a dead one is not believed."""
    try:
        descriptor = os.open(data_dir / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 4096, 0)
        return Presence(**json.loads(text)) if text.strip() else None
    else:
        return None
    finally:
        os.close(descriptor)
