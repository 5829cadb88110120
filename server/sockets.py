"""Listening sockets, bound before anything else starts: a port that is taken is known at once."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Final

# Connections the kernel keeps while nobody takes them in: bursts, and all that comes while one process follows
# another. Linux allows as many by default (net.core.somaxconn); a unix socket refuses what is beyond.
BACKLOG: Final = 4096
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
        return prepared(_unix(Path(bind.removeprefix("unix:"))) if bind.startswith("unix:") else _tcp(bind))
    except (OSError, UnicodeError) as error:
        reason = _REASONS.get(getattr(error, "errno", 0) or 0, getattr(error, "strerror", None) or str(error))
        raise BindError(f"Tonearm cannot listen on {bind}: {reason}. Choose another address with {setting}.") from None


def prepared(listener: socket.socket) -> socket.socket:
    """The same, listening as it should, whoever has bound it."""
    if listener.family != socket.AF_UNIX:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.listen(BACKLOG)  # again where it listens already, which sets the backlog and loses nothing that waits
    listener.setblocking(False)
    return listener


def forget(bind: str) -> None:
    """After closing: a unix socket leaves its file behind."""
    if bind.startswith("unix:"):
        Path(bind.removeprefix("unix:")).unlink(missing_ok=True)


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
