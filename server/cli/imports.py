"""`tonearm import`: figures and events from a file, each file once."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console as RichConsole
from rich.table import Table
from typer.core import TyperGroup

from server.cli.common import AsJson, ConfigFile, effective, fail, print_json, with_database
from server.cli.export import key_tag
from server.config import Config
from server.console import Console
from server.imports.reading import Checked, ImportFile, Options
from server.imports.source import ImportFileError
from storage import imports, log
from storage.bridge import Database
from storage.imports import AlreadyImported, CannotUndo, DoNotAddUp, Import, Made, Outcome

_NAME_DIGITS: Final = 12  # of the content's hash: enough to tell some imports apart
_SHOWN: Final = 10  # days named


class _FileFirst(TyperGroup):
    """`tonearm import FILE` is `tonearm import file FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # of a class that is private to typer
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["file", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FileFirst,
    help="Bring plays along: `tonearm import FILE`. A file called as a command is written ./list.",
    no_args_is_help=True,
)


@app.command("file")
def import_file(
    file: Annotated[Path, typer.Argument(help="What it is, its first line tells; packed with gzip or not.")],
    name: Annotated[
        str | None, typer.Option(help="What the import is called; otherwise a part of its content's hash.")
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="GoatCounter, Umami: the events that are plays; a group in it is the key."),
    ] = None,
    path_to_key: Annotated[
        str | None, typer.Option(metavar="REGEX", help="GoatCounter, Umami: its group is the key in the path.")
    ] = None,
    without_listeners: Annotated[
        bool, typer.Option("--without-listeners", help="Leave out pseudonyms and counts of listeners.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do it all, show what it brought, and take it back.")] = (
        False
    ),
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Import a file: all of it, or with a mistake in it nothing; the same file never twice.

    Example: tonearm import plays-so-far.csv
    Example: tonearm import goatcounter.csv.gz --event 'play:(.+)'
    """
    in_force = effective(config)
    options = Options(
        datetime.now(in_force.zone).date(),
        in_force.zone,
        _pattern("--event", event, grouped=False),
        _pattern("--path-to-key", path_to_key, grouped=True),
        listeners=not without_listeners,
    )
    try:
        opened = ImportFile(file, options)
        with Console(RichConsole(stderr=True)).progress("Reading") as report:
            checked = opened.check(lambda done: report(done, opened.size))
        made = Import(name or checked.content.hex()[:_NAME_DIGITS], checked.content, checked.format, checked.whole)
        with Console(RichConsole(stderr=True)).progress("Importing") as report:
            outcome = with_database(in_force, partial(_load, in_force, opened, checked, made, report, dry_run, options))
    except ImportFileError as error:
        raise fail(str(error)) from None
    except DoNotAddUp as error:
        raise fail(_do_not_add_up(file, error)) from None
    except AlreadyImported as error:
        if not error.same_content:
            raise fail(
                f"Another file was imported as {error.name!r}; choose another name, or take that one back with "
                f"`tonearm import undo {error.name}`. Nothing was imported."
            ) from None
        typer.echo(f"{file} is imported already, as {error.name!r}; nothing was added.")
        return
    if json:
        print_json({"import": made.name, "dryRun": dry_run, "leftOut": checked.left_out, **_as_json(outcome)})
    else:
        _say(made, outcome, checked, dry_run=dry_run)


@app.command("list")
def list_imports(json: AsJson = False, config: ConfigFile = None) -> None:
    """The imports that are in force.

    Example: tonearm import list --json
    """
    found = with_database(effective(config), _all_made)
    if json:
        print_json([_made_as_json(one) for one in found])
    elif not found:
        typer.echo("Nothing was imported.")
    else:
        RichConsole().print(_table(found))


@app.command("undo")
def undo(
    name: Annotated[str, typer.Argument(help="As `tonearm import list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
) -> None:
    """Take an import back, and compute the counters of its days anew. Listeners cannot be taken back.

    Example: tonearm import undo 2024-spreadsheet
    """
    in_force = effective(config)
    if not yes:
        typer.confirm(f"Take everything out again that came with the import {name}?", abort=True)
    try:
        with Console(RichConsole(stderr=True)).waiting("Taking it back"):
            with_database(in_force, partial(_undo, name))
    except CannotUndo as error:
        raise fail(str(error)) from None
    typer.echo(f"The import {name} is taken back. What it added to the catalog stays.")


async def _load(
    config: Config,
    opened: ImportFile,
    checked: Checked,
    made: Import,
    report: Callable[[int, int], None],
    dry_run: bool,
    options: Options,
    database: Database,
) -> Outcome:
    if checked.key_tag is not None and checked.key_tag != await key_tag(config, database):
        raise ImportFileError(
            "The file's listeners were made with another pseudonym key than this installation's: everybody would count "
            "again. Import it with --without-listeners. Nothing was imported."
        )
    if not dry_run:
        # In a transaction of its own: it locks the log, which counting cannot wait for as long as an import takes.
        await database.transaction(log.make_months, checked.months)
    told: Callable[[int], None] = lambda done: report(done, opened.size)  # noqa: E731
    if not dry_run:
        return await database.patiently(imports.load, made, opened.chunks(), options.today, told)
    try:
        return await database.patiently(imports.rehearse, made, opened.chunks(), options.today, told)
    except imports.Rehearsed as rehearsed:
        return rehearsed.outcome


async def _all_made(database: Database) -> list[Made]:
    return list(await database.run(imports.all_made))


async def _undo(name: str, database: Database) -> None:
    await database.patiently(imports.undo, name)


def _pattern(option: str, text: str | None, *, grouped: bool) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise fail(f"{option} is no regular expression: {error}.") from None
    if grouped and not pattern.groups:
        raise fail(f"{option} needs a group around the key, as in '/music/([^/]+)'.")
    return pattern


def _do_not_add_up(file: Path, error: DoNotAddUp) -> str:
    days = [str(day) if day else "the figures without a day" for day in error.days]
    named = ", ".join(days[:_SHOWN]) + (f" and {len(days) - _SHOWN:,} more" if len(days) > _SHOWN else "")
    return (
        f"{file}: the figures of the site are not the sum of those of its tracks on {named}; rows are missing or were "
        "changed. Nothing was imported."
    )


def _say(made: Import, outcome: Outcome, checked: Checked, *, dry_run: bool) -> None:
    span = f", {outcome.first_day} to {outcome.last_day}" if outcome.first_day else ""
    would = "Would import" if dry_run else "Imported"
    typer.echo(f"{would} {outcome.plays:,} plays and {outcome.shares:,} shares of {outcome.tracks:,} tracks{span}.")
    if outcome.unbucketed:
        typer.echo(f"{outcome.unbucketed:,} of the plays have no bucket; they are not in the completion rate.")
    if outcome.listeners:
        typer.echo(f"{outcome.listeners:,} listeners of tracks, releases and the site are new.")
    if outcome.days_left_out:
        typer.echo(f"Listeners of {outcome.days_left_out:,} days are left out: they are counted here already.")
    if checked.left_out:
        typer.echo(f"{checked.left_out:,} rows are left out.")
    if outcome.overlap:
        typer.echo(
            f"On {outcome.overlap:,} days the same tracks have plays here already. If they are the same plays, take the"
            f" import back: tonearm import undo {made.name}"
        )
    elif not dry_run:
        typer.echo(f"To take it back: tonearm import undo {made.name}")


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "plays": outcome.plays,
        "unbucketed": outcome.unbucketed,
        "shares": outcome.shares,
        "tracks": outcome.tracks,
        "listeners": outcome.listeners,
        "listenersOfDaysLeftOut": outcome.days_left_out,
        "firstDay": outcome.first_day and outcome.first_day.isoformat(),
        "lastDay": outcome.last_day and outcome.last_day.isoformat(),
        "daysCountedBefore": outcome.overlap,
    }


def _made_as_json(one: Made) -> dict[str, object]:
    return {
        "import": one.name,
        "format": one.format,
        "madeAt": one.made_at.isoformat(),
        "firstDay": one.first_day and one.first_day.isoformat(),
        "lastDay": one.last_day and one.last_day.isoformat(),
        "plays": one.plays,
        "shares": one.shares,
    }


def _table(found: list[Made]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for name in ("import", "format", "made at", "from", "to"):
        table.add_column(name, no_wrap=True)
    for name in ("plays", "shares"):
        table.add_column(name, justify="right")
    for one in found:
        days = (str(one.first_day or ""), str(one.last_day or ""))
        table.add_row(one.name, one.format, f"{one.made_at:%Y-%m-%d %H:%M}", *days, f"{one.plays:,}", f"{one.shares:,}")
    return table
