"""`tonearm digest`: the weekly digest, now."""

from datetime import date, datetime
from functools import partial
from typing import Annotated

import trio
import typer

from actors.herald import NotDelivered, week_to_tell
from server.alerts.digest import alert, name_of, say, week_of
from server.alerts.wiring import ways
from server.cli.common import AsJson, ConfigFile, effective, fail, print_json, with_database
from server.config import Config
from storage import digest as figures
from storage.alerts import Alert
from storage.bridge import Database
from storage.digest import Digest


def digest(
    week: Annotated[str, typer.Option(help="An ISO week, such as 2026-W46; otherwise the last one that is over.")] = "",
    html: Annotated[bool, typer.Option("--html", help="Print the mail's HTML.")] = False,
    json: AsJson = False,
    send: Annotated[bool, typer.Option("--send", help="Send it now by every way in [alerts] digest.")] = False,
    config: ConfigFile = None,
) -> None:
    """Print the digest of a week: plays, completion, shares and listeners beside the week before, and what was played
    most.

    Examples: tonearm digest --week 2026-W46, tonearm digest --html, tonearm digest --send
    """
    in_force = effective(config)
    first = _first(week, in_force)
    found = with_database(in_force, partial(_read, first))
    if send:
        _send(found, in_force)
        return
    said = say(found, in_force.privacy.mode)
    if json:
        print_json(said.data)
    else:
        typer.echo(said.html if html else said.text, nl=False)


def _first(week: str, config: Config) -> date:
    if not week:
        return week_to_tell(datetime.now(config.zone), 0, 0)
    try:
        return week_of(week)
    except ValueError as error:
        raise fail(str(error)) from None


async def _read(first: date, database: Database) -> Digest:
    return await database.run(figures.read, first)


def _send(found: Digest, config: Config) -> None:
    """Without the queue: what fails is said at once, and is not tried again."""
    if not config.alerts.digest:
        raise fail("[alerts] digest names no way to send it: file, mail or webhook; see docs/alerts.md.")
    now = datetime.now(config.zone)
    configured = ways(config.alerts, config.data_dir, lambda: now.timestamp())
    alert_id, body = alert(found, config.privacy.mode, now)
    failed = False
    for way in config.alerts.digest:
        try:
            trio.run(configured[way], Alert(alert_id, way, body, now, 1))
        except NotDelivered as error:
            failed = True
            typer.echo(f"{way}: not delivered. {error}", err=True)
        else:
            typer.echo(f"{way}: the digest of {name_of(found.first)} is delivered.")
    if failed:
        raise typer.Exit(1)
