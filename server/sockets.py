"""Listening sockets, bound before anything else starts: a port that is taken is known at once."""

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

BACKLOG: Final = 1024  # connections the kernel keeps while the process is busy; a page's beacons come in bursts
_REASONS: Final = {
    errno.EADDRINUSE: "something else is listening there",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "this user may not listen there",
}


class BindError(Exception):
    """A sentence: where it could not listen, why, and which setting to change."""


def listen(bind: str, setting: str) -> socket.socket:
    """A listening, non-blocking socket for HOST:PORT, [IPV6]:PORT or unix:/PATH. Raises BindError naming `setting`."""
    try:
        listener = _unix(Path(bind.removeprefix("unix:"))) if bind.startswith("unix:") else _tcp(bind)
    except (OSError, UnicodeError) as error:
        reason = _REASONS.get(getattr(error, "errno", 0) or 0, getattr(error, "strerror", None) or str(error))
        raise BindError(f"Tonearm cannot listen on {bind}: {reason}. Choose another address with {setting}.") from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def forget(bind: str) -> None:
    """After closing: a unix socket leaves its file behind."""
    if bind.startswith("unix:"):
        Path(bind.removeprefix("unix:")).unlink(missing_ok=True)


def cut(listener: socket.socket) -> int:
    """Shut every connection of this process that `listener` has accepted; returns how many there were.

    For what nobody holds a handle to: Hypercorn writes an answer shielded from cancellation, so a client that takes
    nothing any more would keep the process from stopping for ever.
    """
    own = listener.getsockname()
    found = 0
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError), socket.socket(fileno=os.dup(int(path.name))) as connection:
            if connection.family == listener.family and _accepted_at(own, connection):
                connection.shutdown(socket.SHUT_RDWR)
                found += 1
    return found


def _accepted_at(own: Any, connection: socket.socket) -> bool:
    """Raises OSError for what has no peer, as a listening socket."""
    connection.getpeername()
    name = connection.getsockname()
    return bool(name == own) if connection.family == socket.AF_UNIX else name[1] == own[1]


def describe(listener: socket.socket) -> str:
    """The address as a URL where it has one, with the port it really got."""
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}/"


def _tcp(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait out old connections
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def _unix(path: Path) -> socket.socket:
    _remove_abandoned(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o117)  # the proxy's group may connect, others may not
    try:
        listener.bind(str(path))
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


def _remove_abandoned(path: Path) -> None:
    """A socket file nobody listens behind stays after a kill and would block the next start."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
