"""`tonearm snippet`: the tag for a site's pages."""

import re
from typing import Annotated

import typer

import tracker
from server.cli.common import EXIT_USAGE
from server.snippet import Wanted, pinned_names, policy
from server.snippet import snippet as text

Url = Annotated[str, typer.Option(help="Where browsers reach the service, such as https://plays.example.org.")]
Classic = Annotated[bool, typer.Option("--classic", help="A plain script, for pages that cannot load a module.")]
Pinned = Annotated[bool, typer.Option("--pinned", help="By content, with integrity hashes.")]
Card = Annotated[bool, typer.Option("--card", help="With <tonearm-plays>, the card that shows the figures.")]
Track = Annotated[str, typer.Option(help="With a player, for the track of this key.", metavar="KEY")]
OptOut = Annotated[bool, typer.Option("--opt-out", help="With a control to opt out, for a privacy page.")]
Csp = Annotated[bool, typer.Option("--csp", help="Instead, what a Content-Security-Policy must allow for it.")]

_NO_URL = "Say where browsers reach the service: --url https://plays.example.org"
_BAD_URL = "allowed is https://HOST or https://HOST:PORT, with nothing behind it"
_NOT_RELEASED = (
    "This version of Tonearm is no release: after an upgrade {names} may be gone. Pin the files of a release."
)


def snippet(
    url: Url = "",
    classic: Classic = False,
    pinned: Pinned = False,
    card: Card = False,
    track: Track = "",
    opt_out: OptOut = False,
    csp: Csp = False,
) -> None:
    """Print the HTML that a site pastes into its pages.

    Examples:

      tonearm snippet --url https://plays.example.org

      tonearm snippet --url https://plays.example.org --track harbour-lights --card

      tonearm snippet --url https://plays.example.org --classic --pinned

      tonearm snippet --url https://plays.example.org --opt-out

      tonearm snippet --url https://plays.example.org --opt-out --csp
    """
    files = {file.name: file.read_bytes() for file in sorted(tracker.DIST.glob("*.js"))}
    wanted = Wanted(_service(url), classic, pinned, card, track, opt_out)
    typer.echo(policy(wanted, files) if csp else text(wanted, files).rstrip("\n"))
    loose = [name for name in pinned_names(wanted, files) if not (tracker.RELEASED / name).is_file()]
    if pinned and loose:
        typer.echo(_NOT_RELEASED.format(names=", ".join(loose)), err=True)


def _service(url: str) -> str:
    if not url:
        typer.echo(_NO_URL, err=True)
        raise typer.Exit(EXIT_USAGE)
    if not re.fullmatch(r"https?://[^\s/?#@*\"'<>;,]+/?", url):
        typer.echo(f"--url {url}: {_BAD_URL}.", err=True)
        raise typer.Exit(EXIT_USAGE)
    return url.rstrip("/")
