"""`tonearm check`: every counter against what it is derived from."""

from dataclasses import asdict

import typer
from rich.console import Console as RichConsole

from server.cli.common import EXIT_FAILED, AsJson, ConfigFile, effective, print_json, with_database
from server.console import Console
from storage import check as checks
from storage.bridge import Database
from storage.check import Report


def check(config: ConfigFile = None, json: AsJson = False) -> None:
    """Hold every counter against the log and the listener sets; exit code 1 where one differs.

    Example: tonearm check --json
    """
    with Console(RichConsole(stderr=True)).waiting("Comparing the counters with the log"):
        report = with_database(effective(config), _check)
    if json:
        print_json(asdict(report))
    else:
        _say(report)
    if report.differences:
        raise typer.Exit(EXIT_FAILED)


async def _check(database: Database) -> Report:
    return await database.patiently(checks.check)


def _say(report: Report) -> None:
    for difference in report.differences:
        typer.echo(str(difference))
    log = f"{report.plays:,} plays and {report.shares:,} shares in the log"
    if report.dropped_events:
        log += f" and the sums of {report.dropped_events:,} events that have left it"
    if report.differences:
        typer.echo(f"{len(report.differences):,} counters differ from {log}.", err=True)
    else:
        typer.echo(f"Every counter agrees with {log}.")
