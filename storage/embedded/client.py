"""The way to an embedded PostgreSQL that another process, the running service, keeps."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.embedded.cluster import Layout
from storage.embedded.service import Address, address_of


@contextmanager
def running_postgres(directory: Path) -> Iterator[Address | None]:
    """Its address while the context is open; None where no service holds `directory`."""
    layout = Layout(directory.resolve())
    if not _held(layout.lock):
        yield None
        return
    with address_of(layout) as address:
        yield address


def _held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
