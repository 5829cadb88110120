"""`tonearm stats`: the figures of the read API, for a person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from server.cli.common import AsJson, ConfigFile, effective, fail, print_json, with_database
from server.config import Config
from server.stats import MOST_DAYS, View, as_json
from storage import figures
from storage.bridge import Database
from storage.counters import Target
from storage.figures import SITE, Figures

app = typer.Typer(help="Plays, shares and listeners.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The key, as the site's pages name it.")]


Days = Annotated[
    int, typer.Option(help="Also the listeners of each of so many days, today included.", min=0, max=MOST_DAYS)
]


@app.command()
def home(config: ConfigFile = None, days: Days = 0, json: AsJson = False) -> None:
    """The whole site's figures. Example: tonearm stats home --days 7"""
    _show("The site", SITE, effective(config), days, as_json_wanted=json)


@app.command()
def track(key: Key, config: ConfigFile = None, days: Days = 0, json: AsJson = False) -> None:
    """One track's figures. Example: tonearm stats track harbour-lights"""
    _show(f"Track {key}", Target(key, "track"), effective(config), days, as_json_wanted=json)


@app.command()
def release(key: Key, config: ConfigFile = None, days: Days = 0, json: AsJson = False) -> None:
    """One release's figures; its plays are the sum of its tracks' plays."""
    _show(f"Release {key}", Target(key, "release"), effective(config), days, as_json_wanted=json)


def _show(title: str, target: Target, config: Config, days: int, *, as_json_wanted: bool) -> None:
    today = datetime.now(config.zone).date()
    found = with_database(config, partial(_read, target, today, days))
    if found is None:
        raise fail(f"No {target.kind} with the key {target.key!r} is in the catalog or has been counted.")
    shown = as_json(found, View(config.privacy.mode, today, str(days) if days else None))
    if as_json_wanted:
        print_json(shown)
        return
    Console().print(_table(title, found, shown))
    if days:
        Console().print(_by_day(shown["listenersByDay"]))


async def _read(target: Target, today: date, days: int, database: Database) -> Figures | None:
    return await database.run(figures.read, target, today, max(1, days))


def _by_day(days: Sequence[Mapping[str, Any]] | None) -> Table | str:
    if not days:
        return "\nNo listeners by day: no salt was made on any of these days, or the privacy mode does not count them."
    table = Table(title="\nListeners by day", title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right")
    for one in days:
        table.add_row(one["day"], f"{one['listeners']:,}" + (" (part of the day)" if one["partial"] else ""))
    return table


def _table(title: str, found: Figures, shown: Mapping[str, Any]) -> Table:
    rate = found.completion_rate
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_row("plays", f"[bold]{found.total_plays:,}[/bold]")
    table.add_row("  partial (below 30 %)", f"{found.partial:,}")
    table.add_row("  sampled (30 to 80 %)", f"{found.sampled:,}")
    table.add_row("  complete (above 80 %)", f"{found.complete:,}")
    table.add_row("completion rate", "none yet" if rate is None else f"{rate:.1%}")
    table.add_row("shares", f"[bold]{found.shares_link + found.shares_embed:,}[/bold]")
    table.add_row("  links copied", f"{found.shares_link:,}")
    table.add_row("  embeds copied", f"{found.shares_embed:,}")
    table.add_row("listeners", _number(shown["listeners"]))
    note = " (part of the day)" if shown["listenersTodayPartial"] else ""
    table.add_row("listeners today", _number(shown["listenersToday"]) + note)
    return table


def _number(listeners: int | None) -> str:
    return "not counted in this mode" if listeners is None else f"[bold]{listeners:,}[/bold]"
