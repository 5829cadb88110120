"""What API tokens and share links have in common on the command line: a name, a list, an end."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from server.access.rules import Scope
from server.access.tokens import LONGEST_NAME, digest
from server.cli.common import fail
from storage import access, audit
from storage.access import Kind, Token
from storage.bridge import Connection, Database

_WORDS: dict[Kind, str] = {"api": "token", "share": "share link"}


def check(name: str) -> None:
    """Fails on what would be no help in a list."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise fail(f"A name has 1 to {LONGEST_NAME} characters that can be printed.")


async def make(kind: Kind, name: str, scopes: Sequence[Scope], secret: str, database: Database) -> None:
    """Store its digest. Fails where the name is taken."""
    if not await database.transaction(_make, kind, name, scopes, digest(secret)):
        raise fail(f"There is a {_WORDS[kind]} {name!r} already; revoke it first, or take another name.")


async def listed(kind: Kind, database: Database) -> list[Token]:
    """Those in force."""
    return await database.run(access.tokens, kind)


async def revoke(kind: Kind, name: str, database: Database) -> None:
    """Fails where there is none of this name."""
    if not await database.transaction(_revoke, kind, name):
        raise fail(f"There is no {_WORDS[kind]} {name!r}.")


def moment(token: Token, zone: ZoneInfo) -> str:
    """When it was made, on the site's clock."""
    return f"{token.made_at.astimezone(zone):%Y-%m-%d %H:%M}"


async def _make(connection: Connection, kind: Kind, name: str, scopes: Sequence[Scope], secret: bytes) -> bool:
    made = await access.make(connection, kind, name, [scope.value for scope in scopes], secret)
    if made:
        await audit.record(connection, f"{_WORDS[kind]} made", {"name": name, "scopes": list(scopes)})
    return made


async def _revoke(connection: Connection, kind: Kind, name: str) -> bool:
    revoked = await access.revoke(connection, kind, name)
    if revoked:
        await audit.record(connection, f"{_WORDS[kind]} revoked", {"name": name})
    return revoked
