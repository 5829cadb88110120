"""The public read API (DESIGN §3): figures of the site, a track or a release as bare JSON objects."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from quart import Blueprint, Response, request
from werkzeug.routing import BaseConverter

from privacy.modes import Mode, derives
from server.access.rules import ANYBODY, Rule
from server.bodies import LONGEST_KEY
from server.problems import Answer, not_found, problem
from server.respond import as_response
from storage import figures
from storage.bridge import Database, DatabaseUnavailable
from storage.counters import Target
from storage.figures import SITE, Day, Figures

_FRESH_S: Final = 1  # figures are at most a second behind the log, so an answer may be kept that long
_RETRY_AFTER_S: Final = 5
_HEADERS: Final = {
    "content-type": "application/json",
    "cache-control": f"public, max-age={_FRESH_S}",
    "access-control-allow-origin": "*",
}
ACCESS: Final[dict[str, Rule]] = {f"stats.{kind}": ANYBODY for kind in ("home", "track", "release")}
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


def blueprint(database: Database, view: Callable[[str | None], "View"]) -> Blueprint:
    """The three routes; `view` says what is shown now, given `?days`."""
    routes = Blueprint("stats", __name__, url_prefix="/api/stats")

    async def answer(target: Target) -> Response:
        shown = await read(database, target, view(request.args.get("days")))
        if not isinstance(shown, Answer):
            shown = Answer(200, _HEADERS, msgspec.json.encode(shown))
        return await conditional(shown)

    of_each_target(routes, answer)
    return routes


def of_each_target(routes: Blueprint, answer: Callable[[Target], Awaitable[Response]], suffix: str = "") -> None:
    """`/home`, `/track/KEY` and `/release/KEY`, on an app that knows the converter `key`."""

    @routes.get(f"/home{suffix}")
    async def home() -> Response:
        return await answer(SITE)

    @routes.get(f"/track/<key:key>{suffix}")
    async def track(key: str) -> Response:
        return await answer(Target(key, "track"))

    @routes.get(f"/release/<key:key>{suffix}")
    async def release(key: str) -> Response:
        return await answer(Target(key, "release"))


@dataclass(frozen=True, slots=True)
class View:
    """What of the figures is shown."""

    mode: Mode
    today: date
    days: str | None = None  # of how many days listeners are asked for, as it was asked
    min_listeners: int = 0

    def listeners(self, number: int) -> int | None:
        """None where so few are not to be told."""
        return None if 0 < number < self.min_listeners else number


def as_json(found: Figures, view: View) -> dict[str, Any]:
    """The contract's field names; a listener figure that the mode does not produce, or that is too small, is null."""
    made = derives(view.mode, objected=False)
    this_day = found.days[-1] if made.token and found.days and found.days[-1].day == view.today else None
    shown: dict[str, Any] = {
        "totalPlays": found.total_plays,
        "partial": found.partial,
        "sampled": found.sampled,
        "complete": found.complete,
        "unbucketed": found.unbucketed,
        "completionRate": found.completion_rate,
        "totalShares": found.shares_link + found.shares_embed,
        "shares": {"link": found.shares_link, "embed": found.shares_embed},
        "listeners": view.listeners(found.listeners) if made.pseudonym else None,
        "listenersToday": view.listeners(this_day.listeners) if this_day else None,
        "listenersTodayPartial": this_day.partial if this_day else None,
    }
    if view.days is not None:
        shown["listenersByDay"] = [_day(one, view) for one in found.days] if made.token else None
    return shown


def _day(one: Day, view: View) -> dict[str, Any]:
    return {"day": one.day.isoformat(), "listeners": view.listeners(one.listeners), "partial": one.partial}


async def read(database: Database, target: Target, view: View) -> dict[str, Any] | Answer:
    """The figures in the contract's form, or the answer that says why there are none."""
    if len(target.key.encode()) > LONGEST_KEY or "\x00" in target.key:
        return _no_such(target)
    days = _number_of_days(view.days)
    if days is None:
        return _BAD_DAYS
    try:
        # Where no tokens are made, days are not asked for: the default mode's figures are one question, not two.
        last = view.today if derives(view.mode, objected=False).token else None
        found = await database.run(figures.read, target, last, days)
    except DatabaseUnavailable:
        return problem(
            503,
            "database-unavailable",
            "Not available now",
            "The figures cannot be read now; events are still taken. Try again later.",
            {
                "retry-after": str(_RETRY_AFTER_S),
                "access-control-allow-origin": "*",
                "access-control-expose-headers": "retry-after",  # the card of another origin waits as long, too
            },
        )
    return _no_such(target) if found is None else as_json(found, view)


def _number_of_days(asked: str | None) -> int | None:
    """None: not a number of days."""
    if asked is None:
        return 1
    return int(asked) if re.fullmatch("[1-9][0-9]{0,2}", asked) and int(asked) <= MOST_DAYS else None


def _no_such(target: Target) -> Answer:
    answer = not_found(f"No {target.kind} of this key is in the catalog or has been counted.")
    return answer.with_headers({"access-control-allow-origin": "*"})


async def conditional(answer: Answer) -> Response:
    """With an ETag, and 304 for who has it already."""
    response = as_response(answer)
    if answer.status == 200:
        await response.add_etag()
        await response.make_conditional(request)
    return response
