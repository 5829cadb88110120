"""What the service tells its manager: sd_notify(3), one datagram each, to the socket the manager names.

Without a manager that listens nothing is said. Only the first process talks: its workers answer to it.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

_MICROSECONDS: Final = 1_000_000


class Notify:
    """`beat_every_s`: how often the manager wants to hear that all is well; 0: never."""

    def __init__(self, address: str = "", beat_every_s: float = 0) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.beat_every_s = beat_every_s

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> "Notify":
        """As the manager has put it into the environment of the process `pid`, who beats at twice the rate it must."""
        wanted = environ.get("WATCHDOG_USEC", "")
        for_us = environ.get("WATCHDOG_PID", str(pid)) == str(pid) and wanted.isdecimal()
        return cls(environ.get("NOTIFY_SOCKET", ""), int(wanted) / _MICROSECONDS / 2 if for_us else 0)

    def ready(self, status: str) -> None:
        """It serves."""
        self._say("READY=1", f"STATUS={status}")

    def starting_anew(self) -> None:
        """It will say `ready` again, with the same process number."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=Starting anew")

    def stopping(self) -> None:
        self._say("STOPPING=1", "STATUS=Stopping: counting what was accepted")

    def beat(self) -> None:
        """All is well."""
        self._say("WATCHDOG=1")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:  # a manager that went away
            out.setblocking(False)
            out.sendto("\n".join(lines).encode(), os.fsencode(self._address))
