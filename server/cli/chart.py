"""A series as bars in a terminal: a line a step, stacked by how far people listened."""

from rich.table import Table
from rich.text import Text

from server.answers import Counted, Series
from server.cli.asking import DEPTHS, change, rate

_LONGEST = 44  # columns of the longest bar


def totals(title: str, found: Series) -> Table:
    """The sums of the range beside those of the days before."""
    before = found.before.totals if found.before else None
    period = found.period
    table = Table(title=f"{title}, {period.first} to {period.last}", title_justify="left", box=None, padding=(0, 2))
    table.add_column("", style="dim")
    table.add_column("", justify="right")
    if before:
        table.add_column("before", justify="right", style="dim")
        table.add_column("", justify="right")
    for name, value, earlier in _lines(found.totals, before):
        table.add_row(name, value, *earlier)
    return table


def _lines(now: Counted, before: Counted | None) -> list[tuple[str, Text, list[Text]]]:
    numbers = [
        ("plays", "total_plays"),
        ("  partial (below 30 %)", "partial"),
        ("  sampled (30 to 80 %)", "sampled"),
        ("  complete (above 80 %)", "complete"),
        ("shares", "total_shares"),
        ("plays that shares brought", "total_via"),
        ("listeners by day, added up", "daily_listeners"),
    ]
    lines = []
    for name, field in numbers:
        value: int | None = getattr(now, field)
        if value is None:
            continue
        earlier: int = getattr(before, field) if before else 0
        style = "" if name.startswith(" ") else "bold"
        beside = [Text(f"{earlier:,}"), change(value, earlier)] if before else []
        lines.append((name, Text(f"{value:,}", style=style), beside))
    beside = [Text(rate(before.completion_rate)), Text("")] if before else []
    lines.insert(4, ("completion rate", Text(rate(now.completion_rate)), beside))
    return lines


def bars(found: Series) -> Table:
    """Every step of the range."""
    most = max((point.total_plays for point in found.points), default=0)
    title = f"\nPlays by {found.period.step}"
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2), caption=_legend())
    table.caption_justify = "left"
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    for point in found.points:
        table.add_row(point.start.isoformat(), f"{point.total_plays:,}", _bar(point, most))
    return table


def _bar(point: Counted, most: int) -> Text:
    """Rounded so that parts never make more than the whole, and what was counted is seen."""
    bar, drawn, counted = Text(), 0, 0
    for name, (block, colour) in DEPTHS.items():
        counted += getattr(point, name)
        upto = -(-counted * _LONGEST // most) if most else 0
        bar.append(block * (upto - drawn), style=colour)
        drawn = upto
    return bar


def _legend() -> Text:
    legend = Text("\n")
    for name, (block, colour) in DEPTHS.items():
        legend.append(f"{block} ", style=colour).append(f"{name}  ", style="dim")
    return legend
