"""What somebody hears who may not come in: a page for a browser that asks for one, otherwise a problem."""

from typing import Final
from urllib.parse import quote

from quart import Response, redirect, render_template, request

from server.access.paths import LOGIN, is_shared
from server.access.way_back import way_back
from server.problems import problem
from server.respond import as_response

_RETRY_AFTER_S: Final = "5"
_UNKNOWN: Final = "This address is the operator's. Send an API token: Authorization: Bearer TOKEN."
_NO_LINK: Final = "This link shows nothing any more, or never did. Whoever gave it to you can make another."
_AWAY: Final = "The database is away. Plays and shares are still taken, and counted later."
_FORGED: Final = "This page was open for too long, or another site sent you here. Go back, load the page again, repeat."


async def unknown() -> Response:
    """Nobody said who asks, or what was said is not true any more."""
    if is_shared(request.path):
        return await _said(404, "not-found", "Nothing here", _NO_LINK)
    if wants_page():
        asked = f"{quote(request.path)}?{request.query_string.decode('latin-1')}".rstrip("?")
        back = way_back(asked) if request.method in ("GET", "HEAD") else ""
        to = LOGIN + (f"?back={quote(back, safe='')}" if back else "")
        return _not_kept(redirect(to, 303))
    return as_response(problem(401, "unauthorized", "Who are you?", _UNKNOWN, {"www-authenticate": "Bearer"}))


async def not_allowed(scope: str | None) -> Response:
    """The caller is known, and this is not for it."""
    if is_shared(request.path):
        return await _said(404, "not-found", "Nothing here", "What you ask for is not shown by this link.")
    detail = f"What you sent does not have the scope {scope}." if scope else "This address has no rule and is closed."
    return await _said(403, "forbidden", "Not allowed", detail)


async def forged() -> Response:
    """A form without its token."""
    return await _said(403, "form-token", "Send the form again", _FORGED)


async def unavailable() -> Response:
    """Nobody can be known now."""
    response = await _said(503, "database-unavailable", "Not available now", _AWAY)
    response.headers["retry-after"] = _RETRY_AFTER_S
    return response


def wants_page() -> bool:
    """A browser that goes somewhere names HTML; a program that takes anything does not."""
    accepts = request.accept_mimetypes
    return accepts["text/html"] > accepts["application/json"]


async def _said(status: int, name: str, title: str, sentence: str) -> Response:
    if not wants_page():
        return as_response(problem(status, name, title, sentence))
    page = await render_template("access/message.html", title=title, sentence=sentence)
    return _not_kept(Response(page, status, content_type="text/html; charset=utf-8"))


def _not_kept(response: object) -> Response:
    assert isinstance(response, Response)
    response.headers["cache-control"] = "no-store"
    return response
