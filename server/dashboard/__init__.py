"""The operator's pages, as one blueprint that may be mounted twice: for the operator, and behind a public link."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

from quart import Blueprint, Response, g

from server import static_files
from server.access.rules import ANYBODY, Rule, Scope
from server.access.tokens import digest
from server.dashboard import boards, health, live, overview, page, privacy, shares, target
from server.dashboard.desk import Desk
from server.dashboard.room import FOR_LINKS, Room
from server.limiter import Limiter

_PAGES: Final[tuple[ModuleType, ...]] = (overview, boards, target, shares, live, health, privacy)
"""Each has `add(routes, desk)`, and `ACCESS` from its endpoints to their rules."""

OPERATOR, SHARED = "dashboard", "shared"
"""The two mounts: names of blueprints, and so the first part of an endpoint's name."""
_PAGES_A_MINUTE: Final = 120  # behind one link, of one process: a page every half second, for all who read it
_PAGES_AT_ONCE: Final = 120  # a link that was sent to many is opened by many at once


def _access() -> dict[str, Rule]:
    rules: dict[str, Rule] = {f"{page.FILES}.static": ANYBODY}
    for name in (OPERATOR, SHARED):
        for module in _pages(name):
            rules |= {f"{name}.{endpoint}": rule for endpoint, rule in module.ACCESS.items()}
    return rules


def _pages(mount: str) -> list[ModuleType]:
    """Behind a link is only what is there to be read."""
    return [page for page in _PAGES if mount == OPERATOR or all(rule != Scope.ADMIN for rule in page.ACCESS.values())]


ACCESS: Final = _access()


def blueprint(desk: Desk) -> Blueprint:
    """The pages, to be registered at `/dashboard`."""
    return _mounted(Blueprint(OPERATOR, __name__, template_folder="templates"), desk)


def behind_links(desk: Desk, limiter: Limiter) -> Blueprint:
    """The pages, to be registered at `/shared/<link>`; `g.link` is the link's."""
    routes = Blueprint(SHARED, __name__, template_folder="templates")
    _keep_link(routes)
    _limit(routes, limiter)
    return _mounted(routes, replace(desk, room=Room(FOR_LINKS)))


def link_limiter(key: bytes, now: Callable[[], float]) -> Limiter:
    """For `behind_links`. Whose link it is has no say in it: a public one may be in anybody's hands."""
    return Limiter(_PAGES_A_MINUTE, _PAGES_AT_ONCE, key=key, now=now)


def _mounted(routes: Blueprint, desk: Desk) -> Blueprint:
    for module in _pages(routes.name):
        add: Callable[[Blueprint, Desk], None] = module.add
        add(routes, desk)
    page.add_manners(routes)
    return routes


def _limit(routes: Blueprint, limiter: Limiter) -> None:
    @routes.before_request
    async def check() -> Response | None:
        wait = limiter.refuse_for(digest(g.link))
        return await page.too_often(wait) if wait else None


def files() -> Blueprint:
    """Style and scripts, the same for both mounts and for the page to sign in."""
    routes = Blueprint(page.FILES, __name__, static_folder="static", static_url_path="/dashboard/static")
    routes.after_request(static_files.lasting)
    return routes


def _keep_link(routes: Blueprint) -> None:
    """Pages know nothing of the link that they are behind: it is taken from each address and put into each."""

    @routes.url_value_preprocessor
    def take(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.link = values.pop("link", "") if values else ""

    @routes.url_defaults
    def put(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint.startswith(f"{SHARED}."):
            values.setdefault("link", g.get("link", ""))
