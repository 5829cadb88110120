"""`tonearm privacy audit`: what is stored about listeners, and a search for what must not be."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console as RichConsole
from rich.table import Table

from server import opening
from server.audit import files, spools, tables
from server.audit.database import DATABASE
from server.audit.elsewhere import ELSEWHERE
from server.audit.facts import Fact, Kind
from server.audit.findings import Findings
from server.audit.listing import lines
from server.audit.search import Search, own_addresses
from server.cli.common import EXIT_FAILED, EXIT_USAGE, AsJson, ConfigFile, effective, print_json, with_database
from server.console import Console
from storage import inventory
from storage.bridge import Database
from storage.inventory import Column

_MIB: Final = 1 << 20
_UNDESCRIBED: Final = Fact(Kind.TEXT, "not described: a table that is not Tonearm's, or a new column", "?", "?")
_PLAIN_WIDTH: Final = 160  # columns, where there is no terminal to ask

Needles = Annotated[
    list[str] | None,
    typer.Option("--needle", help="Text to search for everywhere: an address, a User-Agent, an id. May be repeated."),
]
Logs = Annotated[
    list[Path] | None,
    typer.Option(
        "--logs",
        help="A file or folder to search besides the data directory: logs of the service and the proxy, "
        "a plain dump, a base backup, the data directory of a PostgreSQL of your own. May be repeated.",
    ),
]
ListOnly = Annotated[bool, typer.Option("--list", help="Say what is stored and search nothing.")]


def audit(
    needle: Needles = None,
    logs: Logs = None,
    list_only: ListOnly = False,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Say what is stored about listeners, where, how long and why, and search for what must not be there.

    The search reads every value in the database, what waits in the spools, every byte of the data directory, and the
    logs it is given, for IP addresses, User-Agents, UUIDs in text, and the needles. It says where, and shows nothing of
    what it finds. The exit code is 1 where something was found or something could not be searched.

    Example: tonearm privacy audit --logs /var/log/nginx --needle 203.0.113.7
    """
    in_force = effective(config)
    try:
        search = Search(needle or (), own_addresses(in_force))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_USAGE) from None
    findings = Findings()
    columns = with_database(in_force, partial(_read_database, None if list_only else search, findings))
    if not list_only:
        _search_files(opening.data_directory(in_force), logs or (), search, findings)
    if json:
        searched = {} if list_only else findings.as_json()
        print_json({"stored": _stored(columns), "elsewhere": [asdict(place) for place in ELSEWHERE], **searched})
    else:
        _print_inventory(columns)
        if not list_only:
            _print_findings(findings)
    if not findings.clean:
        raise typer.Exit(EXIT_FAILED)


async def _read_database(search: Search | None, findings: Findings, database: Database) -> Sequence[Column]:
    """The columns there are; with a `search`, their values are searched."""
    if search:
        with _console().progress("Searching the database (MiB)") as report:
            await tables.search_tables(
                database, search, findings, lambda done, total: report(done // _MIB, total // _MIB)
            )
    return await database.run(inventory.columns)


def _search_files(data_dir: Path, logs: Sequence[Path], search: Search, findings: Findings) -> None:
    """After the tables: what the site wrote there may be in the files as well."""
    spools.search_spools(data_dir, search, findings)
    found = files.files([data_dir, *logs], findings)
    total = sum(size for _, size in found)
    with _console().progress("Searching files (MiB)") as report:
        files.search_files(found, search, findings, lambda done: report(done // _MIB, total // _MIB))


def _console() -> Console:
    return Console(RichConsole(stderr=True))


def _stored(columns: Sequence[Column]) -> list[dict[str, object]]:
    stored: list[dict[str, object]] = []
    for column in columns:
        fact = DATABASE.get((column.table, column.column))
        stored.append({**asdict(column), **(asdict(fact) if fact else {"kind": None})})
    return stored


def _print_inventory(columns: Sequence[Column]) -> None:
    told, silent = lines(columns)
    out = _wide()
    table = _table("In the database", "columns", "what it is", "holds", "lives", "why")
    for line in told:
        names = f"{line.table}: {', '.join(line.columns)}"
        fact = line.fact or _UNDESCRIBED
        table.add_row(names, fact.kind, fact.holds, fact.lives, fact.why)
    out.print(table)
    out.print(f"{silent} more columns say nothing about a listener (--json lists them).\n", markup=False)
    places = _table("Elsewhere", "where", "holds", "lives", "why")
    for place in ELSEWHERE:
        places.add_row(place.where, place.holds, place.lives, place.why)
    out.print(places)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 1, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _print_findings(findings: Findings) -> None:
    typer.echo(
        f"\nSearched: {findings.rows:,} rows, {findings.events:,} events waiting in spools, {findings.files:,} files "
        f"with {findings.file_bytes:,} bytes."
    )
    for finding in findings.noted.values():
        typer.echo(f"Notice, written by the site or a sender: {finding}")
    for sentence in findings.unread:
        typer.echo(f"Not searched: {sentence}")
    for finding in findings.found.values():
        typer.echo(f"FOUND: {finding}")
    if findings.clean:
        typer.echo("Nothing was found that must not be there.")
    else:
        typer.echo(f"{len(findings.found):,} findings, {len(findings.unread):,} not searched.", err=True)


def _wide() -> RichConsole:
    console = RichConsole(highlight=False)
    return console if console.is_terminal else RichConsole(highlight=False, width=_PLAIN_WIDTH)
