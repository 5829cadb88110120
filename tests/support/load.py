"""A load generator that remembers what it was promised: every key it sent, and those answered with 202.

Each event has a track key of its own, so that afterwards every single one can be looked up: an acknowledged key
must be counted exactly once, one without an answer at most once, and one that was refused not at all.
"""

import json
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid4, uuid5

import trio

from storage.bridge import Database
from tests.support.postgres import rows


@dataclass
class Promises:
    """What the generator knows."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)  # key -> status

    def unanswered(self) -> set[str]:
        return self.sent - self.acknowledged - self.refused.keys()


class Load:
    """`connections` clients that send one event after another, and reconnect when the service goes away."""

    def __init__(
        self,
        host: str,
        port: int,
        promises: Promises,
        *,
        connections: int = 16,
        name: str = "",
        listeners: bool = False,
    ) -> None:
        """`listeners`: every event has an id of its own listener."""
        self._address = (host, port)
        self._promises = promises
        self._connections = connections
        self._name = name
        self._listeners = listeners

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until cancelled."""
        async with trio.open_nursery() as nursery:
            for number in range(self._connections):
                nursery.start_soon(self._client, f"{self._name}-{number}")
            task_status.started()

    async def _client(self, name: str) -> None:
        number = 0
        while True:
            try:
                async with await trio.open_tcp_stream(*self._address) as stream:
                    while True:
                        number += 1
                        await self._send(stream, f"{name}-{number}")
            except (OSError, trio.BrokenResourceError, EOFError):
                await trio.sleep(0.05)

    async def _send(self, stream: trio.SocketStream, key: str, **more: str) -> None:
        if self._listeners:
            more["anonId"] = str(uuid4())
        body = json.dumps({"trackEntryKey": key, "bucket": "complete", **more}).encode()
        head = (
            f"POST /api/event/play HTTP/1.1\r\nHost: tonearm\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
            f"Chrome/140.0\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._promises.sent.add(key)
        await stream.send_all(head.encode() + body)
        status = await _status(stream)
        if status == 202:
            self._promises.acknowledged.add(key)
        else:
            self._promises.refused[key] = status


class Insistent(Load):
    """Sends every event until it was answered twice, also if the connection breaks meanwhile, each with its eventId.

    `reached` outlives the generator: client -> its event's number and how often that was answered.
    """

    def __init__(self, host: str, port: int, promises: Promises, reached: dict[str, tuple[int, int]]) -> None:
        super().__init__(host, port, promises)
        self._reached = reached

    async def _client(self, name: str) -> None:
        number, answered = self._reached.get(name, (1, 0))
        while True:
            try:
                async with await trio.open_tcp_stream(*self._address) as stream:
                    while True:
                        key = f"{name}-{number}"
                        await self._send(stream, key, eventId=str(uuid5(NAMESPACE_URL, key)))
                        number, answered = (number, 1) if not answered else (number + 1, 0)
                        self._reached[name] = number, answered
            except (OSError, trio.BrokenResourceError, EOFError):
                await trio.sleep(0.05)


async def _status(stream: trio.SocketStream) -> int:
    """Reads one whole answer; every answer of the event routes names its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += await _some(stream)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += await _some(stream)
    return int(lines[0].split()[1])


async def _some(stream: trio.SocketStream) -> bytes:
    data = await stream.receive_some(65536)
    if not data:
        raise EOFError
    return data


async def counted(database: Database) -> dict[str, int]:
    """Track key -> plays."""
    found = await rows(
        database,
        "SELECT target_key, sum(partial + sampled + complete)::bigint FROM play_counter"
        " WHERE target_kind = 'track' GROUP BY target_key",
    )
    return {str(key): int(str(plays)) for key, plays in found}


def assert_kept(promises: Promises, plays: dict[str, int]) -> None:
    """Every promise was kept, and nothing was counted that was not sent."""
    lost = [key for key in promises.acknowledged if plays.get(key, 0) == 0]
    doubled = [key for key, number in plays.items() if number > 1]
    uninvited = [key for key in plays if key not in promises.sent or key in promises.refused]
    assert ([], [], []) == (lost, doubled, uninvited)
