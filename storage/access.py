"""What lets the operator in: the password's hash, sessions that ended, digests of tokens and share links.

This module stores hashes and digests, and knows neither a password nor a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from storage.bridge import Connection

Kind = Literal["api", "share"]

_OPERATOR: Final = "SELECT password_hash, session_salt FROM operator"
# DO NOTHING: of several services that start at once one makes the password, and only that one shows it.
_FIRST: Final = """
INSERT INTO operator (password_hash, session_salt) VALUES ($1, $2) ON CONFLICT (one) DO NOTHING RETURNING true
"""
_PUT: Final = """
INSERT INTO operator (password_hash, session_salt) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET password_hash = excluded.password_hash, session_salt = excluded.session_salt
"""
_NEW_SALT: Final = "UPDATE operator SET session_salt = $1"
_SESSION: Final = "SELECT session_salt, EXISTS (SELECT FROM ended_session WHERE digest = $1) FROM operator"
_END: Final = "INSERT INTO ended_session (digest, until) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING"
_PAST: Final = "DELETE FROM ended_session WHERE until < now()"
_ALL_PAST: Final = "DELETE FROM ended_session"
_MAKE: Final = """
INSERT INTO access_token (digest, kind, name, scopes, made_at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (kind, name) DO NOTHING RETURNING true
"""
_REVOKE: Final = "DELETE FROM access_token WHERE kind = $1 AND name = $2 RETURNING true"
_REVOKE_ALL: Final = """
WITH gone AS (DELETE FROM access_token RETURNING kind)
SELECT count(*) FILTER (WHERE kind = 'api'), count(*) FILTER (WHERE kind = 'share') FROM gone
"""
_LIST: Final = "SELECT name, scopes, made_at FROM access_token WHERE kind = $1 ORDER BY made_at, name"
_SCOPES: Final = "SELECT scopes FROM access_token WHERE kind = $1 AND digest = $2"


@dataclass(frozen=True, slots=True)
class Operator:
    """The one who runs this installation."""

    password_hash: str
    session_salt: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token once it was shown."""

    name: str
    scopes: tuple[str, ...]
    made_at: datetime


async def operator(connection: Connection) -> Operator | None:
    """None before the first start."""
    row = await connection.fetchrow(_OPERATOR)
    return None if row is None else Operator(str(row[0]), bytes(row[1]))


async def first_password(connection: Connection, password_hash: str, session_salt: bytes) -> bool:
    """Whether there was none, and this is it now."""
    return await connection.fetchval(_FIRST, password_hash, session_salt) is not None


async def put_password(connection: Connection, password_hash: str, session_salt: bytes) -> None:
    """Another password; every session ends."""
    await connection.execute(_PUT, password_hash, session_salt)
    await connection.execute(_ALL_PAST)


async def end_all_sessions(connection: Connection, session_salt: bytes) -> None:
    """Whoever is signed in has to do it again."""
    await connection.execute(_NEW_SALT, session_salt)
    await connection.execute(_ALL_PAST)


async def end_session(connection: Connection, digest: bytes, until: datetime) -> None:
    """This one, which would have lasted `until`."""
    await connection.execute(_END, digest, until)
    await connection.execute(_PAST)


async def salt_of_session(connection: Connection, digest: bytes) -> bytes | None:
    """The salt under which sessions are signed; None where this one has ended, or nobody can have one."""
    row = await connection.fetchrow(_SESSION, digest)
    return None if row is None or row[1] else bytes(row[0])


async def make(connection: Connection, kind: Kind, name: str, scopes: Sequence[str], digest: bytes) -> bool:
    """False where one of this name is there."""
    return await connection.fetchval(_MAKE, digest, kind, name, list(scopes)) is not None


async def revoke(connection: Connection, kind: Kind, name: str) -> bool:
    """False where there is none of this name. It opens nothing from the next request on, in every process."""
    return await connection.fetchval(_REVOKE, kind, name) is not None


async def revoke_all(connection: Connection) -> tuple[int, int]:
    """Every API token and every share link; how many of each there were."""
    row = await connection.fetchrow(_REVOKE_ALL)
    assert row is not None
    return int(row[0]), int(row[1])


async def tokens(connection: Connection, kind: Kind) -> list[Token]:
    """In the order in which they were made."""
    return [Token(str(row[0]), tuple(row[1]), row[2]) for row in await connection.fetch(_LIST, kind)]


async def scopes(connection: Connection, kind: Kind, digest: bytes) -> frozenset[str] | None:
    """What it opens; None where nobody made it, or it was revoked."""
    found = await connection.fetchval(_SCOPES, kind, digest)
    return None if found is None else frozenset(found)
