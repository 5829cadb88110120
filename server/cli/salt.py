"""`tonearm salt`: the salt of the day, which is never shown."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final, TypeVar

import typer

from actors.rotator import force, next_midnight, opened
from privacy import sealing
from privacy.modes import derives
from server import opening
from server import secret as installation_secret
from server.cli.common import EXIT_FAILED, AsJson, ConfigFile, effective, fail, print_json, with_database
from server.config import Config
from storage import salts
from storage.bridge import Connection, Database
from storage.salts import Stored

app = typer.Typer(help="The salt of the day, from which listeners of the day are counted.", no_args_is_help=True)

T = TypeVar("T")

_SEALED_OTHERWISE: Final = (
    "The salt of today was sealed under another secret: plays count, listeners of today do not. Rotate it."
)
_NONE: Final = "There is no salt for today: plays count, listeners of today do not."


@app.command()
def status(config: ConfigFile = None, json: AsJson = False) -> None:
    """The salt's day, age and generation, and when the next one comes; exit code 1 where today's is missing.

    Example: tonearm salt status
    """
    in_force = effective(config)
    stored = with_database(in_force, partial(_run, salts.read))
    now = datetime.now(in_force.zone)
    wanted = derives(in_force.privacy.mode, objected=False).token
    current = stored is not None and stored.day == now.date() and _opens(stored, in_force)
    if json:
        print_json(_as_json(stored, now, wanted=wanted) | {"current": current})
    else:
        for line in _lines(stored, now, in_force, wanted=wanted, current=current):
            typer.echo(line)
    if wanted and not current:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def rotate(
    reason: Annotated[str, typer.Option(help="Goes into the audit row.")] = "", config: ConfigFile = None
) -> None:
    """Replace the salt now, in every process within a second; an audit row says when and why.

    The listeners counted today so far can no longer be told from those to come, so today's count of them starts again.

    Example: tonearm salt rotate --reason "a backup of the machine went missing"
    """
    in_force = effective(config)
    if not derives(in_force.privacy.mode, objected=False).token:
        raise fail(
            f"The privacy mode is {in_force.privacy.mode.value}, which uses no salt; there is nothing to rotate."
        )
    data_dir = opening.data_directory(in_force)
    secret = opening.secret(in_force, data_dir, secrets.token_bytes)
    work = partial(_rotate, datetime.now(in_force.zone), secret, reason)
    generation = with_database(in_force, work)
    if generation is None:
        raise fail("Today is closed already, so it gets no salt any more. Is this machine's clock right?")
    typer.echo(f"Today has a new salt, its generation {generation}. Listeners of today are counted anew from here on.")


async def _rotate(now: datetime, secret: bytes, reason: str, database: Database) -> int | None:
    await opening.pseudonym_key(
        secret, database, secrets.token_bytes
    )  # refuses a secret that is not the installation's
    return await database.transaction(force, now, secret, secrets.token_bytes, reason)


async def _run(work: Callable[[Connection], Awaitable[T]], database: Database) -> T:
    return await database.run(work)


def _as_json(stored: Stored | None, now: datetime, *, wanted: bool) -> dict[str, object]:
    return {
        "wanted": wanted,
        "day": stored.day.isoformat() if stored else None,
        "generation": stored.generation if stored else None,
        "madeAt": stored.made_at.isoformat() if stored else None,
        "nextRotation": next_midnight(now).isoformat() if wanted else None,
    }


def _opens(stored: Stored, config: Config) -> bool:
    """Whether the installation's secret opens it: one that no process can open makes no token."""
    try:
        known = installation_secret.candidates(config.secret.get_secret_value(), config.data_dir)
    except installation_secret.SecretError as error:
        raise fail(str(error)) from None
    return not known or any(_opens_with(secret, stored) for secret in known)


def _opens_with(secret: bytes, stored: Stored) -> bool:
    try:
        opened(secret, stored)
    except sealing.WrongSecret:
        return False
    return True


def _lines(stored: Stored | None, now: datetime, config: Config, *, wanted: bool, current: bool) -> list[str]:
    lines = []
    if stored is not None:
        age = int((now.astimezone(UTC) - stored.made_at).total_seconds())
        lines.append(f"day         {stored.day}")
        lines.append(f"generation  {stored.generation}")
        lines.append(f"age         {age // 3600} h {age % 3600 // 60:02} min")
    if not wanted:
        goes = "" if stored is None else "; this one goes at midnight"
        lines.append(f"The privacy mode is {config.privacy.mode.value}, which uses no salt{goes}.")
    else:
        if not current:
            lines.append(_NONE if stored is None or stored.day != now.date() else _SEALED_OTHERWISE)
        lines.append(f"next        {next_midnight(now):%Y-%m-%d %H:%M} ({config.timezone})")
    return lines
