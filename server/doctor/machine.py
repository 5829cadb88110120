"""What the system allows the service."""

import os
from pathlib import Path
from typing import Final

from server.config import Config
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import START_IT, count, size
from server.sockets import BACKLOG

ROOT: Final = 0
MIB: Final = 1 << 20
_BESIDES: Final = 256  # files of the database's connections, the spool, pages and their streams
_HARDLY_ANY: Final = 512
_SHARED_ENOUGH: Final = 128 * MIB
_SHM: Final = Path("/dev/shm")  # noqa: S108  # its size is asked for; nothing is put there
_SOMAXCONN: Final = Path("/proc/sys/net/core/somaxconn")


def backlog_allowed() -> int | None:
    """How many connections may wait on a socket."""
    try:
        return int(_SOMAXCONN.read_text())
    except (OSError, ValueError):
        return None


def shared_memory_bytes() -> int | None:
    """How large /dev/shm is."""
    try:
        found = os.statvfs(_SHM)
    except OSError:
        return None
    return found.f_blocks * found.f_frsize


def account(uid: int | None) -> Finding:
    """Of the running service."""
    code = "account"
    if uid is None:
        return unknown(code, "Under which account the service runs is told only while it runs.", START_IT)
    if uid == ROOT:
        return warn(
            code,
            "The service runs as root: a mistake in it would have the whole machine.",
            "Give it an account of its own, as deploy/tonearm.service does, and the data directory to that account.",
        )
    return ok(code, "The service has an account that is not root.")


def descriptors(allowed: int | None, config: Config) -> Finding:
    """`allowed`: open files of the running service; -1: any number."""
    code, wanted = "descriptors", config.beacon.connections + _BESIDES
    if allowed is None:
        return unknown(code, "How many files the service may have open is told only while it runs.", START_IT)
    mend = "Set LimitNOFILE=65536 in its unit (deploy/tonearm.service), or `ulimit -n` before it is started."
    if -1 < allowed < _HARDLY_ANY:
        return fail(code, f"The service may have {allowed:,} files open, its connections included.", mend)
    if -1 < allowed < wanted:
        return warn(
            code,
            f"The service may have {allowed:,} files open, and [beacon] connections alone allows "
            f"{count(config.beacon.connections, 'connection')}: further ones would fail.",
            mend,
        )
    return ok(code, f"The service may have {'any number of' if allowed < 0 else f'{allowed:,}'} files open.")


def backlog(allowed: int | None) -> Finding:
    """What comes in while one process follows another waits there."""
    code = "backlog"
    if allowed is None:
        return unknown(code, "How many connections may wait cannot be told.", "Look with: sysctl net.core.somaxconn")
    if allowed < BACKLOG:
        return warn(
            code,
            f"{allowed:,} connections may wait on a socket, {BACKLOG:,} are asked for: a restart under load can refuse "
            "some.",
            f"sysctl net.core.somaxconn={BACKLOG}, and a line in /etc/sysctl.d/ so that it stays.",
        )
    return ok(code, f"{allowed:,} connections may wait on a socket.")


def shared_memory(kind: str | None, there: int | None, *, embedded: bool) -> Finding:
    """`kind`: the embedded PostgreSQL's `dynamic_shared_memory_type`; `there`: the size of /dev/shm."""
    code = "shared-memory"
    if not embedded:
        return ok(code, "The database is not Tonearm's own, and neither is its shared memory.")
    if kind is None:
        return unknown(code, "What the embedded database uses for shared memory is told only while it runs.", START_IT)
    if kind != "posix":
        return ok(code, f"The embedded database keeps what its processes share in files ({kind}), not in /dev/shm.")
    if there is None or there < _SHARED_ENOUGH:
        found = "not there" if there is None else size(there)
        return warn(
            code,
            f"The embedded database was told to use /dev/shm, which is {found}: large questions would fail.",
            "ALTER SYSTEM RESET dynamic_shared_memory_type, and restart the service; or make /dev/shm larger "
            "(docker: --shm-size).",
        )
    return ok(code, f"The embedded database was told to use /dev/shm, which has {size(there)}.")
