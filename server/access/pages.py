"""`/login` and `/logout`: plain forms, which work without a script."""

import base64
from math import ceil
from pathlib import Path
from typing import Final

from quart import Blueprint, Response, g, redirect, render_template, request, url_for

from server.access import headers, refusals
from server.access.attempts import Failed, TooOften
from server.access.paths import HOME, LOGIN, LOGOUT
from server.access.rules import ANYBODY, Rule, Scope
from server.access.way_back import way_back
from server.access.ways import Access
from server.dashboard.page import LOOK
from server.static_files import StaticFiles, lasting
from storage.bridge import DatabaseUnavailable

ACCESS: Final[dict[str, Rule]] = {
    "access.login": ANYBODY,
    "access.enter": ANYBODY,
    "access.static": ANYBODY,
    "access.logout": Scope.ADMIN,  # it can end everybody's sessions
    "access.leave": Scope.ADMIN,
}

_FILES: Final = StaticFiles("access.static", Path(__file__).with_name("static"))
_FORM_ID_BYTES: Final = 16
_BUSY_S: Final = 10
_HTML: Final = "text/html; charset=utf-8"
_WRONG: Final = "That is not the password."
_STALE: Final = "This page was open for too long, or your browser takes no cookies. Please try again."
_BUSY: Final = "Many are trying to sign in right now, and yours was not looked at. Try again in ten seconds."


def blueprint(access: Access) -> Blueprint:
    """The two pages and their style."""
    pages = _Pages(access)
    routes = Blueprint(
        "access", __name__, static_folder="static", static_url_path="/access/static", template_folder="templates"
    )
    routes.add_url_rule(LOGIN, "login", pages.login, methods=["GET"])
    routes.add_url_rule(LOGIN, "enter", pages.enter, methods=["POST"])
    routes.add_url_rule(LOGOUT, "logout", pages.logout, methods=["GET"])
    routes.add_url_rule(LOGOUT, "leave", pages.leave, methods=["POST"])
    routes.register_error_handler(DatabaseUnavailable, _away)
    routes.after_request(_add_headers)
    # For every template: the pages of refusals are shown at any address.
    routes.add_app_template_global(_FILES.address, "access_style")
    routes.add_app_template_global(LOOK.address, "look")
    return routes


class _Pages:
    """The views."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def login(self) -> Response:
        if await self._access.sessions.identify(request):
            return _to(way_back(request.args.get("back", "")) or HOME)
        return await self._form(200)

    async def enter(self) -> Response:
        access = self._access
        form_id = access.login_cookie.read(request)
        if not form_id or await access.forms.forged(request, _bound_to(form_id)):
            return await self._form(403, _STALE)
        given = (await request.form).get("password", "")
        outcome = await access.attempts.salt_for(request, given)
        if isinstance(outcome, TooOften):
            wait = ceil(outcome.wait_s)
            return await self._form(429, f"Too many tries. The next one is possible in {wait} s.", retry_after_s=wait)
        if outcome is Failed.BUSY:
            return await self._form(503, _BUSY, retry_after_s=_BUSY_S)
        if outcome is Failed.WRONG:
            return await self._form(403, _WRONG)
        response = _to(way_back(request.args.get("back", "")) or HOME)
        access.sessions.begin(request, response, outcome)
        access.login_cookie.remove(request, response)
        return response

    async def logout(self) -> str:
        return await render_template("access/logout.html", how=g.caller.how)

    async def leave(self) -> Response:
        response = _to(url_for("access.login", left=1))
        if "everywhere" in await request.form:
            await self._access.sessions.end_all(request, response)
        else:
            await self._access.sessions.end(request, response)
        return response

    async def _form(self, status: int, wrong: str = "", *, retry_after_s: int | None = None) -> Response:
        """With a cookie that only this form has a token for; one that is there serves several tabs."""
        access = self._access
        known = access.login_cookie.read(request)
        form_id = known or base64.urlsafe_b64encode(access.random_bytes(_FORM_ID_BYTES)).decode()
        back = way_back(request.args.get("back", ""))
        page = await render_template(
            "access/login.html",
            token=access.forms.field(_bound_to(form_id)),
            action=url_for("access.enter", back=back or None),
            wrong=wrong,
            left="left" in request.args and not wrong,
        )
        response = Response(page, status, content_type=_HTML)
        if retry_after_s is not None:
            response.headers["retry-after"] = str(retry_after_s)
        if not known:
            access.login_cookie.put(request, response, form_id, lasts_s=None)
        return response


def _bound_to(form_id: str) -> bytes:
    return b"login:" + form_id.encode()


def _to(address: str) -> Response:
    response = redirect(address, 303)
    assert isinstance(response, Response)
    return response


async def _away(_error: Exception) -> Response:
    return await refusals.unavailable()


async def _add_headers(response: Response) -> Response:
    if request.endpoint == _FILES.endpoint:
        return await lasting(response)
    headers.of_operator(response)
    return response
