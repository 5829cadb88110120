"""What an address asks for: the range and its steps, and the addresses that would ask for another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from quart import request

from server import span as spans
from server.dashboard import wording
from server.dashboard.desk import Desk
from server.dashboard.page import BadQuestion, here
from server.span import Span
from storage import series
from storage.figures import SITE
from storage.series import Step

_STEP_NAMES: Final[dict[Step, str]] = {"day": "Days", "week": "Weeks", "month": "Months"}
_FEWEST_DAYS: Final[dict[Step, int]] = {"day": 1, "week": 8, "month": 32}  # below, the step shows one bar or two
_MOST_DAYS: Final[dict[Step, int]] = {"day": 366, "week": 2_500, "month": 10_000}  # above, too many to be read
_LAST_PAGE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same page with another range or step."""

    name: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Picker:
    """Everything the picker shows."""

    span: Span
    days: str
    ranges: Sequence[Choice]
    steps: Sequence[Choice]
    others: Mapping[str, str]
    """What else the address asks for, which the form for other days must not lose."""


async def span(desk: Desk) -> Span:
    """The range of the address. Raises SpanError."""
    args = request.args
    name, first = args.get("range"), args.get("from")
    since = None
    if name == spans.ALL or (name == spans.CUSTOM and not first) or (not name and args.get("to") and not first):
        since = await desk.database.run(series.first_day, SITE)
    return spans.pick(name, desk.today(), since=since, first=first, last=args.get("to"), step=args.get("step"))


def picker(of: Span, key: Mapping[str, str] | None = None) -> Picker:
    """For a page at this address; `key` is that of its path."""
    key = key or {}
    anew: dict[str, None] = dict.fromkeys(("from", "to", "step", "page"))
    ranges = [
        Choice(told, here(key, **{**anew, "range": name}), name == of.name) for name, told in wording.PICKED.items()
    ]
    steps = [
        Choice(told, here(key, step=step, page=None), step == of.step)
        for step, told in _STEP_NAMES.items()
        if _FEWEST_DAYS[step] <= of.days <= _MOST_DAYS[step] or step == of.step
    ]
    days = wording.day(of.first) if of.days == 1 else f"{wording.day(of.first)} to {wording.day(of.last)}"
    asked = {name: value for name, value in request.args.items() if name not in ("range", *anew)}
    return Picker(of, days, ranges, steps if len(steps) > 1 else [], asked)


def number(name: str, otherwise: int) -> int:
    """A whole number from 1 on. Raises BadQuestion."""
    asked = request.args.get(name, "")
    if not asked:
        return otherwise
    if not asked.isascii() or not asked.isdecimal() or not 1 <= int(asked[:8]) <= _LAST_PAGE or len(asked) > 7:
        raise BadQuestion(f"{name} is {asked[:40]!r}; it is a whole number from 1 to {_LAST_PAGE:,}.")
    return int(asked)


def one_of(name: str, allowed: Sequence[str], otherwise: str) -> str:
    """One of these words. Raises BadQuestion."""
    asked = request.args.get(name) or otherwise
    if asked not in allowed:
        raise BadQuestion(f"{name} is {asked[:40]!r}; allowed are {', '.join(allowed)}.")
    return asked
