"""The operator's pages, as one blueprint that may be mounted twice: for the operator, and behind a public link."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from quart import Blueprint, g

from server import static_files
from server.access.rules import ANYBODY, Rule, Scope
from server.dashboard import boards, health, live, overview, page, privacy, shares, target
from server.dashboard.desk import Desk

_PAGES: Final[tuple[ModuleType, ...]] = (overview, boards, target, shares, live, health, privacy)
"""Each has `add(routes, desk)`, and `ACCESS` from its endpoints to their rules."""

OPERATOR, SHARED = "dashboard", "shared"
"""The two mounts: names of blueprints, and so the first part of an endpoint's name."""


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


def blueprint(desk: Desk, name: str = OPERATOR) -> Blueprint:
    """The pages, to be registered at `/dashboard`; as SHARED, at `/shared/<link>`, where `g.link` is the link's."""
    routes = Blueprint(name, __name__, template_folder="templates")
    if name == SHARED:
        _keep_link(routes)
    for module in _pages(name):
        add: Callable[[Blueprint, Desk], None] = module.add
        add(routes, desk)
    page.add_manners(routes)
    return routes


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
