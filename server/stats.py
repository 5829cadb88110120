"""The public read API (DESIGN §3): figures of the site, a track or a release as bare JSON objects."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import msgspec
from quart import Blueprint, Response, request
from werkzeug.routing import BaseConverter

from privacy.modes import Mode, derives
from server.bodies import LONGEST_KEY
from server.problems import Answer, not_found, problem
from server.respond import as_response
from storage import figures
from storage.bridge import Database, DatabaseUnavailable
from storage.counters import Target
from storage.figures import SITE, Day, Figures

_FRESH_S: Final = 1  # figures are at most a second behind the log, so an answer may be kept that long
_RETRY_AFTER_S: Final = 5
MOST_DAYS: Final = 366  # of listeners by day in one answer
_BAD_DAYS: Final = problem(
    400,
    "days",
    "Not a number of days",
    f"days is a whole number from 1 to {MOST_DAYS}: of how many days, today included, listenersByDay is wanted.",
    {"access-control-allow-origin": "*"},
)


class Key(BaseConverter):
    """The rest of a path as a key: any text. The `path` converter takes no slash at the start and no line feed."""

    part_isolating = False
    regex = r"[\s\S]+"


def blueprint(database: Database, mode: Callable[[], Mode], today: Callable[[], date]) -> Blueprint:
    """The three routes, on an app that knows the converter `key`; `mode` says which listener figures exist now."""
    routes = Blueprint("stats", __name__, url_prefix="/api/stats")

    @routes.get("/home")
    async def home() -> Response:
        return await answer(SITE)

    @routes.get("/track/<key:key>")
    async def track(key: str) -> Response:
        return await answer(Target(key, "track"))

    @routes.get("/release/<key:key>")
    async def release(key: str) -> Response:
        return await answer(Target(key, "release"))

    async def answer(target: Target) -> Response:
        return await _conditional(await _figures(database, target, mode(), today(), request.args.get("days")))

    return routes


def as_json(found: Figures, mode: Mode, today: date, *, by_day: bool = False) -> dict[str, Any]:
    """The contract's field names; a listener figure the mode does not produce is null."""
    tokens = derives(mode, objected=False).token
    this_day = found.days[-1] if tokens and found.days and found.days[-1].day == today else None
    shown: dict[str, Any] = {
        "totalPlays": found.total_plays,
        "partial": found.partial,
        "sampled": found.sampled,
        "complete": found.complete,
        "completionRate": found.completion_rate,
        "totalShares": found.shares_link + found.shares_embed,
        "shares": {"link": found.shares_link, "embed": found.shares_embed},
        "listeners": found.listeners if derives(mode, objected=False).pseudonym else None,
        "listenersToday": this_day.listeners if this_day else None,
        "listenersTodayPartial": this_day.partial if this_day else None,
    }
    if by_day:
        shown["listenersByDay"] = [_day(one) for one in found.days] if tokens else None
    return shown


def _day(one: Day) -> dict[str, Any]:
    return {"day": one.day.isoformat(), "listeners": one.listeners, "partial": one.partial}


async def _figures(database: Database, target: Target, mode: Mode, today: date, asked: str | None) -> Answer:
    if len(target.key.encode()) > LONGEST_KEY or "\x00" in target.key:
        return _no_such(target)
    days = _number_of_days(asked)
    if days is None:
        return _BAD_DAYS
    try:
        found = await database.run(figures.read, target, today, days)
    except DatabaseUnavailable:
        return problem(
            503,
            "database-unavailable",
            "Not available now",
            "The figures cannot be read now; events are still taken. Try again later.",
            {"retry-after": str(_RETRY_AFTER_S), "access-control-allow-origin": "*"},
        )
    if found is None:
        return _no_such(target)
    headers = {
        "content-type": "application/json",
        "cache-control": f"public, max-age={_FRESH_S}",
        "access-control-allow-origin": "*",
    }
    return Answer(200, headers, msgspec.json.encode(as_json(found, mode, today, by_day=asked is not None)))


def _number_of_days(asked: str | None) -> int | None:
    """None: not a number of days."""
    if asked is None:
        return 1
    return int(asked) if re.fullmatch("[1-9][0-9]{0,2}", asked) and int(asked) <= MOST_DAYS else None


def _no_such(target: Target) -> Answer:
    answer = not_found(f"No {target.kind} of this key is in the catalog or has been counted.")
    return answer.with_headers({"access-control-allow-origin": "*"})


async def _conditional(answer: Answer) -> Response:
    response = as_response(answer)
    if answer.status == 200:
        await response.add_etag()
        await response.make_conditional(request)
    return response
