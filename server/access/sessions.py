"""The operator's sessions: a signed cookie, and nothing stored unless a session is left before its time."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from quart import Request, Response

from server.access.cookies import Cookie
from server.access.keys import Keys
from server.access.rules import OPERATOR_SCOPES, Caller
from storage import access
from storage.bridge import Database

_ID_BYTES: Final = 16


class Sessions:
    """Begins them, knows them again, ends them."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        cookie: Cookie,
        *,
        lasts_s: int,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """`now`: seconds since 1970."""
        self._database = database
        self._keys = keys
        self._cookie = cookie
        self._lasts_s = lasts_s
        self._now = now
        self._random_bytes = random_bytes

    def begin(self, request: Request, response: Response, session_salt: bytes) -> None:
        """`session_salt`: of the password that was right; if it was replaced meanwhile, the session is none."""
        name = base64.urlsafe_b64encode(self._random_bytes(_ID_BYTES)).decode()
        value = self._signed(session_salt).dumps([name, int(self._now()) + self._lasts_s])
        self._cookie.put(request, response, str(value), lasts_s=self._lasts_s)

    async def identify(self, request: Request) -> Caller | None:
        """The operator, where the cookie is in force."""
        value = self._cookie.read(request)
        if not value or await self._until(value) is None:
            return None
        return Caller("session", OPERATOR_SCOPES, value.encode())

    async def end(self, request: Request, response: Response) -> None:
        """Also for whoever has a copy of the cookie."""
        value = self._cookie.read(request)
        if value and (until := await self._until(value)) is not None:
            await self._database.transaction(access.end_session, _digest(value), datetime.fromtimestamp(until, UTC))
        self._cookie.remove(request, response)

    async def end_all(self, request: Request, response: Response) -> None:
        """On every device."""
        await self._database.transaction(access.end_all_sessions, fresh_salt(self._random_bytes))
        self._cookie.remove(request, response)

    async def _until(self, value: str) -> int | None:
        """When it ends by itself; None where it is not in force."""
        salt = await self._database.run(access.salt_of_session, _digest(value))
        if salt is None or not _is_as_written(value):
            return None
        try:
            _name, until = self._signed(salt).loads(value)
        except (BadData, ValueError, TypeError):
            return None
        return int(until) if self._now() < until else None

    def _signed(self, session_salt: bytes) -> URLSafeSerializer:
        keys = self._keys.of("session", session_salt)
        # The last of the keys signs. They are keys already and need no derivation by the library.
        return URLSafeSerializer(keys[::-1], signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256})


def fresh_salt(random_bytes: Callable[[int], bytes]) -> bytes:
    """For `storage.access`."""
    return random_bytes(32)


def _is_as_written(value: str) -> bool:
    """Whether the signature is spelled as it was: base64 is read with padding, spare bits and other letters as well,
    and a session that has ended would come back under another spelling. What is signed has but one.
    """
    signature = value.rpartition(".")[2]
    try:
        return base64_encode(base64_decode(signature)) == signature.encode()
    except BadData:
        return False


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
