"""`tonearm retention`: months that are older than is to be kept."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console as RichConsole
from rich.filesize import decimal
from rich.table import Table

from server.cli.common import AsJson, ConfigFile, effective, fail, print_json, with_database
from server.config import Config
from server.console import Console
from storage import retention as retaining
from storage.bridge import Database, LockBusy
from storage.retention import Due, Keep


def retention(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go.")] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Drop the months of log and daily figures that are older than `[retention]` says; the service does so once a day.

    No all-time figure changes: what a month counted is kept as a sum, with which `check` and `rebuild` go on.

    Example: TONEARM_RETENTION__LOG_MONTHS=24 tonearm retention --dry-run
    """
    in_force = effective(config)
    keep = Keep(in_force.retention.log_months, in_force.retention.daily_months)
    with Console(RichConsole(stderr=True)).waiting("Looking for what is older than is to be kept"):
        due = with_database(in_force, partial(_due, in_force, keep))
    if json:
        print_json(_as_json(keep, due))
    else:
        _show(keep, due)
    if dry_run or not (due.log or due.daily):
        return
    if not yes:
        typer.confirm("Drop them for good?", abort=True)
    with Console(RichConsole(stderr=True)).waiting("Adding up and dropping"):
        try:
            with_database(in_force, partial(_drop, in_force, keep, due))
        except LockBusy as error:
            raise fail(f"Not all could be dropped ({error}). The service tries again by itself.") from None
    if not json:
        typer.echo("They are dropped; `tonearm check` holds every counter against what is left.")


async def _due(config: Config, keep: Keep, database: Database) -> Due:
    return await database.patiently(retaining.due, keep, datetime.now(config.zone).date())


async def _drop(config: Config, keep: Keep, due: Due, database: Database) -> None:
    for month in due.log:
        await database.patiently(retaining.drop_log, month.month)
    # Asked again: figures can go that stood behind the log until now.
    for day in await database.patiently(retaining.due_daily, keep, datetime.now(config.zone).date()):
        await database.patiently(retaining.drop_daily, day)


def _as_json(keep: Keep, due: Due) -> dict[str, object]:
    return {
        **asdict(keep),
        "log": [{**asdict(month), "month": f"{month.month:%Y-%m}"} for month in due.log],
        "daily": [f"{month:%Y-%m}" for month in due.daily],
    }


def _show(keep: Keep, due: Due) -> None:
    typer.echo(f"The log is kept {_for(keep.log_months)}, daily figures {_for(keep.daily_months)}.")
    if due.log:
        table = Table(box=None, padding=(0, 2))
        table.add_column("leaves the log")
        for name in ("plays", "shares", "on disk"):
            table.add_column(name, justify="right")
        for month in due.log:
            table.add_row(f"{month.month:%Y-%m}", f"{month.plays:,}", f"{month.shares:,}", decimal(month.bytes))
        RichConsole().print(table)
    if due.daily:
        typer.echo(f"Daily figures go of {', '.join(f'{month:%Y-%m}' for month in due.daily)}.")
    if not (due.log or due.daily):
        typer.echo("Nothing is older than that.")


def _for(months: int) -> str:
    if not months:
        return "for ever"
    return f"for the running month and {months} before it" if months > 1 else "for the running month and the one before"
