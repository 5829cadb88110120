"""One target over a range: its steps without gaps, their sum, the days before, and its pictures and table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from server.dashboard import charts, wording
from server.dashboard.charts import Chart, Series, Steps
from server.dashboard.tables import Cell, Column, Table
from server.span import Span, begin
from storage import figures, series
from storage.bridge import Connection
from storage.counters import Target
from storage.figures import SITE, Figures
from storage.series import Counts, DayListeners, ListenerSum, Step

BUCKETS: Final = (
    ("complete", "Played to the end"),
    ("sampled", "Played in part"),
    ("partial", "Left early"),
)
"""Look and name, the foot of the stack first: what was played to the end carries the rest."""
UNBUCKETED: Final = ("unbucketed", "Not known how far")
"""Plays that were brought along from a counter which did not know; shown where there are any."""
CHANNELS: Final = (("link", "Link"), ("embed", "Embed"))
Told = Callable[[ListenerSum], int | None]
"""Listeners of some days as they may be told; None: not at all."""
_STEP_COLUMN: Final[dict[Step, str]] = {"day": "Day", "week": "Week of", "month": "Month"}
_A_STEP: Final[dict[Step, str]] = {"day": "a day", "week": "a week", "month": "a month"}


@dataclass(frozen=True)
class Story:
    """`before` is None where there is nothing to compare with: all time, or days before the first one counted."""

    span: Span
    starts: Sequence[date]
    counts: Sequence[Counts]
    daily: Sequence[ListenerSum | None] | None  # option B's listeners, each day's added up; None where not counted
    cut: frozenset[date]  # steps in which a day's listeners are counted in part only
    before: Counts | None
    daily_before: ListenerSum | None
    all_time: Figures
    since: date | None  # the first day the site counted anything

    @cached_property
    def sum(self) -> Counts:
        """Over the range. Asked for often, and a year has many days."""
        return sum(self.counts, Counts())

    @cached_property
    def daily_sum(self) -> ListenerSum | None:
        """Listeners by day, added up over the range."""
        if self.daily is None:
            return None
        return sum((one for one in self.daily if one is not None), ListenerSum())


async def read(connection: Connection, target: Target, span: Span, *, tokens: bool) -> Story | None:
    """None where the target is neither counted nor in the catalog. `tokens`: whether the mode counts by day."""
    all_time = await figures.read(connection, target)
    if all_time is None:
        return None
    since = await series.first_day(connection, SITE)
    points = await series.series(connection, target, span.first, span.last, span.step)
    counted = {point.start: point.counts for point in points}
    starts = list(span.starts())
    daily, daily_before = None, None
    cut: frozenset[date] = frozenset()
    earlier = span.before()
    if earlier is not None and (since is None or earlier.first < since):
        earlier = None
    if tokens:
        by_step = await series.listeners(connection, target, span.first, span.last, span.step)
        daily = _filled(by_step, starts)
        cut = frozenset(one.start for one in by_step if one.partial)
        if earlier is not None:
            found = await series.listeners(connection, target, earlier.first, earlier.last, "month")
            daily_before = sum((one.sum for one in found), ListenerSum())
    before = None
    if earlier is not None:
        past = await series.series(connection, target, earlier.first, earlier.last, "month")
        before = sum((point.counts for point in past), Counts())
    counts = [counted.get(start, Counts()) for start in starts]
    return Story(span, starts, counts, daily, cut, before, daily_before, all_time, since)


def _filled(found: Sequence[DayListeners], starts: Sequence[date]) -> list[ListenerSum | None]:
    known = {one.start: one.sum for one in found}
    return [known.get(start) for start in starts]


def table(story: Story, told: Told) -> Table:
    """Every figure of every step. `told` hides numbers of listeners too small to be told."""
    stacked = _stacked(story)[::-1]
    columns = [
        Column(_STEP_COLUMN[story.span.step], "start", "month" if story.span.step == "month" else "date"),
        Column("Plays", "plays"),
        *(Column(name, look) for look, name in stacked),
        Column("Completion", "completionRate", "rate"),
        Column("Shares", "shares"),
        *(Column(f"{name} shares", f"shares{name}") for _, name in CHANNELS),
        *(Column(f"Plays via {look}", f"via{name}") for look, name in CHANNELS),
    ]
    if story.daily is not None:
        columns.append(Column("Listeners by day, added up", "listeners"))
    rows: list[list[Cell]] = []
    for at, (start, one) in enumerate(zip(story.starts, story.counts, strict=True)):
        row: list[Cell] = [start, one.plays, *(getattr(one, look) for look, _ in stacked)]
        row += [one.completion_rate, one.shares, one.shares_link, one.shares_embed, one.via_link, one.via_embed]
        if story.daily is not None:
            row.append(_told(story.daily[at], told))
        rows.append(row)
    return Table("series", f"By {story.span.step}, {wording.span_name(story.span)}", columns, rows)


def _stacked(story: Story) -> Sequence[tuple[str, str]]:
    return (*BUCKETS, UNBUCKETED) if story.sum.unbucketed else BUCKETS


def _told(listeners: ListenerSum | None, told: Told) -> int | None:
    return None if listeners is None else told(listeners)


def pictures(story: Story, told: Told) -> Mapping[str, Callable[[], Chart]]:
    """Of a target, by name. A picture with nothing in it is left out."""
    drawn: dict[str, Callable[[], Chart]] = {}
    if story.sum.plays:
        drawn["plays"] = lambda: plays(story)
        drawn["completion"] = lambda: completion(story)
    if story.sum.shares:
        drawn["shares"] = lambda: shares(story)
    if story.sum.via:
        drawn["via"] = lambda: via(story)
    if story.daily_sum and story.daily_sum.number:
        drawn["listeners"] = lambda: listeners(story, told)
    return drawn


def _steps(story: Story) -> Steps:
    step = story.span.step
    names = [wording.step_name(start, step) for start in story.starts]
    return Steps([wording.step_mark(start, step) for start in story.starts], names)


def _most(story: Story, amounts: Sequence[int], what: str) -> str:
    """The sentence for who cannot see the picture."""
    total = f"{sum(amounts):,} {what}, {wording.span_name(story.span)}"
    if len(amounts) < 2:
        return f"{total}."
    highest = max(range(len(amounts)), key=lambda at: amounts[at])
    return f"{total}; most: {wording.step_name(story.starts[highest], story.span.step)}, {amounts[highest]:,}."


def plays(story: Story) -> Chart:
    """Stacked by bucket."""
    stack = [Series(look, name, [getattr(one, look) for one in story.counts]) for look, name in _stacked(story)]
    said = _most(story, [one.plays for one in story.counts], "plays")
    return charts.columns("plays", "Plays", f"plays {_A_STEP[story.span.step]}", _steps(story), stack, said)


def completion(story: Story) -> Chart:
    """The share of plays that went on to the end."""
    one = Series("curve", "Played to the end", [counts.completion_rate for counts in story.counts])
    said = f"{wording.rate(story.sum.completion_rate)} of all plays, {wording.span_name(story.span)}."
    return charts.curve("completion", "Completion rate", "share of plays", _steps(story), one, said)


def shares(story: Story) -> Chart:
    """Copied links and embeds."""
    stack = [
        Series("link", "Link copied", [one.shares_link for one in story.counts]),
        Series("embed", "Embed copied", [one.shares_embed for one in story.counts]),
    ]
    said = _most(story, [one.shares for one in story.counts], "shares")
    return charts.columns(
        "shares", "Shares by channel", f"shares {_A_STEP[story.span.step]}", _steps(story), stack, said
    )


def via(story: Story) -> Chart:
    """Plays that copied links and embeds brought."""
    stack = [
        Series("link", "Came by a link", [one.via_link for one in story.counts]),
        Series("embed", "Came by an embed", [one.via_embed for one in story.counts]),
    ]
    said = _most(story, [one.via for one in story.counts], "plays")
    unit = f"plays {_A_STEP[story.span.step]}"
    return charts.columns("via", "Plays that shares brought", unit, _steps(story), stack, said)


def listeners(story: Story, told: Told) -> Chart:
    """Option B's, by day or added up."""
    numbers = [_told(one, told) for one in story.daily or ()]
    title = "Listeners by day" if story.span.step == "day" else "Listeners by day, added up"
    unit = f"listeners {_A_STEP[story.span.step]}"
    said = _most(story, [number or 0 for number in numbers], "listeners by day, added up")
    return charts.columns("listeners", title, unit, _steps(story), [Series("listeners", "Listeners", numbers)], said)


def is_cut(story: Story) -> bool:
    """Whether a day of the range has listeners of a part of it only."""
    return bool(story.cut & {begin(start, story.span.step) for start in story.starts})
