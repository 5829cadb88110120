"""`tonearm top`: tracks and releases side by side."""

from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from rich.table import Table
from rich.text import Text

from server.answers import BoardEntry, Leaderboard
from server.api.parameters import MOST_ENTRIES
from server.cli.asking import First, Last, Range, Step, ask, asker, console, print_answer, rate, spark
from server.cli.common import EXIT_USAGE, AsJson, ConfigFile, effective
from server.questions import Asked, top
from storage.leaderboard import Sort as SortName
from storage.leaderboard import Wanted

app = typer.Typer(help="Tracks and releases side by side.", no_args_is_help=True)

_SORTS: Final = get_args(SortName)
Sort = Annotated[str, typer.Option("--sort", help=f"One of {', '.join(_SORTS)}.")]
Up = Annotated[bool, typer.Option("--ascending", help="The lowest first.")]
Search = Annotated[str, typer.Option("--search", help="A part of the title or the key.", show_default=False)]
Medium = Annotated[str | None, typer.Option("--medium", help="On releases of this medium only.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", help="How many.", min=1, max=MOST_ENTRIES)]
Release = Annotated[str | None, typer.Option("--release", help="On this release only.", show_default=False)]


@app.command()
def tracks(
    within: Range = None,
    first: First = None,
    last: Last = None,
    step: Step = None,
    sort: Sort = "plays",
    ascending: Up = False,
    search: Search = "",
    medium: Medium = None,
    release: Release = None,
    limit: Limit = 25,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Tracks, the most played of the last 30 days first.

    Examples:

      tonearm top tracks --range 7d

      tonearm top tracks --release night-ferry --sort completion

      tonearm top tracks --from 2026-01-01 --to 2026-06-30 --json
    """
    wanted = Wanted(
        "track",
        sort=_sort(sort),
        search=search,
        medium=medium,
        release=release,
        limit=limit,
        descending=not ascending and sort != "title",
    )
    _show(wanted, Asked(within, first, last, step), config, as_json=json)


@app.command()
def releases(
    within: Range = None,
    first: First = None,
    last: Last = None,
    step: Step = None,
    sort: Sort = "plays",
    ascending: Up = False,
    search: Search = "",
    medium: Medium = None,
    limit: Limit = 25,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Releases, the most played of the last 30 days first; a release's plays are those of its tracks.

    Example: tonearm top releases --range 365d --sort shares
    """
    wanted = Wanted(
        "release",
        sort=_sort(sort),
        search=search,
        medium=medium,
        limit=limit,
        descending=not ascending and sort != "title",
    )
    _show(wanted, Asked(within, first, last, step), config, as_json=json)


def _sort(name: str) -> SortName:
    for sort in _SORTS:
        if sort == name:
            found: SortName = sort
            return found
    typer.echo(f"--sort {name}: allowed is {', '.join(_SORTS)}.", err=True)
    raise typer.Exit(EXIT_USAGE)


def _show(wanted: Wanted, asked: Asked, file: Path | None, *, as_json: bool) -> None:
    config = effective(file)
    found = ask(config, top, wanted, asked, asker(config), trend=True).board
    if as_json:
        print_answer(found)
        return
    out = console()
    out.print(_table(found))
    if found.total > len(found.entries):
        out.print(f"{len(found.entries):,} of {found.total:,}; --limit shows more.", style="dim")


def _table(found: Leaderboard) -> Table:
    period = found.period
    table = Table(
        title=f"{found.type.capitalize()}s, {period.first} to {period.last}",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("", justify="right", style="dim")
    table.add_column(found.type, overflow="fold", ratio=1, min_width=16)
    for name in ("plays", "completion", "shares", "per 100", "via", "listeners"):
        table.add_column(name, justify="right")
    table.add_column(f"by {period.step}", no_wrap=True, max_width=30, style="#65b4bf")
    for place, entry in enumerate(found.entries, start=1):
        table.add_row(str(place), _name(entry), *_figures(entry), spark((entry.trend or ())[-30:]))
    return table


def _name(entry: BoardEntry) -> Text:
    """The title, the key where it says something else, and the release."""
    name = Text(entry.title)
    if entry.key != entry.title:
        name.append(f"  {entry.key}", style="dim")
    return name


def _figures(entry: BoardEntry) -> list[Text]:
    listeners = entry.listeners if entry.daily_listeners is None else entry.daily_listeners
    per_hundred = entry.shares_per_hundred_plays
    return [
        Text(f"{entry.total_plays:,}", style="bold"),
        Text(rate(entry.completion_rate)),
        Text(f"{entry.total_shares:,}"),
        Text("-" if per_hundred is None else f"{per_hundred:g}"),
        Text(f"{entry.total_via:,}"),
        Text("-" if listeners is None else f"{listeners:,}"),
    ]
