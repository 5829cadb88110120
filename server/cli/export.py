"""`tonearm export`: the log or the daily figures into a file, while the service runs."""

import secrets
import sys
from collections.abc import Callable
from contextlib import aclosing, nullcontext, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import trio
import typer
from rich.console import Console as RichConsole

from privacy import pseudonym, sealing
from server import opening
from server import secret as installation_secret
from server.cli.common import ConfigFile, effective, fail, with_database
from server.config import Config
from server.console import Console
from server.export_file import Format, Wanted, What, stream
from server.output_file import OutputError, written
from storage import sealed
from storage.bridge import Database


def export(
    what: Annotated[What, typer.Argument(help="The log of plays and shares, or the figures of each day.")],
    format: Annotated[Format, typer.Option(help="CSV, or one JSON object a line.")] = "csv",  # noqa: A002
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, as 2026-11-21.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day, included.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file, whole or not there; packed if it ends with .gz.")
    ] = None,
    with_listeners: Annotated[
        bool, typer.Option("--with-listeners", help="Also the pseudonyms of the distinct sets; see docs/data.md.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Write the log of events or the figures of each day, as they are at one moment; counting goes on.

    Example: tonearm export events --from 2026-01-01 --output plays.csv.gz
    """
    in_force = effective(config)
    first, last = _day("--from", since), _day("--to", until)
    if first and last and first > last:
        raise fail(f"--from ({first}) is later than --to ({last}); swap them.")
    if with_listeners and (first or last):
        raise fail("The distinct sets have no days: leave --from and --to out, or --with-listeners.")
    if output is None and sys.stdout.isatty() and with_listeners:
        raise fail("Pseudonyms are not for the screen: name a file with --output.")
    wanted = Wanted(what, format, first, last, with_listeners)
    try:
        with Console(RichConsole(stderr=True)).progress(f"Exporting {what}") as report:
            rows = with_database(in_force, partial(_export, in_force, wanted, output, report))
    except OutputError as error:
        raise fail(str(error)) from None
    except BrokenPipeError:
        with suppress(OSError):
            sys.stdout.close()
        raise typer.Exit(0) from None  # who reads has enough
    if output is not None:
        typer.echo(f"{rows:,} rows are in {output}.", err=True)


async def _export(
    config: Config, wanted: Wanted, output: Path | None, report: Callable[[int, int], None], database: Database
) -> int:
    if wanted.listeners:
        wanted = Wanted(wanted.what, wanted.format, None, None, True, await key_tag(config, database))
    rows = 0

    def count(done: int, total: int) -> None:
        nonlocal rows
        rows = done
        report(done, total)

    with written(output) if output is not None else nullcontext(sys.stdout.buffer) as file:
        async with database.snapshot() as snapshot, aclosing(stream(snapshot, wanted, count)) as pieces:
            async for piece in pieces:
                await trio.to_thread.run_sync(_write, file, piece)
    return rows


def _write(file: BinaryIO, piece: bytes) -> None:
    file.write(piece)


async def key_tag(config: Config, database: Database) -> bytes | None:
    """Which key the pseudonyms were made with; None where none was made yet. Raises CannotStart."""
    data_dir = opening.data_directory(config)
    if opening.PSEUDONYM_PURPOSE not in await database.transaction(sealed.all_sealed):
        return None
    for secret in installation_secret.candidates(config.secret.get_secret_value(), data_dir):
        with suppress(sealing.WrongSecret, opening.CannotStart):
            return pseudonym.key_tag(await opening.pseudonym_key(secret, database, secrets.token_bytes))
    raise opening.CannotStart(
        "The pseudonym key does not open: set TONEARM_SECRET, or put the file secret into the data directory."
    )


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise fail(f"{name} is {text!r}; a day is written as 2026-11-21.") from None
