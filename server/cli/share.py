"""`tonearm share`: links by which anybody can look at the dashboard, and change nothing."""

import re
import secrets
from functools import partial
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from server.access import tokens
from server.access.paths import SHARED
from server.access.rules import Scope
from server.cli import named
from server.cli.common import EXIT_USAGE, AsJson, ConfigFile, effective, print_json, with_database

app = typer.Typer(help="Public links to the dashboard, to be read only.", no_args_is_help=True)

_NO_HOST: Final = "Put your service's address before it, or name it with --url. It is not shown again."

Name = Annotated[str, typer.Argument(help="Who it is for; to list and to revoke it by.")]
Url = Annotated[str, typer.Option(help="The service's address as browsers see it, to print a whole link.")]


@app.command()
def make(name: Name, config: ConfigFile = None, url: Url = "", json: AsJson = False) -> None:
    """Make a link that shows the dashboard's figures to whoever has it, and show it, once.

    Small counts of listeners are hidden behind it as [stats] min_listeners says. Anybody it is passed on to can use it.

    Example: tonearm share make label --url https://plays.example.org
    """
    if url and not re.fullmatch(r"https?://[^\s/?#@]+/?", url):
        typer.echo(f"--url {url}: allowed is scheme://host or scheme://host:port.", err=True)
        raise typer.Exit(EXIT_USAGE)
    link = tokens.make_share(secrets.token_bytes)
    named.check(name)
    with_database(effective(config), partial(named.make, "share", name, [Scope.READ], link))
    address = f"{url.rstrip('/')}{SHARED}{link}/"
    if json:
        print_json({"name": name, "link": address})
        return
    typer.echo(address)
    typer.echo("It is not shown again." if url else _NO_HOST, err=True)


@app.command("list")
def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """The links that are in force: name, when they were made. The links themselves are not stored.

    Example: tonearm share list
    """
    in_force = effective(config)
    found = with_database(in_force, partial(named.listed, "share"))
    if json:
        print_json([{"name": share.name, "madeAt": share.made_at.isoformat()} for share in found])
    elif not found:
        typer.echo("There is no share link.")
    else:
        table = Table("name", "made", box=None, padding=(0, 2))
        for share in found:
            table.add_row(share.name, named.moment(share, in_force.zone))
        Console(markup=False).print(table)


@app.command()
def revoke(name: Name, config: ConfigFile = None) -> None:
    """From the next request on it shows nothing.

    Example: tonearm share revoke label
    """
    with_database(effective(config), partial(named.revoke, "share", name))
    typer.echo(f"The link {name} is revoked.")
