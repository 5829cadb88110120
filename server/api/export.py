"""`GET /api/export/events` and `/api/export/days`: what `tonearm export` writes, as a stream, without listeners."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date
from functools import partial
from types import TracebackType
from typing import Final

import structlog
import trio
from msgspec import UNSET, UnsetType
from quart import Blueprint, Response, request
from quart.wrappers.response import ResponseBody

from server.access.rules import Rule, Scope
from server.api.parameters import Export, read
from server.export_file import MEDIA_TYPES, WHATS, Wanted, What, stream
from server.problems import Answer, problem
from server.questions import AskError
from server.respond import as_response
from storage.bridge import Database, DatabaseUnavailable

ACCESS: Final[dict[str, Rule]] = {f"export.{what}": Scope.ADMIN for what in WHATS}
_RETRY_AFTER_S: Final = 30
_PATIENCE_S: Final = 60.0  # with a reader who takes nothing, while the database keeps what is deleted for him
_PIECE: Final = 64 << 10  # what a reader has to take in that time

_log = structlog.get_logger(__name__)


def blueprint(database: Database, patience_s: float = _PATIENCE_S) -> Blueprint:
    """The route."""
    routes = Blueprint("export", __name__)
    # Each holds a connection for as long as its reader takes; what is left is for the service.
    one_at_a_time = trio.CapacityLimiter(1)

    async def download(what: What) -> Response:
        wanted = _wanted(what)
        if not isinstance(wanted, Wanted):
            return as_response(wanted)
        pieces = _pieces(database, wanted, one_at_a_time)
        try:
            first = await anext(pieces, b"")
        except trio.WouldBlock:
            return as_response(_later("another-export", "One export at a time; another is being read just now."))
        except DatabaseUnavailable:
            return as_response(_later("database-unavailable", "The log cannot be read now. Try again later."))
        response = Response(Download(first, pieces, patience_s), content_type=MEDIA_TYPES[wanted.format])
        response.timeout = None  # as long as it takes a reader who goes on reading
        response.headers["cache-control"] = "no-store"
        response.headers["content-disposition"] = f'attachment; filename="tonearm-{what}.{wanted.format}"'
        return response

    for what in WHATS:
        routes.add_url_rule(f"/api/export/{what}", what, partial(download, what))
    return routes


async def _pieces(database: Database, wanted: Wanted, limit: trio.CapacityLimiter) -> AsyncGenerator[bytes, None]:
    """Raises WouldBlock where another is under way."""
    held = object()  # not the task: the one that began it need not be the one that ends it
    limit.acquire_on_behalf_of_nowait(held)
    try:
        async with database.snapshot() as snapshot, aclosing(stream(snapshot, wanted)) as pieces:
            async for piece in pieces:
                yield piece
    finally:
        limit.release_on_behalf_of(held)


class Stalled(Exception):
    """The reader took nothing for so long that the rest was given up; the answer must not look whole."""


class Download(ResponseBody):
    """The file, as its reader takes it; who takes nothing for `patience_s` has lost the rest.

    It is read by a task of its own. An answer is written shielded from cancellation, so the task that writes it may be
    stuck for as long as the connection lasts, and with it whatever it holds.
    """

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], patience_s: float) -> None:
        self._first = first
        self._rest = rest
        self._patience_s = patience_s
        self._stalled = False
        self._nursery = trio.open_nursery()
        self._give, self._take = trio.open_memory_channel[bytes](0)

    async def __aenter__(self) -> "Download":
        self._reading = await self._nursery.__aenter__()
        self._reading.start_soon(self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel_scope.cancel()
        await self._nursery.__aexit__(kind, error, trace)

    def __aiter__(self) -> "Download":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._take.receive()
        except trio.EndOfChannel:
            if self._stalled:
                raise Stalled from None
            raise StopAsyncIteration from None

    async def _read(self) -> None:
        async with self._give:
            try:
                await self._offer(self._first)
                async for piece in self._rest:
                    await self._offer(piece)
            except trio.TooSlowError:
                self._stalled = True
                _log.warning("an export is given up: its reader takes nothing", seconds=self._patience_s)
            finally:
                await self._rest.aclose()

    async def _offer(self, piece: bytes) -> None:
        """Raises TooSlowError."""
        for start in range(0, len(piece), _PIECE):
            with trio.fail_after(self._patience_s):
                await self._give.send(piece[start : start + _PIECE])


def _wanted(what: What) -> Wanted | Answer:
    try:
        asked = read(Export, request.args)
        assert isinstance(asked, Export)
        first, last = _day("from", asked.first), _day("to", asked.last)
    except AskError as error:
        return _bad(str(error))
    if first and last and first > last:
        return _bad(f"from ({first}) is later than to ({last}); swap them.")
    return Wanted(what, asked.format, first, last)


def _day(name: str, text: str | UnsetType) -> date | None:
    try:
        return None if text is UNSET else date.fromisoformat(text)
    except ValueError:
        raise AskError(f"{name} is {text!r:.40}; a day is written as 2026-11-21.") from None


def _bad(detail: str) -> Answer:
    return problem(400, "query", "Not a question", detail)


def _later(kind: str, detail: str) -> Answer:
    return problem(503, kind, "Not available now", detail, {"retry-after": str(_RETRY_AFTER_S)})
