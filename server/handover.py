"""Listening sockets that outlive a process, so that what browsers send while none listens waits in the kernel.

Two ways in, and one form for both, that of sd_listen_fds(3): descriptors from 3 on, named in the environment.

- systemd holds the sockets (deploy/tonearm-*.socket) and gives them to each process it starts.
- SIGUSR2: the process stops in order and becomes the next one by exec, which keeps its sockets, its number and its
  parent. Whatever it started with is read anew: the program, its packages, the configuration.

Either way the next process starts after the last one has stopped. So there is never more than one on a data
directory: its locks, its spools and the embedded PostgreSQL know no handover. Meanwhile connections wait in the
backlog (server/sockets.py), already connected and with what was sent on them.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Final, NoReturn

import trio

HTTP: Final = "http"
BEACON: Final = "beacon"
_NAMES: Final = (HTTP, BEACON)
_FIRST: Final = 3  # sd_listen_fds(3)
_OUT_OF_THE_WAY: Final = 100  # a descriptor may not be copied to a number that another one still has
_TRIAL: Final = (sys.executable, "-m", "server.cli", "config", "show")
_TRY_S: Final = 60.0


class NotHanded(Exception):
    """A sentence: what was handed over is not what a process can listen on."""


class Handover:
    """The sockets a process was given, and whether it hands them on."""

    def __init__(self, given: Mapping[str, socket.socket] | None = None) -> None:
        self._given = dict(given or {})
        self._kept: dict[str, socket.socket] = {}
        self.goes_on = False  # another process follows this one

    def given(self, name: str) -> socket.socket | None:
        """What somebody else opened for this door, if anybody did."""
        return self._given.get(name)

    def keep(self, name: str, listener: socket.socket) -> None:
        """It stays open for the process that follows."""
        self._kept[name] = listener

    def become_next(self, environ: Mapping[str, str]) -> NoReturn:
        """Be replaced by the program as it is now on the disk, with the sockets that were kept."""
        names = list(self._kept)
        copies = [fcntl.fcntl(self._kept[name], fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for name in names]
        for number, copy in enumerate(copies, _FIRST):
            os.dup2(copy, number, inheritable=True)
        listen = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**environ, **listen})  # noqa: S606  # no shell


def taken(environ: MutableMapping[str, str], pid: int) -> Handover:
    """What was handed to the process `pid`; the variables leave the environment. Raises NotHanded."""
    number, names = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_FDNAMES", "")
    if environ.pop("LISTEN_PID", "") != str(pid) or not number.isdecimal():
        return Handover()
    found = _split(names, int(number))
    for name in found:
        if name not in _NAMES or found.count(name) > 1:
            raise NotHanded(
                f"The socket handed over as {name!r} is for no door; the names are {HTTP!r} and {BEACON!r}, each once"
                " (FileDescriptorName= in a systemd socket unit)."
            )
    return Handover({name: _listener(descriptor, name) for descriptor, name in enumerate(found, _FIRST)})


def ignore_early() -> None:
    """Until this process listens to its signals, and again when it no longer does, they must not end it.

    That they are ignored outlasts an exec, which a handler does not.
    """
    for number in (signal.SIGUSR2, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


async def why_not(environ: Mapping[str, str]) -> str:
    """Try the program that would follow as far as its configuration; what it says where it fails, else nothing."""
    try:
        with trio.fail_after(_TRY_S):
            tried = await trio.run_process(
                _TRIAL, check=False, capture_stdout=True, stderr=subprocess.STDOUT, env=environ
            )
    except (OSError, trio.TooSlowError) as error:
        return str(error) or "it does not answer"
    return "" if tried.returncode == 0 else tried.stdout.decode(errors="replace").strip()


def _split(names: str, number: int) -> Sequence[str]:
    found = names.split(":")
    return found if len(found) == number else ["unknown"] * number


def _listener(descriptor: int, name: str) -> socket.socket:
    wrong = NotHanded(f"What was handed over as {name!r} is no listening stream socket.")
    try:
        os.set_inheritable(descriptor, False)
        listener = socket.socket(fileno=descriptor)
    except OSError:
        raise wrong from None
    if listener.type != socket.SOCK_STREAM or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.close()
        raise wrong
    listener.setblocking(False)
    return listener
