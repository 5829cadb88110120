"""The command line. Each module holds one group of commands; this one puts them together."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from server.cli import (
    backup,
    catalog,
    check,
    config,
    digest,
    doctor,
    export,
    imports,
    live,
    password,
    privacy,
    rebuild,
    retention,
    salt,
    secret,
    serve,
    share,
    snippet,
    stats,
    token,
    top,
    void,
    worker,
)
from server.cli.common import EXIT_USAGE
from server.config import ConfigError
from server.handover import NotHanded
from server.opening import CannotStart
from server.supervisor import WorkerCannotStart

app = typer.Typer(
    name="tonearm",
    help="Counts plays and shares of music without knowing who listens.",
    epilog="Exit codes: 0 done, 1 the answer is no or it could not be done, 2 the command or configuration is wrong.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they print local variables, which can hold an address or a secret
)
app.command("serve")(serve.serve)
app.command("worker", hidden=True)(worker.worker)
app.command("check")(check.check)
app.command("live")(live.live)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("digest")(digest.digest)
app.command("doctor")(doctor.doctor)
app.command("export")(export.export)
app.command("snippet")(snippet.snippet)
app.command("rebuild")(rebuild.rebuild)
app.command("void")(void.void)
app.command("retention")(retention.retention)
app.add_typer(catalog.app, name="catalog")
app.add_typer(config.app, name="config")
app.add_typer(password.app, name="password")
app.add_typer(imports.app, name="import")
app.add_typer(privacy.app, name="privacy")
app.add_typer(salt.app, name="salt")
app.add_typer(secret.app, name="secret")
app.add_typer(share.app, name="share")
app.add_typer(stats.app, name="stats")
app.add_typer(token.app, name="token")
app.add_typer(top.app, name="top")


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tonearm {version('tonearm')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Those that stand before a command."""


def main() -> None:
    """The `tonearm` program: a sentence and a non-zero exit code where something cannot be done."""
    try:
        app()
    except (ConfigError, CannotStart, NotHanded, WorkerCannotStart) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_USAGE if isinstance(error, ConfigError) else 1)
