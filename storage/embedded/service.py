"""Keeps an embedded PostgreSQL running for as long as a context is open, and gives the address to reach it at.

It owns the decision whether PostgreSQL should run: the lock of the folder, the start, the supervision, the stop.
How a process is started is in storage/embedded/postmaster.py, what lies where in storage/embedded/cluster.py.
"""

import fcntl
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from storage.embedded.account import ROOT, cluster_account, service_account
from storage.embedded.cluster import Layout
from storage.embedded.error import EmbeddedError
from storage.embedded.postmaster import Postmaster
from storage.embedded.settings import DATABASE, PORT, SOCKET_NAME, SUPERUSER, write_settings
from storage.embedded.view import view_for
from storage.embedded.wheel import PROGRAM_ENVIRONMENT

# sun_path holds 108 bytes on Linux and 104 elsewhere, the closing zero byte included.
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103

RESTART_FIRST_PAUSE_S = 0.5
RESTART_LONGEST_PAUSE_S = 30.0
# One that lived this long was well: its end is a new event, not the next of a series.
STABLE_AFTER_S = 60.0
_LOCK_TRIES = 5
_LOCK_PAUSE_S = 0.05


@dataclass(frozen=True)
class Address:
    """Where to connect, by unix socket and without a password; valid while the context is open.

    `host` is the socket's folder, absolute, as asyncpg and libpq take it.
    """

    host: str
    port: int
    user: str
    database: str


def client_environment(address: Address) -> dict[str, str]:
    """The whole environment for a program of `binaries()`, such as pg_dump, to connect to `address`."""
    return PROGRAM_ENVIRONMENT | {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGDATABASE": address.database,
    }


@asynccontextmanager
async def embedded_postgres(
    directory: Path, *, report: Callable[[str], None], start_timeout_s: float = 120
) -> AsyncIterator[Address]:
    """Run PostgreSQL on `directory`, which is made if it does not exist, and whose parent belongs to the service.

    Open it in the main thread. `report` gets one sentence for a person at a time, while something takes long and when
    PostgreSQL had to be started again. `start_timeout_s` bounds each start; one after a crash may take long.
    While the context is open, a postmaster that ends is started again, without end and with growing pauses.
    Leaving the context stops PostgreSQL, also when cancelled.

    Raises EmbeddedError where another service uses the folder or PostgreSQL does not start.
    An exception of the body comes out as it is, in no group.
    """
    with _readable_errors(directory):
        layout = _prepared(directory)
    with _lock(layout):
        with _readable_errors(directory):
            postmaster = _postmaster(layout, report)
        try:
            with _readable_errors(directory):
                await postmaster.start(start_timeout_s)
            failure: BaseException | None = None
            with address_of(layout) as address:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_supervise, postmaster, report, start_timeout_s)
                    try:
                        yield address
                    except (Exception, KeyboardInterrupt) as error:
                        failure = error  # raised below, since the nursery would wrap it into a group
                    nursery.cancel_scope.cancel()
            if failure is not None:
                raise failure
        finally:
            with trio.CancelScope(shield=True):
                await postmaster.stop()


async def _supervise(postmaster: Postmaster, report: Callable[[str], None], start_timeout_s: float) -> None:
    """Start PostgreSQL again whenever it ends, for ever: meanwhile the service goes on with its spool."""
    pause_s = RESTART_FIRST_PAUSE_S
    while True:
        started = trio.current_time()
        how = await postmaster.died()
        report(f"The embedded PostgreSQL ended unexpectedly ({how}); starting it again.")
        if trio.current_time() - started > STABLE_AFTER_S:
            pause_s = RESTART_FIRST_PAUSE_S
        while True:
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, RESTART_LONGEST_PAUSE_S)
            try:
                await postmaster.start(start_timeout_s)
            except (EmbeddedError, OSError) as error:
                report(f"{error} Trying again in {pause_s:.0f} s.")
            else:
                report("The embedded PostgreSQL is ready again.")
                break


def _prepared(directory: Path) -> Layout:
    """The folder, made if it did not exist, with its lock file but nothing else."""
    service_account()  # refuses a user without a name before anything is written
    if not directory.exists():
        directory.mkdir(mode=0o700)
    layout = Layout(directory.resolve())
    if os.geteuid() != ROOT:
        layout.directory.chmod(0o700)
    return layout


def _postmaster(layout: Layout, report: Callable[[str], None]) -> Postmaster:
    """Settle who runs PostgreSQL and what it sees, and write its settings; the lock is held."""
    service = service_account()
    account = cluster_account(layout.cluster, service)
    layout.hand_over(account)
    view = view_for(layout.directory, service, account)
    write_settings(layout.settings, (service.name, account.name, "root"))
    for path in (layout.settings, *layout.settings.iterdir()):
        layout.keep_owner(path)
    return Postmaster(layout, account, view, switch=account != service, report=report)


@contextmanager
def _lock(layout: Layout) -> Iterator[None]:
    """Hold the folder for this process alone. The kernel lets go of it when the process ends, however it ends."""
    with _readable_errors(layout.directory):
        # Close-on-exec, as Python opens every file: a PostgreSQL that outlives us must not hold the lock.
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with _readable_errors(layout.directory):
            layout.keep_owner(layout.lock)
            _take(layout, descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(layout: Layout, descriptor: int) -> None:
    if not _taken(descriptor):
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        raise EmbeddedError(
            f"Another Tonearm (process {holder}) uses the database in {layout.directory}: stop it first,"
            " or give this one a data directory of its own in TONEARM_DATA_DIR."
        )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _taken(descriptor: int) -> bool:
    """A command that looks whether a service runs holds the lock for a moment; a service holds it for good."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True
    return False


@contextmanager
def address_of(layout: Layout) -> Iterator[Address]:
    """The address, through an open descriptor where the socket's path is longer than a socket address holds."""
    host, descriptor = str(layout.socket), None
    if len(os.fsencode(layout.socket / SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        if sys.platform != "linux":
            raise EmbeddedError(
                f"The path {layout.socket} is too long for a unix socket: choose a data directory nearer to the root."
            )
        descriptor = os.open(layout.socket, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # By number rather than `self`, so that pg_dump, a child, can use it too.
        host = f"/proc/{os.getpid()}/fd/{descriptor}"
    try:
        yield Address(host, PORT, SUPERUSER, DATABASE)
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def _readable_errors(directory: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a sentence."""
    try:
        yield
    except OSError as error:
        raise EmbeddedError(
            f"The database folder {directory} cannot be used: {error.strerror} ({error.filename or directory});"
            " see that it lies on a local disk with room on it, and that it and all in it belong to the user"
            " Tonearm runs as."
        ) from error
