"""The command line. Each module holds one group of commands; this one puts them together."""

import gc
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve.serve",
    "worker": "worker.worker",
    "check": "check.check",
    "live": "live.live",
    "backup": "backup.backup",
    "restore": "backup.restore",
    "digest": "digest.digest",
    "doctor": "doctor.doctor",
    "export": "export.export",
    "snippet": "snippet.snippet",
    "rebuild": "rebuild.rebuild",
    "void": "void.void",
    "retention": "retention.retention",
    "catalog": "catalog.app",
    "config": "config.app",
    "password": "password.app",
    "import": "imports.app",
    "privacy": "privacy.app",
    "salt": "salt.app",
    "secret": "secret.app",
    "share": "share.app",
    "stats": "stats.app",
    "token": "token.app",
    "top": "top.app",
}
"""Name -> where it is in this folder: a function, or the app of a group."""
_HIDDEN: Final = ("worker",)
_EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 the answer is no or it could not be done, 2 the command or configuration is wrong."
)


def made(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands. Only what they need is imported, which takes most of a command's time."""
    app = typer.Typer(
        name="tonearm",
        help="Counts plays and shares of music without knowing who listens.",
        epilog=_EXIT_CODES,
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # they print local variables, which can hold an address or a secret
        callback=options,
    )
    for name in names:
        module, _, attribute = COMMANDS[name].partition(".")
        found = getattr(import_module(f"server.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=name in _HIDDEN)(found)
    return app


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tonearm {version('tonearm')}")
        raise typer.Exit


def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Those that stand before a command."""


def main() -> None:
    """The `tonearm` program: a sentence and a non-zero exit code where something cannot be done."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    gc.disable()  # importing makes no garbage, and looking for it takes a fifth of the time
    app = made([asked] if asked in COMMANDS else COMMANDS)
    from server.cli.common import EXIT_USAGE
    from server.config import ConfigError
    from server.handover import NotHanded
    from server.opening import CannotStart

    gc.freeze()
    gc.enable()
    try:
        app()
    except (ConfigError, CannotStart, NotHanded) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_USAGE if isinstance(error, ConfigError) else 1)
