"""`GET /api/export/events` and `/api/export/days`: what `tonearm export` writes, as a stream, without listeners."""

from collections.abc import AsyncGenerator
from datetime import date
from functools import partial
from typing import Final

import trio
from msgspec import UNSET, UnsetType
from quart import Blueprint, Response, request

from server.access.rules import Rule, Scope
from server.api.parameters import Export, read
from server.export_file import MEDIA_TYPES, WHATS, Wanted, What, stream
from server.problems import Answer, problem
from server.questions import AskError
from server.respond import as_response
from storage.bridge import Database, DatabaseUnavailable

ACCESS: Final[dict[str, Rule]] = {f"export.{what}": Scope.ADMIN for what in WHATS}
_RETRY_AFTER_S: Final = 30


def blueprint(database: Database) -> Blueprint:
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
        response = Response(_joined(first, pieces), content_type=MEDIA_TYPES[wanted.format])
        response.timeout = None  # as long as it takes
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
        async with database.snapshot() as snapshot:
            async for piece in stream(snapshot, wanted):
                yield piece
    finally:
        limit.release_on_behalf_of(held)


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        await rest.aclose()


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
