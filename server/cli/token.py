"""`tonearm token`: ways into the API for programs, each with its scopes."""

import secrets
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.access import tokens
from server.access.rules import Scope
from server.cli import named
from server.cli.common import AsJson, ConfigFile, effective, print_json, with_database

app = typer.Typer(help="API tokens for programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What it is for; to list and to revoke it by.")]
Scopes = Annotated[
    list[Scope],
    typer.Option(
        "--scope", help="read: every figure. catalog: tracks and releases. admin: health, export. Repeatable."
    ),
]


@app.command()
def make(name: Name, scope: Scopes, config: ConfigFile = None, json: AsJson = False) -> None:
    """Make a token and show it, once. Scopes do not contain each other: name each one the program needs.

    Examples:

      tonearm token make grafana --scope read

      tonearm token make deploy --scope read --scope catalog
    """
    token = tokens.make_token(secrets.token_bytes)
    held = sorted(set(scope), key=list(Scope).index)
    named.check(name)
    with_database(effective(config), partial(named.make, "api", name, held, token))
    if json:
        print_json({"name": name, "scopes": held, "token": token})
    else:
        typer.echo(token)
        typer.echo("Keep it now; it is not shown again. Send it as: Authorization: Bearer TOKEN", err=True)


@app.command("list")
def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """The tokens that are in force: name, scopes, when they were made.

    Example: tonearm token list --json
    """
    in_force = effective(config)
    found = with_database(in_force, partial(named.listed, "api"))
    if json:
        print_json([{"name": t.name, "scopes": t.scopes, "madeAt": t.made_at.isoformat()} for t in found])
    elif not found:
        typer.echo("There is no API token.")
    else:
        table = Table("name", "scopes", "made", box=None, padding=(0, 2))
        for token in found:
            table.add_row(token.name, ", ".join(token.scopes), named.moment(token, in_force.zone))
        Console(markup=False).print(table)


@app.command()
def revoke(name: Name, config: ConfigFile = None) -> None:
    """From the next request on it opens nothing, in every process.

    Example: tonearm token revoke grafana
    """
    with_database(effective(config), partial(named.revoke, "api", name))
    typer.echo(f"The token {name} is revoked.")
