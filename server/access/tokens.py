"""API tokens and share links: long random strings, shown once, stored as a digest."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Final

from quart import Request

from server.access.paths import SHARED, is_shared
from server.access.rules import Caller, Identify, Scope
from storage import access
from storage.access import Kind
from storage.bridge import Database

PREFIX: Final = "tonearm_"  # whoever finds one in a public place can tell what it is
LONGEST_NAME: Final = 100
_TOKEN_BYTES: Final = 32
_SHARE_BYTES: Final = 24
_TOKEN: Final = re.compile(r"tonearm_[A-Za-z0-9_-]{43}")
_SHARE: Final = re.compile(r"[A-Za-z0-9_-]{32}")
_BEARER: Final = re.compile(r"Bearer +([^\s]+) *", re.IGNORECASE)  # RFC 6750 §2.1; schemes know no case


def make_token(random_bytes: Callable[[int], bytes]) -> str:
    """256 bits."""
    return PREFIX + _text(random_bytes(_TOKEN_BYTES))


def make_share(random_bytes: Callable[[int], bytes]) -> str:
    """192 bits, as the part of an address."""
    return _text(random_bytes(_SHARE_BYTES))


def digest(secret: str) -> bytes:
    """It has nothing to guess, so that a slow hash would only slow every request down."""
    return hashlib.sha256(secret.encode()).digest()


def bearer(database: Database) -> Identify:
    """Whoever sends `Authorization: Bearer TOKEN`."""

    async def identify(request: Request) -> Caller | None:
        sent = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if sent is None or not _TOKEN.fullmatch(sent[1]):
            return None
        scopes = await _scopes(database, "api", sent[1])
        return None if scopes is None else Caller("token", scopes)

    return identify


def share_link(database: Database) -> Identify:
    """Whoever asks beneath `/shared/LINK/`; no cookie, no header."""

    async def identify(request: Request) -> Caller | None:
        link = request.path.removeprefix(SHARED).partition("/")[0]
        if not is_shared(request.path) or not _SHARE.fullmatch(link):
            return None
        scopes = await _scopes(database, "share", link)
        return None if scopes is None else Caller("share", scopes)

    return identify


async def _scopes(database: Database, kind: Kind, secret: str) -> frozenset[Scope] | None:
    found = await database.run(access.scopes, kind, digest(secret))
    # A scope that this version does not know opens nothing.
    return None if found is None else frozenset(scope for scope in Scope if scope.value in found)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
