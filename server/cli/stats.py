"""`tonearm stats`: the figures of the read API, for a person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from server.cli import chart, keys
from server.cli.asking import First, Last, Range, Step, ask, asker, console, print_answer
from server.cli.common import AsJson, ConfigFile, effective, fail, print_json, with_database
from server.config import Config
from server.questions import Asked, over_time
from server.stats import MOST_DAYS, View, as_json
from storage import figures
from storage.bridge import Database
from storage.counters import Target
from storage.figures import SITE, Figures

app = typer.Typer(help="Plays, shares and listeners.", no_args_is_help=True)

_KEY: Final = "The key, as the site's pages name it."
TrackKey = Annotated[str, typer.Argument(help=_KEY, autocompletion=keys.of_tracks)]
ReleaseKey = Annotated[str, typer.Argument(help=_KEY, autocompletion=keys.of_releases)]

Days = Annotated[
    int, typer.Option(help="Also the listeners of each of so many days, today included.", min=0, max=MOST_DAYS)
]


@app.command()
def home(
    days: Days = 0,
    within: Range = None,
    first: First = None,
    last: Last = None,
    step: Step = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """The whole site's figures: of all time, or with a range step by step beside the days before.

    Examples:

      tonearm stats home --days 7

      tonearm stats home --range 30d

      tonearm stats home --from 2026-01-01 --to 2026-06-30 --step month --json
    """
    _show("The site", SITE, effective(config), days, Asked(within, first, last, step), as_json_wanted=json)


@app.command()
def track(
    key: TrackKey,
    days: Days = 0,
    within: Range = None,
    first: First = None,
    last: Last = None,
    step: Step = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """One track's figures: of all time, or with a range step by step beside the days before.

    Examples:

      tonearm stats track harbour-lights

      tonearm stats track harbour-lights --range 7d
    """
    target, asked = Target(key, "track"), Asked(within, first, last, step)
    _show(f"Track {key}", target, effective(config), days, asked, as_json_wanted=json)


@app.command()
def release(
    key: ReleaseKey,
    days: Days = 0,
    within: Range = None,
    first: First = None,
    last: Last = None,
    step: Step = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """One release's figures; its plays are the sum of its tracks' plays.

    Example: tonearm stats release night-ferry --range 90d --step week
    """
    target, asked = Target(key, "release"), Asked(within, first, last, step)
    _show(f"Release {key}", target, effective(config), days, asked, as_json_wanted=json)


def _show(title: str, target: Target, config: Config, days: int, asked: Asked, *, as_json_wanted: bool) -> None:
    if asked != Asked():
        _show_over_time(title, target, config, asked, as_json_wanted=as_json_wanted)
        return
    today = datetime.now(config.zone).date()
    found = with_database(config, partial(_read, target, today, days))
    if found is None:
        raise _unknown(target)
    shown = as_json(found, View(config.privacy.mode, today, str(days) if days else None))
    if as_json_wanted:
        print_json(shown)
        return
    Console().print(_table(title, found, shown))
    if days:
        Console().print(_by_day(shown["listenersByDay"]))


def _show_over_time(title: str, target: Target, config: Config, asked: Asked, *, as_json_wanted: bool) -> None:
    found = ask(config, over_time, target, asked, asker(config))
    if found is None:
        raise _unknown(target)
    if as_json_wanted:
        print_answer(found)
        return
    out = console()
    out.print(chart.totals(title, found))
    out.print(chart.bars(found))


def _unknown(target: Target) -> typer.Exit:
    return fail(f"No {target.kind} with the key {target.key!r} is in the catalog or has been counted.")


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
    if found.unbucketed:
        table.add_row("  imported, no bucket", f"{found.unbucketed:,}")
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
