"""`tonearm catalog`: which tracks and releases the site has, and what they are called."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from actors.catalog_puller import PullFailed
from actors.tally import UNKNOWN
from server.bodies import LONGEST_KEY
from server.catalog_file import CatalogFileError, Entries
from server.catalog_file import load as load_entries
from server.catalog_pull import pull, source_of
from server.catalog_store import Report, missing_sentence, store
from server.cli.common import ConfigFile, effective, fail, with_database
from server.console import Console
from storage import rename as renaming
from storage.bridge import Database, DatabaseUnavailable
from storage.catalog import Changes
from storage.rename import CannotRename, Kind, Renamed

app = typer.Typer(help="Tracks and releases.", no_args_is_help=True)

_SHOWN: Final = 10  # keys named per line of the report


@app.command("load")
def load_file(
    file: Annotated[Path, typer.Argument(help="A .csv or .json file; see docs/catalog.md.")], config: ConfigFile = None
) -> None:
    """Add and change tracks and releases from a file: all of it, or with a mistake in it nothing.

    Example: tonearm catalog load tracks.csv
    """
    try:
        entries = load_entries(file)
    except CatalogFileError as error:
        raise fail(str(error)) from None
    with Console().progress("Loading the catalog") as report:
        outcome = with_database(effective(config), partial(_store, entries, report))
    if isinstance(outcome, list):
        raise fail(missing_sentence(str(file), outcome))
    say_changes(outcome, len(entries.releases) + len(entries.tracks))


async def _store(entries: Entries, report: Report, database: Database) -> Changes | list[str]:
    return await database.transaction(store, entries, report)


def say_changes(changes: Changes, total: int) -> None:
    """What was written, line by line."""
    written = 0
    for what, keys in (
        ("releases added", changes.releases_added),
        ("releases changed", changes.releases_changed),
        ("tracks added", changes.tracks_added),
        ("tracks changed", changes.tracks_changed),
    ):
        written += len(keys)
        if keys:
            named = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else "")
            typer.echo(f"{len(keys):,} {what}: {named}")
    typer.echo(f"{total - written:,} entries were the same already.")


@app.command("pull")
def pull_now(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    config: ConfigFile = None,
) -> None:
    """Pull the catalog once, now, from the feed or the query that `[catalog]` names; see docs/catalog.md.

    Example: tonearm catalog pull --dry-run
    """
    in_force = effective(config)
    source = source_of(in_force.catalog)
    if source is None:
        raise fail("There is nothing to pull from. Set [catalog] url, or sql and database_url; see docs/catalog.md.")
    try:
        with Console().progress("Pulling the catalog") as report:
            pulled = with_database(in_force, partial(pull, source, report=report, dry_run=dry_run))
    except (PullFailed, DatabaseUnavailable) as error:
        raise fail(str(error)) from None
    assert pulled.changes is not None  # it was not asked for what is newer alone
    say_changes(pulled.changes, pulled.entries)
    if dry_run:
        typer.echo("Nothing was changed: this was a dry run.")


@app.command()
def rename(
    old: Annotated[str, typer.Argument(help="The key it has, or ever had.")],
    new: Annotated[str, typer.Argument(help="The key its pages name from now on.")],
    kind: Annotated[Kind | None, typer.Option(help="Needed where OLD is a track and a release.")] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Add the counts that NEW has of its own.")] = False,
    config: ConfigFile = None,
) -> None:
    """Give a track or release another key. Plays, shares and listeners go on where they are, under either key.

    Works beside the running service. The old key stays a name of the same track or release for good.

    Example: tonearm catalog rename harbour-lights harbour-lights-2026
    """
    if UNKNOWN in (old, new):
        raise fail(f"{UNKNOWN!r} is the key under which keys past the day's limit are counted; it is nobody's name.")
    if not _is_key(new):
        raise fail(f"A key is text of 1 to {LONGEST_KEY} bytes of UTF-8.")
    try:
        done = with_database(effective(config), partial(_rename, old, new, kind, merge))
    except CannotRename as error:
        raise fail(str(error)) from None
    _say_renamed(done)


def _is_key(text: str) -> bool:
    """A shell may pass bytes that are no UTF-8."""
    return text.isprintable() and 1 <= len(text.encode(errors="replace")) <= LONGEST_KEY


async def _rename(old: str, new: str, kind: Kind | None, merge: bool, database: Database) -> Renamed:
    return await database.patiently(renaming.rename, old, new, kind=kind, merge=merge)


def _say_renamed(done: Renamed) -> None:
    typer.echo(f"The {done.kind} {done.before!r} is called {done.name!r} now. Events and figures under either are one.")
    if done.merged is not None:
        typer.echo(
            f"Added what was counted under {done.name!r}: {done.merged.plays:,} plays, {done.merged.shares:,} shares, "
            f"{done.merged.listeners:,} listeners."
        )
