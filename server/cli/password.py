"""`tonearm password`: the operator's, of which only a hash is stored."""

import secrets
import sys
from functools import partial
from typing import Final

import typer

from server.access import password
from server.access.sessions import fresh_salt
from server.cli.common import ConfigFile, effective, fail, with_database
from storage import access, audit
from storage.bridge import Connection, Database

app = typer.Typer(help="The operator's password, for the dashboard.", no_args_is_help=True)

_ENDED: Final = "Whoever was signed in has to sign in again. API tokens and share links stay."


@app.command("set")
def set_(config: ConfigFile = None) -> None:
    """Take a password of your own; every session ends.

    It is asked for twice. From a pipe, the first line is taken, for scripts.

    Examples:

      tonearm password set

      tonearm password set < /run/secrets/tonearm-password
    """
    in_force = effective(config)
    chosen = _typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if sentence := password.objection(chosen):
        raise fail(sentence)
    with_database(in_force, partial(_put, chosen, "password set"))
    typer.echo(f"This is the password now. {_ENDED}")


@app.command()
def reset(config: ConfigFile = None) -> None:
    """Make another password and show it, once; every session ends.

    Example: tonearm password reset
    """
    made = password.make(secrets.token_bytes)
    with_database(effective(config), partial(_put, made, "password reset"))
    typer.echo(made)
    typer.echo(f"This is the password now; it is not shown again. {_ENDED}", err=True)


@app.command("end-sessions")
def end_sessions(config: ConfigFile = None) -> None:
    """Sign out on every device; the password stays.

    Example: tonearm password end-sessions
    """
    with_database(effective(config), _end_sessions)
    typer.echo(_ENDED)


def _typed() -> str:
    chosen: str = typer.prompt("The operator's new password", hide_input=True, confirmation_prompt="Once more")
    return chosen


async def _put(chosen: str, act: str, database: Database) -> None:
    hashed = password.fresh_hash(chosen, secrets.token_bytes)
    await database.transaction(_store, hashed, act)


async def _store(connection: Connection, hashed: str, act: str) -> None:
    await access.put_password(connection, hashed, fresh_salt(secrets.token_bytes))
    await audit.record(connection, act, {})


async def _end_sessions(database: Database) -> None:
    await database.transaction(_end)


async def _end(connection: Connection) -> None:
    await access.end_all_sessions(connection, fresh_salt(secrets.token_bytes))
    await audit.record(connection, "sessions ended", {})
