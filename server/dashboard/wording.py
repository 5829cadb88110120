"""Numbers, days and changes as people read them. English, digits grouped by commas, minus as a minus."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from markupsafe import Markup, escape

from server.dashboard.tables import Cell, Kind, Table
from server.span import Span, following
from storage.series import Step

NOT_KNOWN: Final = "\N{EN DASH}"
_RANGES: Final = {
    "today": "today",
    "7d": "these 7 days",
    "30d": "these 30 days",
    "90d": "these 90 days",
    "365d": "these 365 days",
    "all": "all time",
}
PICKED: Final = {
    "today": "Today",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "365d": "A year",
    "all": "All",
}


def count(number: int | None) -> str:
    """12,345."""
    return NOT_KNOWN if number is None else f"{number:,}"


def short(number: float) -> str:
    """For axes: 950, 1.5k, 20M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return f"{number:g}"


def rate(part: float | None) -> str:
    """62%; only the whole is 100%, and only nothing 0%."""
    if part is None:
        return NOT_KNOWN
    percent = round(100 * part)
    if percent == 100 and part < 1:
        return "99%"
    return "under 1%" if percent == 0 and part > 0 else f"{percent}%"


def decimal(number: float | None) -> str:
    """Two decimals; none from 100 on, where they tell nothing."""
    if number is None:
        return NOT_KNOWN
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"


def day(one: date) -> str:
    """21 Nov 2026."""
    return f"{one.day} {one:%b} {one:%Y}"


def step_name(start: date, step: Step) -> str:
    """What a step is called in a table or a hint."""
    if step == "month":
        return f"{start:%B} {start:%Y}"
    return f"Week of {day(start)}" if step == "week" else f"{start:%a} {day(start)}"


def step_mark(start: date, step: Step) -> str:
    """What stands under a chart."""
    return f"{start:%b} \N{RIGHT SINGLE QUOTATION MARK}{start:%y}" if step == "month" else f"{start.day} {start:%b}"


def cell(value: Cell, kind: Kind) -> str:
    """One cell of a table on the page."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, date):
        return f"{value:%B} {value:%Y}" if kind == "month" else day(value)
    if isinstance(value, str):
        return value
    if kind == "rate":
        return rate(value)
    return decimal(value) if isinstance(value, float) else count(value)


def rows(table: Table) -> Markup:
    """A table's body. By hand: a year of days behind each of four pictures took Jinja longer than all queries."""
    kinds = [column.kind for column in table.columns]
    written = []
    for row in table.rows:
        first, *rest = [escape(cell(value, kind)) for value, kind in zip(row, kinds, strict=True)]
        cells = "".join(f"<td>{one}</td>" for one in rest)
        written.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return Markup("\n".join(written))  # noqa: S704  # each cell is escaped


def place(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def span_name(span: Span) -> str:
    """In a sentence."""
    if span.name in _RANGES:
        return _RANGES[span.name]
    return day(span.first) if span.days == 1 else f"{day(span.first)} to {day(span.last)}"


def before_name(span: Span) -> str:
    """What a change is held against."""
    return "the day before" if span.days == 1 else f"the {span.days} days before"


def last_day(start: date, step: Step) -> date:
    """Of the step."""
    return following(start, step) - timedelta(1)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the period before: a sign to see, and a sentence to hear."""

    way: Literal["up", "down", "same"]
    mark: str
    sentence: str


def change(now: float | None, before: float | None, span: Span, *, points: bool = False) -> Change | None:
    """None where there is nothing to compare. `points`: of rates, whose difference is told in percentage points."""
    if now is None or before is None or span.before() is None:
        return None
    than = before_name(span)
    if points:
        difference = round(100 * now) - round(100 * before)
        unit = "percentage point" if abs(difference) == 1 else "percentage points"
        return _change(difference, f"{abs(difference)} pt", f"{abs(difference)} {unit}", than)
    if before == 0:
        return None if now == 0 else Change("up", "new", f"none in {than}")
    percent = round(100 * (now - before) / before)
    told = f"{abs(percent):,}%"
    if percent == 0 and now != before:
        told = "under 1%"
        return _change(1 if now > before else -1, told, told, than)
    return _change(percent, told, told, than)


def _change(difference: int, mark: str, told: str, than: str) -> Change:
    if difference == 0:
        return Change("same", "\N{PLUS-MINUS SIGN}0", f"the same as {than}")
    if difference > 0:
        return Change("up", f"\N{UPWARDS ARROW}\N{NO-BREAK SPACE}{mark}", f"{told} more than {than}")
    return Change("down", f"\N{DOWNWARDS ARROW}\N{NO-BREAK SPACE}{mark}", f"{told} less than {than}")
