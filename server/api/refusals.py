"""Every kind of problem that the API answers with, as the document lists them; `type` is `/problems/NAME`."""

from typing import Final

from server.access.rules import ANYBODY
from server.api.route import Refusal, Route

QUERY: Final = Refusal(400, "query", "A parameter is unknown, stands there twice, or has a value it cannot have.")
DAYS: Final = Refusal(400, "days", "`days` is no number of days.")
BADGE: Final = Refusal(400, "badge", "There is no such figure or look, or the label cannot be printed.")
CATALOG: Final = Refusal(400, "catalog", "What was sent is not a catalog; `mistakes` has a sentence for each mistake.")
UNKNOWN_RELEASE: Final = Refusal(409, "unknown-release", "A track is put on a release that is nowhere; `releases`.")
MALFORMED: Final = Refusal(400, "malformed", "The body is not the event it should be.")
UNAUTHORIZED: Final = Refusal(401, "unauthorized", "There is no token, or one that is not known (any more).")
FORBIDDEN: Final = Refusal(403, "forbidden", "The token does not have the scope that this address needs.")
NOT_THE_SITES: Final = Refusal(403, "origin", "The page is not one of the site's, or (`crawler`) nobody listens there.")
NOT_FOUND: Final = Refusal(404, "not-found", "The target is neither in the catalog nor counted.")
FORWARDED: Final = Refusal(404, "not-found", "The request came through a proxy.")
SLOW: Final = Refusal(408, "slow", "The body did not arrive in time.")
TOO_LARGE: Final = Refusal(413, "too-large", "The body is larger than it may be.")
MEDIA_TYPE: Final = Refusal(415, "media-type", "The body's Content-Type is not one of those listed.")
RATE: Final = Refusal(429, "rate", "Too many requests in too short a time.", retry_after=True)
DATABASE: Final = Refusal(503, "database-unavailable", "The database cannot be reached now.", retry_after=True)
STREAMS: Final = Refusal(503, "streams", "As many live streams are open as there may be.", retry_after=True)
NOT_READY: Final = Refusal(503, "not-ready", "`missing` names what is: the spool, or it is stopping.", retry_after=True)
ANOTHER_EXPORT: Final = Refusal(503, "another-export", "One export at a time.", retry_after=True)
UNAVAILABLE: Final = Refusal(503, "unavailable", "The event cannot be made durable now.", retry_after=True)


def of(route: Route) -> list[Refusal]:
    """The route's own, and those of every route that is the operator's."""
    operators = () if route.rule == ANYBODY else (UNAUTHORIZED, FORBIDDEN, RATE)
    return sorted({*route.refusals, *operators}, key=lambda refusal: refusal.status)
