"""The canary: an event of the service's own, sent now and then as a browser's is, and waited for in the database.

A service can look alive while no event arrives: a proxy that answers 403, a certificate that has run out, a writer
that hangs. What a browser's event goes through, this one goes through as well, and the transaction of its batch notes
that it was there (storage/canary.py). It counts nowhere. None for two and a half intervals is an alarm.

This file knows neither HTTP nor what is in the event; `send` does (server/canary_post.py).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import structlog
import trio

from actors.alive import while_alive
from storage import canary
from storage.bridge import Database, DatabaseUnavailable

NONCE_BYTES: Final = 16
_OVERDUE_AFTER: Final = 2.5  # intervals: one that is lost to a restart of the proxy alarms nobody
_FIRST_AFTER_S: Final = 5.0  # after the start, when everything is there
_AGAIN_AFTER_S: Final = 60.0  # at most, where one was not taken: it has left nothing, and its end is to be seen soon
_FIRST_LOOK_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0  # between two looks for one that is not there yet
_MOST_UNDER_WAY: Final = 16  # of which it is remembered when they were sent

_NOT_COUNTED: Final = (
    "It was accepted and is not counted. Accepted events are safe in the spool; the log says what holds up the writer, "
    "and a restart of the service is worth a try."
)
_NO_ANSWER_YET: Final = "The first one has not been answered."

_log = structlog.get_logger(__name__)


class NotTaken(Exception):
    """A sentence: who did not take the event, and what to look at."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How the last ones fared. `at`: seconds since 1970; 0: none was seen yet."""

    every_s: float = 0.0  # 0: this process sends none
    at: float = 0.0
    took_s: float = 0.0
    overdue: bool = False
    trouble: str = ""  # where the last one got stuck, if it is overdue


class Canary:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        database: Database,
        send: Callable[[bytes], Awaitable[None]],
        *,
        sender: bytes,
        every_s: float,
        now: Callable[[], float],
        today: Callable[[], date],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """`send` is handed a nonce, and raises NotTaken. `now`: seconds since 1970. `today`: the site's day."""
        self._life = life
        self._database = database
        self._send = send
        self._sender = sender
        self._every_s = every_s
        self._now = now
        self._today = today
        self._random_bytes = random_bytes
        self._under_way: dict[bytes, float] = {}  # nonce -> when it was sent; in that order
        self._since = trio.current_time()  # from when on it counts how long none was seen
        self._at = self._took_s = 0.0
        self._trouble = _NO_ANSWER_YET
        self._warned = False

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends."""
        task_status.started()
        await while_alive(self._life, self._go_on)

    def sight(self) -> Sight:
        """As of now."""
        overdue = trio.current_time() - self._since > _OVERDUE_AFTER * self._every_s
        return Sight(self._every_s, self._at, self._took_s, overdue, self._trouble if overdue else "")

    async def _go_on(self) -> None:
        await trio.sleep(min(_FIRST_AFTER_S, self._every_s))
        await self._forget_silent()
        while True:
            began = trio.current_time()
            due = began + self._every_s
            nonce = self._random_bytes(NONCE_BYTES)
            try:
                await self._send(nonce)
            except NotTaken as error:
                self._trouble = str(error)
                due = began + min(self._every_s, _AGAIN_AFTER_S)
                self._warn()
            else:
                self._note(nonce, began)
            await self._look_until(due)

    async def _forget_silent(self) -> None:
        try:
            await self._database.run(canary.forget_silent, self._today())
        except DatabaseUnavailable:
            _log.debug("senders of canaries that are gone stay until the next start")

    def _note(self, nonce: bytes, sent_at: float) -> None:
        self._under_way[nonce] = sent_at
        while len(self._under_way) > _MOST_UNDER_WAY:
            del self._under_way[next(iter(self._under_way))]
        self._trouble = _NOT_COUNTED

    async def _look_until(self, due: float) -> None:
        """Until the next one is due. One that was sent earlier may come late: also that is an event that arrived."""
        pause = _FIRST_LOOK_S
        while self._under_way and trio.current_time() + pause < due:
            await trio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
            await self._look()
        await trio.sleep_until(due)

    async def _look(self) -> None:
        try:
            nonce = await self._database.run(canary.last, self._sender)
        except DatabaseUnavailable:
            # Nothing is counted then, and others say so; afterwards the backlog comes first.
            self._since = trio.current_time()
            return
        if nonce in self._under_way:
            self._seen(nonce)
        else:
            self._warn()

    def _seen(self, nonce: bytes) -> None:
        sent_at = self._under_way[nonce]
        self._since = trio.current_time()
        self._at, self._took_s = self._now(), self._since - sent_at
        # The spool keeps the order, and through another machine's an earlier one is of no interest any more.
        self._under_way = {other: at for other, at in self._under_way.items() if at > sent_at}
        if self._warned:
            _log.info("canary events are counted again", took_s=round(self._took_s, 1))
        self._warned = False

    def _warn(self) -> None:
        """Once, until one is seen again."""
        sight = self.sight()
        if sight.overdue and not self._warned:
            self._warned = True
            _log.warning("no canary event has been counted for too long", every_s=self._every_s, reason=sight.trouble)
