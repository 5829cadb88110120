"""Bodies that may be large: read piece by piece, no faster than they are taken, up to a limit of their own.

Every other route keeps the beacon's limit of 2 KiB, which Quart enforces. A catalog is 16 MiB by default; a caller
who is refused, or is nobody, must not be able to fill the memory with one before the refusal is out.
"""

from typing import Any, Final

import trio
from hypercorn.typing import ASGIReceiveCallable
from quart.wrappers import Request as QuartRequest
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers.request import EventWrapper, TrioBody, TrioRequest
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

_UNTAKEN_BYTES: Final = 256 * 1024  # read ahead of whoever takes it
_UPLOAD_S: Final = 120  # 16 MiB at a megabit a second
_PREFIX: Final = "/api/catalog"


class StreamedBody(TrioBody):
    """One that lets its sender wait."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self._taken = EventWrapper()

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
    """Which takes no more off the wire than a streamed body has room for."""

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
            elif isinstance(request.body, StreamedBody):
                await request.body.room()
        nursery.cancel_scope.cancel()


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
