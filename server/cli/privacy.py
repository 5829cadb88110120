"""`tonearm privacy`: which listeners are counted, and how."""

import os
import secrets
import signal
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from privacy import pseudonym, sealing
from privacy.modes import Mode
from server import opening, presence
from server.cli import privacy_audit
from server.cli.common import ConfigFile, effective, fail, with_database
from server.config import DEFAULT_FILE, FILE_VARIABLE, Config
from server.mode_file import ModeFileError, write_mode
from storage import audit, listeners, sealed
from storage.bridge import Connection, Database

app = typer.Typer(help="Which listeners are counted, and how.", no_args_is_help=True)

_VARIABLE: Final = "TONEARM_PRIVACY__MODE"
_PATIENCE_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.05


@app.command()
def mode(
    name: Annotated[Mode | None, typer.Argument(help="Without one, the mode in force is printed.")] = None,
    config: ConfigFile = None,
) -> None:
    """Switch the privacy mode, now and for every later start: rewrites the configuration file and tells the service.

    Events already accepted are filed under the mode they were accepted in. What each mode keeps: docs/privacy.md.

    Example: tonearm privacy mode daily-salt
    """
    in_force = effective(config)
    running = presence.look_up(in_force.data_dir)
    if name is None:
        typer.echo(running.mode if running else in_force.privacy.mode.value)
        return
    if _VARIABLE in os.environ:
        raise fail(
            f"{_VARIABLE} in the environment sets the mode, and would win over the file. "
            "Remove it there, where the service is started too, or change it there and restart the service."
        )
    path = config or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)
    try:
        write_mode(path, name)
    except ModeFileError as error:
        raise fail(str(error)) from None
    _tell(in_force, running, name, path)


@app.command("new-key")
def new_key(
    reason: Annotated[str, typer.Option(help="Goes into the audit row.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
) -> None:
    """Replace the key that makes pseudonyms of browsers' ids. Every all-time listener count starts again at zero.

    The sets of listeners are emptied. Plays and shares stay. The service must be stopped, on every machine, since it
    holds the key in memory.

    Example: tonearm privacy new-key --reason "the old one was on a stolen disk"
    """
    in_force = effective(config)
    if running := presence.look_up(in_force.data_dir):
        raise fail(f"The service (process {running.pid}) holds the key in memory; stop it first, on every machine.")
    if waiting := opening.waiting(in_force):
        raise fail(
            f"{waiting:,} events wait in the spool, made with the key in force: run the service until they are counted."
        )
    if not yes:
        typer.confirm("All-time listener counts start again at zero. Replace the key?", abort=True)
    data_dir = opening.data_directory(in_force)
    secret = opening.secret(in_force, data_dir, secrets.token_bytes)
    with_database(in_force, partial(_replace_key, secret, reason))
    typer.echo("There is a new key. Listeners are counted from zero; plays and shares are as they were.")


async def _replace_key(secret: bytes, reason: str, database: Database) -> None:
    await opening.pseudonym_key(
        secret, database, secrets.token_bytes
    )  # refuses a secret that is not the installation's
    await database.transaction(_put_key, secret, reason)


async def _put_key(connection: Connection, secret: bytes, reason: str) -> None:
    purpose = opening.PSEUDONYM_PURPOSE
    key, nonce = secrets.token_bytes(pseudonym.KEY_BYTES), secrets.token_bytes(sealing.NONCE_BYTES)
    await listeners.start_again(connection)
    await sealed.replace(connection, purpose, sealing.seal(secret, purpose, key, nonce=nonce))
    await audit.record(connection, "new pseudonym key", {"reason": reason})


app.command("audit")(privacy_audit.audit)


def _tell(config: Config, running: presence.Presence | None, name: Mode, path: Path) -> None:
    if running is None:
        typer.echo(f"{path} says {name.value} now. No service runs on {config.data_dir}; the next start uses it.")
        return
    try:
        os.kill(running.pid, signal.SIGHUP)
    except ProcessLookupError:
        raise fail(
            f"{path} says {name.value} now, but the service (process {running.pid}) has ended; the next start uses it."
        ) from None
    except PermissionError:
        raise fail(
            f"{path} says {name.value} now, but the service (process {running.pid}) belongs to another user and could "
            f"not be told. As that user or as root: kill -HUP {running.pid}"
        ) from None
    if _answered(config.data_dir, running, name):
        typer.echo(f"The privacy mode is {name.value} now, in the running service and in {path}.")
        return
    raise fail(
        f"{path} says {name.value} now, but the running service (process {running.pid}) did not take it: it reads "
        f"another file, or {_VARIABLE} is set where it was started. Its log says what it did."
    )


def _answered(data_dir: Path, before: presence.Presence, name: Mode) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        now = presence.look_up(data_dir)
        if now is None:
            return False
        if now.reloads > before.reloads:
            return now.mode == name.value
        time.sleep(_LOOK_EVERY_S)
    return False
