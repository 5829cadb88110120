"""`tonearm config`: what is in force."""

import typer

from server.cli.common import AsJson, ConfigFile, effective, print_json
from server.config import as_toml

app = typer.Typer(help="The configuration in force.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `show` a command of its own while it is the only one."""


@app.command()
def show(config: ConfigFile = None, json: AsJson = False) -> None:
    """Print the effective configuration, from file and environment, with secrets hidden.

    Example: TONEARM_TIMEZONE=Europe/Berlin tonearm config show
    """
    in_force = effective(config)
    if json:
        print_json(in_force.model_dump(mode="json"))
    else:
        typer.echo("\n".join(as_toml(in_force)))
