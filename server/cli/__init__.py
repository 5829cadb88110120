"""The command line. Each module holds one group of commands; this one puts them together."""

import sys

import typer

from server.cli import (
    backup,
    catalog,
    check,
    config,
    export,
    imports,
    privacy,
    rebuild,
    salt,
    secret,
    serve,
    snippet,
    stats,
    void,
    worker,
)
from server.cli.common import EXIT_USAGE
from server.config import ConfigError
from server.opening import CannotStart
from server.supervisor import WorkerCannotStart

app = typer.Typer(
    name="tonearm",
    help="Counts plays and shares of music without knowing who listens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they print local variables, which can hold an address or a secret
)
app.command("serve")(serve.serve)
app.command("worker", hidden=True)(worker.worker)
app.command("check")(check.check)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("export")(export.export)
app.command("snippet")(snippet.snippet)
app.command("rebuild")(rebuild.rebuild)
app.command("void")(void.void)
app.add_typer(catalog.app, name="catalog")
app.add_typer(config.app, name="config")
app.add_typer(imports.app, name="import")
app.add_typer(privacy.app, name="privacy")
app.add_typer(salt.app, name="salt")
app.add_typer(secret.app, name="secret")
app.add_typer(stats.app, name="stats")


def main() -> None:
    """The `tonearm` program: a sentence and a non-zero exit code where something cannot be done."""
    try:
        app()
    except (ConfigError, CannotStart, WorkerCannotStart) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_USAGE if isinstance(error, ConfigError) else 1)
