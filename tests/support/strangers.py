"""Connections that send whatever they are told to the beacon listener, and note every answer."""

import re
import socket
import struct
from collections import Counter
from pathlib import Path
from random import Random

from tests.support.http import Door
from tests.support.service import Service

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n")
_QUIET_S = 20  # the service ends every connection long before, by a limit


def open_files(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def talk(door: Door, data: bytes, random: Random) -> list[int]:
    """Send `data` in pieces and read to the end; sometimes leave without listening. Returns the statuses seen."""
    with socket.create_connection((door.host, door.port), _QUIET_S) as sock:
        try:
            for piece in _pieces(data, random):
                sock.sendall(piece)
            if random.random() < 0.1:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
                return []
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still talking: what it said is there to be read
        said = b""
        try:
            while more := sock.recv(65536):
                said += more
        except ConnectionError:
            pass
    return [int(status) for status in _STATUS.findall(said)]


def _pieces(data: bytes, random: Random) -> list[bytes]:
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((0, 0, 1, 3))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def unexpected(statuses: Counter[int]) -> dict[int, int]:
    """Those that no request may get: an error of the server other than "not now"."""
    return {status: number for status, number in statuses.items() if status >= 500 and status != 503}
