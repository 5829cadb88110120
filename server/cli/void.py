"""`tonearm void`: a flood back out of log and counters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from server.cli.common import ConfigFile, effective, fail, with_database
from storage import retention
from storage import void as voiding
from storage.bridge import Database
from storage.retention import Month
from storage.void import Flood, Preview


def void(
    track: Annotated[str, typer.Option(help="The track's key.")],
    since: Annotated[str, typer.Option("--from", help="ISO 8601, on the site's clock unless it names an offset.")],
    until: Annotated[str, typer.Option("--to", help="The same; not included.")],
    shares: Annotated[bool, typer.Option("--shares", help="Take the track's shares out as well.")] = False,
    reason: Annotated[str, typer.Option(help="Goes into the audit row.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be taken out.")] = False,
    config: ConfigFile = None,
) -> None:
    """Take a flood of one track's plays back out of the log and every counter, with an audit row.

    The log keeps full hours, so the range is widened to them. Listeners who first came to the track in these hours go
    too, where that is at most three days ago; those of its release and of the site stay, since nothing stored says who
    they are. Tokens of a day that is not closed yet stay in listenersToday until it is.

    Example: tonearm void --track harbour-lights --from 2026-11-21T03:00 --to 2026-11-21T05:00 --reason "a script"
    """
    in_force = effective(config)
    flood = Flood(track, _hour(since, in_force.zone, up=False), _hour(until, in_force.zone, up=True), shares)
    if flood.since >= flood.until:
        raise fail("--to must be later than --from.")
    found, gone = with_database(in_force, partial(_look, flood, in_force.zone))
    if not found.total:
        raise fail(f"Nothing of track {track!r} is in the log from {flood.since} to {flood.until}.{_left(gone)}")
    Console().print(_table(found, in_force.zone))
    if gone:
        typer.echo(_left(gone).strip())
    if dry_run:
        return
    if not yes:
        typer.confirm(f"Take these {found.total:,} events out for good?", abort=True)
    taken = with_database(in_force, partial(_take_out, flood, reason))
    typer.echo(f"{taken:,} events are taken out, and the counters of their days are computed anew.")
    typer.echo("Listeners of the release and of the site stay counted: nothing stored says which of them they are.")


def _hour(text: str, zone: ZoneInfo, *, up: bool) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"{text!r} is not a date or time; write it as 2026-11-21 or 2026-11-21T03:00.") from None
    local = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    full = local.replace(minute=0, second=0, microsecond=0)
    return full + timedelta(hours=1) if up and full != local else full


async def _look(flood: Flood, zone: ZoneInfo, database: Database) -> tuple[Preview, Sequence[Month]]:
    first, last = flood.since.astimezone(zone).date(), (flood.until - timedelta(hours=1)).astimezone(zone).date()
    return await _preview(flood, database), await database.run(retention.dropped, first, last)


def _left(gone: Sequence[Month]) -> str:
    if not gone:
        return ""
    months = ", ".join(f"{month.month:%Y-%m}" for month in gone)
    return f" Of these months the log is dropped: {months}. What they counted stays; nothing says which plays it was."


async def _preview(flood: Flood, database: Database) -> Preview:
    return await database.patiently(voiding.preview, flood)


async def _take_out(flood: Flood, reason: str, database: Database) -> int:
    return await database.patiently(voiding.take_out, flood, reason)


def _table(found: Preview, zone: ZoneInfo) -> Table:
    table = Table(box=None, padding=(0, 2))
    table.add_column("hour")
    table.add_column("plays", justify="right")
    for hour, number in found.plays:
        table.add_row(f"{hour.astimezone(zone):%Y-%m-%d %H:%M}", f"{number:,}")
    if found.shares:
        table.add_row("shares, all hours", f"{found.shares:,}")
    return table
