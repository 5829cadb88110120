"""`GET /healthz`: this process is alive. `GET /readyz`: it takes events durably now. The same at both doors.

For those who start processes and those who spread requests over them. Strangers may ask, and learn no more than that.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from quart import Blueprint, Response

from server.access.rules import ANYBODY, Rule
from server.problems import Answer, problem
from server.readiness import Readiness
from server.respond import as_response

HEALTHZ: Final = "/healthz"
READYZ: Final = "/readyz"
ACCESS: Final[dict[str, Rule]] = {"probes.healthz": ANYBODY, "probes.readyz": ANYBODY}
_RETRY_AFTER_S: Final = 5
_JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}
_ALIVE: Final = Answer(200, _JSON, b'{"alive":true}')
_METHODS: Final = ("GET", "HEAD")

Probe = Callable[[str], Answer]
"""From the method to the answer, at once."""


def probes(readiness: Readiness) -> Mapping[str, Probe]:
    """By path, for a door that cannot wait: what it says of the disk is what the last question had it look at."""
    return {HEALTHZ: lambda method: _wrong(method) or _ALIVE, READYZ: lambda method: _wrong(method) or ready(readiness)}


def ready(readiness: Readiness) -> Answer:
    """200, or 503 with what is missing; both name the database."""
    database = "up" if readiness.database_up else "away"
    lacks = readiness.lacks()
    if not lacks:
        return Answer(200, _JSON, msgspec.json.encode({"ready": True, "database": database}))
    return problem(
        503,
        "not-ready",
        "Not ready",
        " ".join(lack.says for lack in lacks),
        {"retry-after": str(_RETRY_AFTER_S)},
        missing=[lack.name for lack in lacks],
        database=database,
    )


def _wrong(method: str) -> Answer | None:
    if method in _METHODS:
        return None
    return problem(405, "method", "Wrong method", "Ask with GET.", {"allow": "GET, HEAD"})


def blueprint(readiness: Readiness) -> Blueprint:
    """Both, of a door that can wait until the disk was looked at."""
    routes = Blueprint("probes", __name__)

    @routes.get(HEALTHZ)
    async def healthz() -> Response:
        return as_response(_ALIVE)

    @routes.get(READYZ)
    async def readyz() -> Response:
        await readiness.looked()
        return as_response(ready(readiness))

    return routes
