"""HTTP/1.1 over a socket, with nothing in between: a test decides every byte, and sees every byte of the answer.

A library would correct what these tests must be able to get wrong: paths, lengths, chunks, half-closed connections.
"""

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 20  # of one read or write; only a service that hangs needs as long


@dataclass(frozen=True, slots=True)
class Door:
    """Where a service listens."""

    host: str
    port: int

    @classmethod
    def at(cls, url: str) -> "Door":
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port)


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer; header names are lower case, repeated ones joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, door: Door, source: str = "") -> None:
        """`source`: the address to come from; any of 127.0.0.0/8 is this machine's."""
        self._socket = socket.create_connection((door.host, door.port), TIMEOUT_S, (source, 0) if source else None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(
        self,
        method: str,
        target: str | bytes,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        """One request and its answer; a body that is no bytes is sent chunked, piece by piece."""
        self.send(request(method, target, headers, body))
        return self.receive(method)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def half_close(self) -> None:
        """Say that nothing more will come, and go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self, method: str = "GET") -> Answer:
        """The next final answer; EOFError where the connection ends before one is complete."""
        while True:
            head = self._until(b"\r\n\r\n").decode("latin-1")
            status_line, *lines = head.split("\r\n")
            status = int(status_line.split(" ")[1])
            headers = _joined(lines)
            if status >= 200:
                return Answer(status, headers, self._body(method, status, headers))

    def ended(self) -> bool:
        """Whether the service has closed the connection, with nothing more said; waits for it."""
        try:
            return not self._buffer and self._socket.recv(65536) == b""
        except ConnectionResetError:
            return True

    def _body(self, method: str, status: int, headers: Mapping[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        assert "content-length" in headers, "an answer whose end only the connection's end would tell"
        return self._exactly(int(headers["content-length"]))

    def _chunks(self) -> Iterable[bytes]:
        while size := int(self._until(b"\r\n"), 16):
            yield self._exactly(size)
            assert b"" == self._until(b"\r\n")
        assert b"" == self._until(b"\r\n")

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._read()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._read()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        self._buffer += data


def request(
    method: str,
    target: str | bytes,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
) -> bytes:
    """The bytes of a request as they go over the wire."""
    target = target.encode("latin-1") if isinstance(target, str) else target
    fields = {"Host": "tonearm.example", **(headers or {})}
    if isinstance(body, bytes):
        fields["Content-Length"] = str(len(body))
    elif body is not None:
        fields["Transfer-Encoding"] = "chunked"
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body) + b"0\r\n\r\n"
    lines = [f"{name}: {value}".encode("latin-1") for name, value in fields.items()]
    return b"\r\n".join([method.encode() + b" " + target + b" HTTP/1.1", *lines, b"", body or b""])


def ask(
    door: Door,
    method: str,
    target: str | bytes,
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
    *,
    source: str = "",
) -> Answer:
    """One request on a connection of its own."""
    with Client(door, source) as client:
        return client.ask(method, target, headers, body)


def _joined(lines: Iterable[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
