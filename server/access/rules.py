"""The rule each route states: a scope its caller must have, or that it is open to anybody.

A route without a rule answers nobody (`guard`), and a test fails on it. Blueprints state theirs in a mapping
`ACCESS` from endpoint to rule.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from markupsafe import Markup
from quart import Request, Response, g, request
from quart_trio import QuartTrio

from server.access import headers, refusals
from server.access.forms import Forms
from server.access.paths import is_shared
from storage.bridge import DatabaseUnavailable


class Scope(StrEnum):
    """What a caller may do. The values are stable: tokens name them."""

    READ = "read"  # every figure, and the live stream
    CATALOG = "catalog"  # change tracks and releases
    ADMIN = "admin"  # health, export, and what else concerns the installation


Rule = Scope | Literal["anybody"]
ANYBODY: Final = "anybody"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as it matters.

    `forms_for`: what form tokens are bound to, where a browser brings the proof by itself (server/access/forms.py).
    """

    how: Literal["session", "token", "share", "proxy"]
    scopes: frozenset[Scope]
    forms_for: bytes | None = field(default=None, repr=False)


OPERATOR_SCOPES: Final = frozenset(Scope)
Identify = Callable[[Request], Awaitable[Caller | None]]
"""One way to know a caller; None: not by this way. May raise DatabaseUnavailable."""


def guard(
    app: QuartTrio, access: Mapping[str, Rule], ways: Sequence[Identify], shared: Sequence[Identify], forms: Forms
) -> None:
    """Hold every request against its route's rule. The caller, if any is known, is `g.caller` afterwards.

    `shared`: the ways in to what is behind a share link; `ways`: to all the rest.
    """

    @app.before_request
    async def check() -> Response | None:
        if request.endpoint is None:
            return None  # no such address; 404 or 405
        rule = access.get(request.endpoint)
        if rule == ANYBODY:
            return None
        try:
            caller = await _caller(shared if is_shared(request.path) else ways)
        except DatabaseUnavailable:
            return await refusals.unavailable()
        g.caller = caller
        if caller is None:
            return await refusals.unknown()
        if rule is None or rule not in caller.scopes:
            return await refusals.not_allowed(rule)
        if caller.forms_for is not None and await forms.forged(request, caller.forms_for):
            return await refusals.forged()
        return None

    @app.after_request
    async def protect(response: Response) -> Response:
        if request.endpoint is not None and access.get(request.endpoint) != ANYBODY:
            headers.of_operator(response)
        return response

    @app.template_global()
    def form_token() -> Markup:
        """The hidden field every form of the operator's pages has."""
        caller: Caller | None = g.get("caller")
        return forms.field(caller.forms_for) if caller and caller.forms_for is not None else Markup("")


async def _caller(ways: Sequence[Identify]) -> Caller | None:
    for way in ways:
        if (caller := await way(request)) is not None:
            return caller
    return None
