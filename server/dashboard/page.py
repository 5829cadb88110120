"""From a question in an address to a page, and to the files beside it: the same answer as CSV and as SVG.

A builder answers with a `Sheet`; what is written from it is decided here. Titles and keys are strangers' text: they
reach a page through Jinja, which escapes, and a file through `tables` and `charts`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from quart import Blueprint, Response, current_app, render_template, request, url_for
from werkzeug.exceptions import NotFound

from server.access.rules import Rule, Scope
from server.dashboard import wording
from server.dashboard.charts import Chart, proportion
from server.dashboard.desk import is_shared
from server.dashboard.room import Room
from server.dashboard.tables import Table
from server.span import SpanError
from server.static_files import StaticFiles
from storage.bridge import DatabaseRefused, DatabaseUnavailable

FILES: Final = "dashboard_files"
LOOK: Final = StaticFiles(f"{FILES}.static", Path(__file__).with_name("static"))
KEPT: Final = ("range", "from", "to", "step")
"""What of a question goes along from page to page."""
_NAVIGATION: Final = (
    ("overview", "Overview"),
    ("tracks", "Tracks"),
    ("releases", "Releases"),
    ("shares", "Shares"),
    ("live", "Live"),
    ("health", "Health"),
    ("privacy", "Privacy"),
)
_RETRY_AFTER_S: Final = 5
_PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class BadQuestion(ValueError):
    """A sentence that says what of the address to mend."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a page has to say. Pictures are drawn when they are asked for: a CSV needs none."""

    template: str
    section: str  # of the navigation
    says: Mapping[str, object] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    pictures: Mapping[str, Callable[[], Chart]] = field(default_factory=dict)


Build = Callable[..., Awaitable[Sheet]]


def add_page(
    routes: Blueprint, room: Room, name: str, build: Build, *, path: str | None = None, keyed: bool = False
) -> None:
    """`/NAME`, `/NAME.csv?table=` and `/NAME.svg?picture=`; of a `keyed` page, `/NAME/KEY`, `/NAME.csv/KEY` and so
    on: a key may end in ".csv" itself.
    """
    rest = "/<key:key>" if keyed else ""

    async def html(**key: str) -> str:
        async with room.pages:
            return await _page(room, name, await build(**key), key)

    async def as_csv(**key: str) -> Response:
        async with room.pages:
            return await _file_of_table(room, await build(**key), **key)

    async def as_svg(**key: str) -> Response:
        async with room.pages:
            return await _file_of_picture(room, await build(**key), **key)

    routes.add_url_rule(f"/{name}{rest}" if path is None else path, name, html)
    routes.add_url_rule(f"/{name}.csv{rest}", f"{name}_csv", as_csv)
    routes.add_url_rule(f"/{name}.svg{rest}", f"{name}_svg", as_svg)


def access(*names: str) -> dict[str, Rule]:
    """The rules of pages that `add_page` adds."""
    return {f"{name}{form}": Scope.READ for name in names for form in ("", "_csv", "_svg")}


async def _page(room: Room, name: str, sheet: Sheet, key: Mapping[str, str]) -> str:
    pictures = await room.aside(lambda: {name: draw() for name, draw in sheet.pictures.items()})

    def file(kind: str, **which: str) -> str:
        return _address(f".{name}_{kind}", key, request.args.to_dict() | which)

    return await render_template(
        sheet.template,
        section=sheet.section,
        pictures=pictures,
        tables={table.name: table for table in sheet.tables},
        csv_of=lambda table: file("csv", table=table),
        svg_of=lambda picture: file("svg", picture=picture),
        here=lambda **change: here(key, **change),
        **sheet.says,
    )


def here(key: Mapping[str, str], **change: str | int | None) -> str:
    """The address of this page with some of its question changed; None leaves that out."""
    asked = {name: value for name, value in request.args.items() if value} | change
    assert request.endpoint is not None
    endpoint = request.endpoint.rpartition(".")[2]
    return _address(f".{endpoint}", key, {name: value for name, value in asked.items() if value is not None})


def _address(endpoint: str, key: Mapping[str, str], asked: Mapping[str, object]) -> str:
    # Not through url_for's own keywords: a stranger's "_external" or "_scheme" would be one of them.
    query = f"?{urlencode(asked)}" if asked else ""
    path = url_for(endpoint, key=key["key"]) if key else url_for(endpoint)
    return path + query


async def _file_of_table(room: Room, sheet: Sheet, key: str = "") -> Response:
    by_name = {table.name: table for table in sheet.tables}
    table = by_name.get(request.args.get("table", next(iter(by_name), "")))
    if table is None:
        raise BadQuestion(f"There is no such table; this page has {', '.join(by_name)}.")
    return _download(
        await room.aside(table.as_csv), "text/csv; charset=utf-8", _file_name(sheet.section, key, table.name, "csv")
    )


async def _file_of_picture(room: Room, sheet: Sheet, key: str = "") -> Response:
    draw = sheet.pictures.get(request.args.get("picture", next(iter(sheet.pictures), "")))
    if draw is None:
        raise BadQuestion(f"There is no such picture; this page has {', '.join(sheet.pictures) or 'none'}.")
    chart = await room.aside(draw)
    response = _download(
        await room.aside(chart.by_itself), "image/svg+xml", _file_name(sheet.section, key, chart.name, "svg")
    )
    response.headers["content-security-policy"] = _PICTURE_POLICY
    return response


def _download(body: str, content_type: str, name: str) -> Response:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(body, content_type=content_type, headers={"content-disposition": named})


def _file_name(section: str, key: str, name: str, ending: str) -> str:
    """Of a key, what a file's name may hold."""
    of = "".join(c if c.isalnum() or c in "-_" else "-" for c in key)[:60]
    return "-".join(part for part in ("tonearm", section, of, name) if part) + f".{ending}"


def helpers() -> dict[str, Any]:
    """What every template of the dashboard may call."""
    mounted = request.blueprint
    return {
        "static": LOOK.address,
        "shared": is_shared(),
        "kept": {name: request.args[name] for name in KEPT if request.args.get(name)},
        "navigation": [
            (endpoint, name) for endpoint, name in _NAVIGATION if f"{mounted}.{endpoint}" in current_app.view_functions
        ],
        "wording": wording,
        "proportion": proportion,
    }


def add_manners(routes: Blueprint) -> None:
    """Helpers, headers, and pages for what cannot be answered."""
    routes.context_processor(helpers)
    routes.after_request(_add_headers)
    routes.register_error_handler(SpanError, _bad_question)
    routes.register_error_handler(BadQuestion, _bad_question)
    routes.register_error_handler(DatabaseUnavailable, _database_away)
    routes.register_error_handler(DatabaseRefused, _database_away)
    routes.register_error_handler(NotFound, _not_found)


async def too_often(wait_s: float) -> Response:
    """A page that says when to come back."""
    said = "This link is looked at so often that there is no room for more now. Try again in a moment."
    return Response(
        await _apology("Too many requests", said), 429, {"retry-after": str(ceil(wait_s))}, content_type=_HTML
    )


async def _bad_question(error: Exception) -> tuple[str, int]:
    return await _apology("This address asks for something that is not there", str(error)), 400


async def _database_away(_error: Exception) -> Response:
    said = "The figures cannot be read: the database is away. Plays and shares are still taken, and counted later."
    return Response(
        await _apology("Not available now", said), 503, {"retry-after": str(_RETRY_AFTER_S)}, content_type=_HTML
    )


async def _not_found(error: NotFound) -> tuple[str, int]:
    return await _apology("Not found", error.description or "There is nothing at this address."), 404


_HTML: Final = "text/html; charset=utf-8"


async def _apology(title: str, sentence: str) -> str:
    return await render_template("dashboard/apology.html", title=title, sentence=sentence, section=None)


async def _add_headers(response: Response) -> Response:
    """The rest is of all the operator's pages (server/access/headers.py)."""
    response.headers.setdefault("cache-control", "no-store" if not is_shared() else "no-cache")
    return response
