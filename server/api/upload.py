"""Bodies that may be large: read piece by piece, no faster than they are taken, up to a limit of their own.

Every other route keeps the beacon's limit of 2 KiB, which Quart enforces. A catalog is 16 MiB by default; a caller
who is refused, or is nobody, must not be able to fill the memory with one before the refusal is out.
"""

from functools import partial
from typing import Any, Final

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from quart import Quart
from quart.wrappers import Request as QuartRequest
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers.request import EventWrapper, TrioBody, TrioRequest
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

_UNTAKEN_BYTES: Final = 256 * 1024  # read ahead of whoever takes it
_LEFT_S: Final = 0.5  # for what is still on its way when the answer is known
_UPLOAD_S: Final = 120  # 16 MiB at a megabit a second
_PREFIX: Final = "/api/catalog"


class StreamedBody(TrioBody):
    """One that lets its sender wait."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self._taken = EventWrapper()
        self._wanted = True

    def leave(self) -> None:
        """Nobody wants the rest: it is read and thrown away."""
        self._wanted = False
        self._data.clear()
        self._taken.set()

    def append(self, data: bytes) -> None:
        """What came off the wire."""
        if self._wanted:
            super().append(data)

    async def room(self) -> None:
        """Until most of what came was taken."""
        while len(self._data) > _UNTAKEN_BYTES:
            self._taken.clear()
            await self._taken.wait()

    async def __anext__(self) -> bytes:
        data = await super().__anext__()
        self._taken.set()
        return data


class Request(TrioRequest):
    """Whose body is streamed where a catalog is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.method == "PUT" and self.path.startswith(_PREFIX):
            self.body = StreamedBody()


class Connection(TrioASGIHTTPConnection):
    """Which takes no more off the wire than a streamed body has room for, and ends in order when one is not wanted.

    A refusal often comes before the body it refuses. Quart-Trio then cancels the task that is just closing the
    connection (Hypercorn tells it of the end from within that very task), and the connection hangs, neither closed
    nor read: the last part of an answer is therefore shielded. And where a client is still sending, a short while is
    given to it, since closing on unread bytes resets the connection and may take the answer along.
    """

    def __init__(self, app: Quart, scope: HTTPScope) -> None:
        super().__init__(app, scope)
        self._arrived = trio.Event()  # the request, all of it

    async def handle_messages(  # type: ignore[override]  # Quart-Trio's has the nursery, too
        self, nursery: trio.Nursery, request: QuartRequest, receive: ASGIReceiveCallable
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            if message["type"] != "http.request":
                continue
            request.body.append(message.get("body", b""))
            if not message.get("more_body", False):
                request.body.set_complete()
                self._arrived.set()
            elif isinstance(request.body, StreamedBody):
                await request.body.room()
        nursery.cancel_scope.cancel()

    async def handle_request(  # type: ignore[override]  # the same
        self, nursery: trio.Nursery, request: QuartRequest, send: ASGISendCallable
    ) -> None:
        await super().handle_request(nursery, request, partial(self._answer, request, send))

    async def _answer(self, request: QuartRequest, send: ASGISendCallable, message: Any) -> None:
        if message["type"] == "http.response.start" and not self._arrived.is_set():
            if isinstance(request.body, StreamedBody):
                request.body.leave()
            with trio.move_on_after(_LEFT_S):
                await self._arrived.wait()
            if not self._arrived.is_set() and self.scope["http_version"].startswith("1"):
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        with trio.CancelScope(shield=last):
            await send(message)


async def read(request: QuartRequest, most_bytes: int) -> bytes:
    """The whole body. Raises RequestEntityTooLarge as soon as it is known, and RequestTimeout."""
    if (request.content_length or 0) > most_bytes:
        raise RequestEntityTooLarge()
    gathered = bytearray()
    with trio.move_on_after(_UPLOAD_S):
        async for piece in request.body:
            gathered += piece
            if len(gathered) > most_bytes:
                raise RequestEntityTooLarge()
        return bytes(gathered)
    raise RequestTimeout()
