"""Puts the table to work: each route of it answered by its handler, with the manners all of them share."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from math import ceil
from typing import Final, cast

import msgspec
import trio
from msgspec import Struct
from quart import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from server.access.rules import Rule
from server.answers import CatalogChanges
from server.api import page, upload
from server.api.call import Call
from server.api.openapi import document
from server.api.parameters import read
from server.api.route import JSON, Route
from server.api.table import ROUTES
from server.bodies import LONGEST_KEY
from server.limiter import Limiter
from server.problems import Answer, not_found, problem
from server.questions import Asker, AskError
from server.respond import as_response
from server.span import SpanError
from server.stats import conditional
from storage.bridge import Database, DatabaseUnavailable

_NAME: Final = "api"
_RETRY_AFTER_S: Final = 5
_ENTRY_BYTES: Final = 64 << 10  # a key, a title and two words more
_FRESH: Final = {"content-type": JSON, "cache-control": "private, no-cache"}  # kept, and asked about every time
_PUBLIC: Final = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}
ACCESS: Final[dict[str, Rule]] = {f"{_NAME}.{route.endpoint}": route.rule for route in ROUTES}


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes stand on."""

    database: Database
    asker: Callable[[], Asker]  # as the operator may see it
    limiter: Limiter
    catalog_bytes: int
    min_listeners: int  # for callers who are the public
    one_at_a_time: trio.Lock = field(default_factory=trio.Lock)  # a catalog of 16 MiB is some 150 MiB as objects


def blueprint(api: Api) -> Blueprint:
    """All routes of the table."""
    routes = Blueprint(_NAME, __name__, template_folder="templates")
    own: Mapping[str, Callable[[], Awaitable[Answer]]] = {
        "openapi": _once(_document),
        "docs": _once(_docs),
        "docs_css": _css,
    }
    for route in ROUTES:
        view = partial(_view, api, route) if route.handler else partial(_shown, own[route.endpoint])
        path = route.path.replace("{key}", "<key:key>")
        routes.add_url_rule(path, route.endpoint, view, methods=[route.method])
    return routes


async def _shown(show: Callable[[], Awaitable[Answer]]) -> Response:
    return await conditional(await show())


async def _view(api: Api, route: Route, key: str | None = None) -> Response:
    if waits := api.limiter.refuse_for(_caller()):
        return as_response(_too_many(waits))
    if key is not None and (len(key.encode()) > LONGEST_KEY or "\x00" in key):
        return as_response(_no_such(route))
    try:
        if route.takes is None:
            return await conditional(await _answer(api, route, key))
        async with api.one_at_a_time if route.large else nullcontext():
            return as_response(await _answer(api, route, key))
    except RequestEntityTooLarge:
        return as_response(_too_large(api, route))
    except RequestTimeout:
        return as_response(problem(408, "slow", "Too slow", "The body did not arrive in time; nothing was changed."))


async def _answer(api: Api, route: Route, key: str | None) -> Answer:
    assert route.handler is not None
    assert route.query is not None
    if route.takes is not None and request.mimetype != JSON:
        detail = f"Send the body as Content-Type: {JSON}."
        return problem(415, "media-type", "Wrong content type", detail)
    try:
        query = read(route.query, request.args)
        load = partial(upload.read, request, api.catalog_bytes if route.large else _ENTRY_BYTES)
        done = await route.handler(Call(api.database, _asker(api), route.kind, key, query, load))
    except (AskError, SpanError) as error:
        return problem(400, "query", "Not a question", str(error))
    except DatabaseUnavailable:
        detail = "The database cannot be reached now; events are still taken. Try again later."
        headers = {"retry-after": str(_RETRY_AFTER_S)}
        return problem(503, "database-unavailable", "Not available now", detail, headers)
    if done is None:
        return _no_such(route)
    return done if isinstance(done, Answer) else _as_json(done)


def _as_json(done: Struct) -> Answer:
    headers = {**_FRESH, "cache-control": "no-store"} if isinstance(done, CatalogChanges) else _FRESH
    return Answer(200, headers, msgspec.json.encode(done))


def _asker(api: Api) -> Asker:
    """A share link is the public, who may not see how few listeners there are."""
    asker = api.asker()
    return replace(asker, min_listeners=api.min_listeners) if g.caller.how == "share" else asker


def _caller() -> bytes:
    """Whose rate it is: the token's, or the session's."""
    if g.caller.how == "token":
        return b"token " + request.headers.get("authorization", "").split()[-1].encode()
    if g.caller.how == "session":
        return b"session " + (g.caller.forms_for or b"")
    return cast(bytes, g.caller.how.encode())


def _too_many(waits: float) -> Answer:
    detail = "These are more requests than [limits] api_per_minute and api_burst allow; wait, or raise them."
    return problem(429, "rate", "Too many requests", detail, {"retry-after": str(ceil(waits))})


def _no_such(route: Route) -> Answer:
    return not_found(f"No {route.kind} of this key is in the catalog or has been counted.")


def _too_large(api: Api, route: Route) -> Answer:
    detail = f"The body of one entry has at most {_ENTRY_BYTES >> 10} KiB."
    if route.large:
        most = f"{api.catalog_bytes >> 20} MiB"
        detail = f"The body is larger than {most} ([limits] catalog_mib); send the catalog in parts, each by itself."
    return problem(413, "too-large", "Too large", detail)


def _once(show: Callable[[], Awaitable[Answer]]) -> Callable[[], Awaitable[Answer]]:
    """The same answer from the second call on: anybody may ask, and the loop that would make it anew counts plays."""
    kept: Answer | None = None

    async def shown() -> Answer:
        nonlocal kept
        if kept is None:
            kept = await show()
        return kept

    return shown


async def _document() -> Answer:
    return Answer(200, {"content-type": JSON, **_PUBLIC}, msgspec.json.encode(_whole()))


async def _docs() -> Answer:
    return Answer(200, page.HEADERS, (await page.shown(_whole())).encode())


async def _css() -> Answer:
    return Answer(200, {"content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=300"}, page.CSS)


def _whole() -> dict[str, object]:
    """Of what this app serves."""
    served = {name.removeprefix(f"{_NAME}.") for name in current_app.view_functions}
    return document(served, version("tonearm"))
