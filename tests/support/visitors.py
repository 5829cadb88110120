"""Load through a proxy: clients from many addresses, of whom none may be refused or cut off."""

from uuid import NAMESPACE_URL, uuid5

import trio

from tests.support.load import Load, Promises


class Visitors(Load):
    """Each event on a connection of its own, as if by another visitor each time. What goes wrong is written down."""

    def __init__(self, port: int, promises: Promises, *, connections: int, name: str) -> None:
        super().__init__("127.0.0.1", port, promises, connections=connections, name=name)
        self._port = port
        self.broken: list[str] = []

    async def _client(self, name: str) -> None:
        source = _address(10, name)
        number = 0
        while True:
            number += 1
            try:
                async with await trio.open_tcp_stream("127.0.0.1", self._port, local_address=source) as stream:
                    await self._send(stream, f"{name}-{number}")
            except (OSError, trio.BrokenResourceError, EOFError) as error:
                self.broken.append(f"{name}-{number}: {error!r}")
            await trio.sleep(0.05)  # nginx takes 20 a second from one address


class Regulars(Load):
    """Connections that are kept. What fails on one that was used before is sent again on a new one, under its eventId:
    so do browsers, since a server may close an idle connection at any time. Anything else is written down.
    """

    def __init__(self, port: int, promises: Promises, *, connections: int, name: str) -> None:
        super().__init__("127.0.0.1", port, promises, connections=connections, name=name)
        self._port = port
        self.broken: list[str] = []
        self.again = 0

    async def _client(self, name: str) -> None:
        source = _address(20, name)
        number, again = 1, False
        while True:
            used = 0
            try:
                async with await trio.open_tcp_stream("127.0.0.1", self._port, local_address=source) as stream:
                    while True:
                        key = f"{name}-{number}"
                        await self._send(stream, key, eventId=str(uuid5(NAMESPACE_URL, key)))
                        used, number, again = used + 1, number + 1, False
                        await trio.sleep(0.06)
            except (OSError, trio.BrokenResourceError, EOFError) as error:
                if not used or again:
                    self.broken.append(f"{name}-{number}: {error!r}")
                self.again += 1
                again = True


def _address(network: int, name: str) -> str:
    """One for each client, since nginx has a limit for each address."""
    return f"127.{network}.0.{int(name.rpartition('-')[2]) + 1}"
