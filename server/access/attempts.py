"""An attempt to sign in: who may try how often, and whether the password is right."""

from dataclasses import dataclass
from enum import Enum
from functools import partial

from quart import Request

from privacy.address import TrustedProxies
from server.access import password
from server.access.effort import Busy, Effort
from server.access.peer import network_of
from server.limiter import Limiter
from storage import access
from storage.bridge import Database


class Failed(Enum):
    """Why nobody is signed in."""

    WRONG = "wrong"
    BUSY = "busy"  # so many try that this one was not looked at


@dataclass(frozen=True, slots=True)
class TooOften:
    """This client has to wait."""

    wait_s: float


class Attempts:
    """Shared by all requests of a process."""

    def __init__(self, database: Database, limiter: Limiter, trusted: TrustedProxies) -> None:
        self._database = database
        self._limiter = limiter
        self._trusted = trusted
        self._effort = Effort()

    async def salt_for(self, request: Request, given: str) -> bytes | Failed | TooOften:
        """The salt for a session, where the password is right."""
        if wait := self._limiter.refuse_for(network_of(request, self._trusted)):
            return TooOften(wait)
        operator = await self._database.run(access.operator)
        if operator is None or password.objection(given):
            return Failed.WRONG  # too short or too long to be one: not worth a quarter of a second
        try:
            right = await self._effort.take(partial(password.matches, given, operator.password_hash))
        except Busy:
            return Failed.BUSY
        return operator.session_salt if right else Failed.WRONG
