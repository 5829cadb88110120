"""`python -m tests.support.slow_clients HOST PORT NUMBER`: clients that cost a server patience rather than work.

A process of its own, so that they do not slow down the load they stand beside. Each comes back when it is let go.
Prints `ready` once all have connected, and when its standard input ends a JSON object: how they were let go.
"""

import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import trio

HEAD = b"POST /api/event/play HTTP/1.1\r\nHost: tonearm.example\r\nContent-Type: text/plain\r\nContent-Length: 2000\r\n"
ASKS = b"GET /api/event/config HTTP/1.1\r\nHost: tonearm.example\r\n\r\n" * 50
PAUSE_S = 1.0
Kind = Callable[[trio.socket.SocketType], Awaitable[bytes]]  # returns what it was told in the end


class Ends:
    """After they have gone: how often which kind was let go how."""

    def __init__(self) -> None:
        self.ends: dict[str, int] = {}


@contextmanager
def slow_clients(url: str, number: int) -> Iterator[Ends]:
    """So many at the service at `url`, all of them connected."""
    where = urlsplit(url)
    command = [sys.executable, "-m", __name__, str(where.hostname), str(where.port), str(number)]
    gone = Ends()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        yield gone
        process.stdin.close()
        gone.ends = json.loads(process.stdout.read())


class SlowClients:
    def __init__(self, host: str, port: int, number: int) -> None:
        self._address = (host, port)
        self._number = number
        self._connected = 0
        self._all_there = trio.Event()
        self.ends: Counter[str] = Counter()

    async def run(self) -> None:
        kinds: list[tuple[str, Kind]] = [
            ("byte by byte", self._byte_by_byte),
            ("half a head", self._half_a_head),
            ("half a body", self._half_a_body),
            ("says nothing", self._says_nothing),
            ("never reads", self._never_reads),
        ]
        async with trio.open_nursery() as nursery:
            for number in range(self._number):
                nursery.start_soon(self._again_and_again, *kinds[number % len(kinds)])
            await self._all_there.wait()
            print("ready", flush=True)
            await trio.to_thread.run_sync(sys.stdin.read)
            nursery.cancel_scope.cancel()
        print(json.dumps(self.ends))

    async def _again_and_again(self, name: str, kind: Kind) -> None:
        while True:
            with trio.socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                await sock.connect(self._address)
                self._connected += 1
                if self._connected == self._number:
                    self._all_there.set()
                try:
                    said = await kind(sock)
                    self.ends[f"{name}: {said[9:12].decode() or 'closed'}"] += 1
                except OSError:
                    self.ends[f"{name}: reset"] += 1
            await trio.sleep(PAUSE_S)

    async def _byte_by_byte(self, sock: trio.socket.SocketType) -> bytes:
        for byte in HEAD + b"\r\n":
            await sock.send(bytes([byte]))
            with trio.move_on_after(PAUSE_S):
                return await sock.recv(65536)
        return b""

    async def _half_a_head(self, sock: trio.socket.SocketType) -> bytes:
        await sock.send(HEAD)
        return await sock.recv(65536)

    async def _half_a_body(self, sock: trio.socket.SocketType) -> bytes:
        await sock.send(HEAD + b"\r\n" + b"x" * 1000)
        return await sock.recv(65536)

    async def _says_nothing(self, sock: trio.socket.SocketType) -> bytes:
        return await sock.recv(65536)

    async def _never_reads(self, sock: trio.socket.SocketType) -> bytes:
        while True:
            await sock.send(ASKS)


if __name__ == "__main__":
    trio.run(SlowClients(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run)
