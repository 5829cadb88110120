"""`tonearm catalog`: which tracks and releases the site has."""

from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from server.catalog_file import CatalogFileError, Entries, load
from server.catalog_store import Report, store
from server.cli.common import ConfigFile, effective, fail, with_database
from server.console import Console
from storage.bridge import Database
from storage.catalog import Changes

app = typer.Typer(help="Tracks and releases.", no_args_is_help=True)

_SHOWN: Final = 10  # keys named per line of the report


@app.callback()
def group() -> None:
    """Keeps `load` a command of its own while it is the only one."""


@app.command("load")
def load_file(
    file: Annotated[Path, typer.Argument(help="A .csv or .json file; see docs/catalog.md.")], config: ConfigFile = None
) -> None:
    """Add and change tracks and releases from a file: all of it, or with a mistake in it nothing.

    Example: tonearm catalog load tracks.csv
    """
    try:
        entries = load(file)
    except CatalogFileError as error:
        raise fail(str(error)) from None
    with Console().progress("Loading the catalog") as report:
        outcome = with_database(effective(config), partial(_store, entries, report))
    if isinstance(outcome, list):
        named = ", ".join(repr(key) for key in outcome[:_SHOWN])
        raise fail(
            f"{file} puts tracks on releases that are neither in it nor in the catalog: {named}. Nothing was loaded."
        )
    _say(outcome, len(entries.releases) + len(entries.tracks))


async def _store(entries: Entries, report: Report, database: Database) -> Changes | list[str]:
    return await database.transaction(store, entries, report)


def _say(changes: Changes, total: int) -> None:
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
