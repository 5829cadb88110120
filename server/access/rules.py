"""The rule each route states: a scope its caller must have, or that it is open to anybody.

A route without a rule answers nobody (`guard`), and a test fails on it. Blueprints state theirs in a mapping
`ACCESS` from endpoint to rule.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from quart import Request, Response, g, request
from quart_trio import QuartTrio

from server.problems import problem
from server.respond import as_response


class Scope(StrEnum):
    """What a caller may do. The values are stable: tokens name them."""

    READ = "read"  # every figure, and the live stream
    CATALOG = "catalog"  # change tracks and releases
    ADMIN = "admin"  # health, export, and what else concerns the installation


Rule = Scope | Literal["anybody"]
ANYBODY: Final = "anybody"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as it matters."""

    how: Literal["session", "token", "share", "proxy"]
    scopes: frozenset[Scope]


OPERATOR_SCOPES: Final = frozenset(Scope)
Identify = Callable[[Request], Awaitable[Caller | None]]
"""One way to know a caller; None: not by this way."""


def guard(app: QuartTrio, access: Mapping[str, Rule], ways: Sequence[Identify]) -> None:
    """Hold every request against its route's rule. The caller, if any is known, is `g.caller` afterwards."""

    @app.before_request
    async def check() -> Response | None:
        if request.endpoint is None:
            return None  # no such address; 404 or 405
        rule = access.get(request.endpoint)
        if rule == ANYBODY:
            return None
        caller = await _caller(ways)
        g.caller = caller
        if rule is not None and caller is not None and rule in caller.scopes:
            return None
        return _refused(caller, rule)


async def _caller(ways: Sequence[Identify]) -> Caller | None:
    for way in ways:
        if (caller := await way(request)) is not None:
            return caller
    return None


def _refused(caller: Caller | None, rule: Rule | None) -> Response:
    if caller is None:
        detail = "This address is the operator's. Send an API token: Authorization: Bearer TOKEN."
        return as_response(problem(401, "unauthorized", "Who are you?", detail, {"www-authenticate": "Bearer"}))
    detail = f"What you sent does not have the scope {rule}." if rule else "This address has no rule and is closed."
    return as_response(problem(403, "forbidden", "Not allowed", detail))
