"""`tonearm rebuild`: the counters anew from the log, while the service runs."""

from collections.abc import Callable
from functools import partial

import typer
from rich.console import Console as RichConsole

from server.cli.common import ConfigFile, effective, with_database
from server.console import Console
from storage import check as checks
from storage import rebuild as rebuilding
from storage.bridge import Database
from storage.check import Report


def rebuild(config: ConfigFile = None) -> None:
    """Compute every counter anew from the log and the listener sets, day by day; counting goes on meanwhile.

    What was wrong before is listed. `tonearm check` shows the same without changing anything.

    Example: tonearm rebuild
    """
    with Console(RichConsole(stderr=True)).progress("Rebuilding the counters") as report:
        before = with_database(effective(config), partial(_rebuild, report))
    for difference in before.differences:
        typer.echo(f"Mended: {difference}")
    log = f"{before.plays:,} plays and {before.shares:,} shares"
    typer.echo(f"{len(before.differences):,} counters were wrong; all are computed anew from {log} in the log.")
    if before.dropped_events:
        typer.echo(
            f"{before.dropped_events:,} more events were in months that have left the log: what was added up of them "
            "when they left cannot be computed anew, and counts as it is."
        )


async def _rebuild(report: Callable[[int, int], None], database: Database) -> Report:
    before = await database.patiently(checks.check)
    days = await database.run(rebuilding.days)
    steps = len(days) + 1
    for done, day in enumerate(days):
        report(done, steps)
        await database.patiently(rebuilding.rebuild_day, day)
    report(len(days), steps)
    await database.patiently(rebuilding.rebuild_totals)
    await database.patiently(rebuilding.rebuild_open_days)
    report(steps, steps)
    return before
