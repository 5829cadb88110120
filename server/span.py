"""Which days a question is about: the ranges people pick, their steps, and the days before to hold them against.

Pure: `today` is an argument, and days are the site's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, get_args

from storage.series import Step

DEFAULT: Final = "30d"
RANGES: Final = {"today": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}  # days, today included
ALL: Final = "all"
CUSTOM: Final = "custom"
STEPS: Final[tuple[Step, ...]] = get_args(Step)
_MOST_BARS: Final = 400  # of one chart; beyond it neither a picture nor a table is read
_DAYS_BY_DAY: Final = 92  # up to which days, and ...
_DAYS_BY_WEEK: Final = 400  # ... up to which weeks are the step that shows most


class SpanError(ValueError):
    """A sentence that says what to mend."""


@dataclass(frozen=True, slots=True)
class Span:
    """`first` to `last`, both included, in steps; `name` is what was picked."""

    name: str
    first: date
    last: date
    step: Step

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> "Span | None":
        """As many days directly before; None for all time, before which there is nothing."""
        if self.name == ALL:
            return None
        return Span(self.name, self.first - timedelta(self.days), self.first - timedelta(1), self.step)

    def starts(self) -> Iterator[date]:
        """The first day of each step, as the database names it: the first step may begin before `first`."""
        start = begin(self.first, self.step)
        while start <= self.last:
            yield start
            start = following(start, self.step)


def begin(day: date, step: Step) -> date:
    """The first day of the step that `day` is in."""
    if step == "week":
        return day - timedelta(day.weekday())
    return day.replace(day=1) if step == "month" else day


def following(start: date, step: Step) -> date:
    """The first day of the step after the one that begins with `start`."""
    if step == "month":
        return (start.replace(day=28) + timedelta(4)).replace(day=1)
    return start + timedelta(7 if step == "week" else 1)


def pick(
    name: str | None,
    today: date,
    *,
    since: date | None,
    first: str | None = None,
    last: str | None = None,
    step: str | None = None,
) -> Span:
    """The span somebody asked for. `since`: the first day with a count, where all time begins. Raises SpanError."""
    name = name or (CUSTOM if first or last else DEFAULT)
    if name == CUSTOM:
        begins, ends = _day(first, "from", since or today), _day(last, "to", today)
        if begins > ends:
            raise SpanError(f"from ({begins}) is later than to ({ends}); swap them.")
    elif name == ALL:
        begins, ends = min(since or today, today), today
    elif name in RANGES:
        begins, ends = today - timedelta(RANGES[name] - 1), today
    else:
        raise SpanError(f"{name!r} is not a range; allowed are {', '.join([*RANGES, ALL, CUSTOM])}.")
    span = Span(name, begins, ends, _step(step, (ends - begins).days + 1))
    if sum(1 for _ in zip(span.starts(), range(_MOST_BARS + 1), strict=False)) > _MOST_BARS:
        raise SpanError(f"{span.days:,} days are more than {_MOST_BARS} steps of a {span.step}; take a longer step.")
    return span


def _day(text: str | None, name: str, otherwise: date) -> date:
    if not text:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise SpanError(f"{name} is {text!r}; a day is written as 2026-11-21.") from None
    if not date(1970, 1, 1) <= found <= date(9990, 12, 31):
        raise SpanError(f"{name} is {text!r}; days from 1970 to 9990 are known.")
    return found


def _step(asked: str | None, days: int) -> Step:
    for step in STEPS:
        if asked == step:
            return step
    if asked:
        raise SpanError(f"{asked!r} is not a step; allowed are {', '.join(STEPS)}.")
    return "day" if days <= _DAYS_BY_DAY else "week" if days <= _DAYS_BY_WEEK else "month"
