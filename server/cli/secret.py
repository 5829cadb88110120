"""`tonearm secret`: what seals the keys that rest in the database, and is never in it."""

import secrets
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from actors import rotator
from privacy import sealing
from server import opening, presence
from server import secret as installation_secret
from server.access.sessions import fresh_salt
from server.cli.common import ConfigFile, effective, fail, with_database
from server.config import Config
from storage import access, audit, salts, sealed
from storage.bridge import Connection, Database

app = typer.Typer(help="What seals the keys that rest in the database.", no_args_is_help=True)

_ENVIRONMENT: Final = (
    "TONEARM_SECRET sets the secret, so this command cannot replace it there. Write the new one into a file, name it "
    "with --new FILE, and start the service with it afterwards."
)


@app.callback()
def group() -> None:
    """Keeps `rotate` a command of its own while it is the only one."""


@app.command()
def rotate(
    new: Annotated[Path | None, typer.Option(help="A file with the new secret; otherwise one is made.")] = None,
    reason: Annotated[str, typer.Option(help="Goes into the audit row.")] = "",
    config: ConfigFile = None,
) -> None:
    """Seal everything under another secret; what is sealed stays the same, so no listener count changes.

    Operators have to sign in again; API tokens and share links stay.

    A running service takes the new secret by itself, unless TONEARM_SECRET sets it. Old backups of the database open
    with the old secret only.

    Example: tonearm secret rotate --reason "a laptop with a copy was lost"
    """
    in_force = effective(config)
    data_dir = opening.data_directory(in_force)
    given = bool(in_force.secret.get_secret_value())
    if given and new is None:
        raise fail(_ENVIRONMENT)
    try:
        with_database(in_force, partial(_rotate, in_force, data_dir, _given(new), reason))
    except installation_secret.SecretError as error:
        raise fail(str(error)) from None
    if given:
        typer.echo(
            f"Everything is sealed under the secret in {new}. Start every process with TONEARM_SECRET set to it."
        )
        if presence.look_up(data_dir):
            typer.echo("Until then the running service makes no tokens of the day; plays count all the same.")
    else:
        typer.echo(f"Everything is sealed under a new secret, which is in {data_dir / installation_secret.FILE_NAME}.")


def _given(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        text = file.read_bytes().strip()
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}.") from None
    if len(text) < installation_secret.SHORTEST:
        raise fail(f"{file} holds {len(text)} bytes; a secret needs at least {installation_secret.SHORTEST}.")
    return text


async def _rotate(config: Config, data_dir: Path, given: bytes | None, reason: str, database: Database) -> None:
    await opening.finish_rotation(config, data_dir, database)
    old = opening.secret(config, data_dir, secrets.token_bytes)
    await opening.pseudonym_key(old, database, secrets.token_bytes)  # refuses a secret that is not the installation's
    if config.secret.get_secret_value():
        assert given is not None
        await database.transaction(_seal_anew, old, given, reason)
        return
    # In this order a crash in between loses nothing: whichever secret the database is sealed under is on the disk.
    following = given or secrets.token_hex(32).encode()
    installation_secret.offer_next(data_dir, following)
    await database.transaction(_seal_anew, old, following, reason)
    installation_secret.take_next(data_dir)


async def _seal_anew(connection: Connection, old: bytes, new: bytes, reason: str) -> None:
    await salts.lock(connection)
    for purpose, resting in (await sealed.all_sealed(connection)).items():
        key = sealing.unseal(old, purpose, resting)
        nonce = secrets.token_bytes(sealing.NONCE_BYTES)
        await sealed.replace(connection, purpose, sealing.seal(new, purpose, key, nonce=nonce))
    if stored := await salts.read(connection):
        salt = rotator.opened(old, stored)
        await salts.seal_anew(connection, stored, rotator.sealed(new, stored.day, salt, secrets.token_bytes))
    # Sessions are signed under keys of the secret: who has the old one must not be able to make another.
    await access.end_all_sessions(connection, fresh_salt(secrets.token_bytes))
    await audit.record(connection, "secret rotated", {"at": datetime.now(UTC).isoformat(), "reason": reason})
