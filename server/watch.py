"""Says now and then that a process does its work, to whoever ends it where it no longer says so.

It takes more than a loop that turns. The thread of the database's connections has to answer. And what waits in the
spool has to be tried: no try of the resolver or the writer takes longer than the database's own limit, so if none
began for far longer while events wait, something in between is stuck, and the next process counts them. A database
that is away is tried all the time; that is no reason to end anything.
"""

import faulthandler
from collections.abc import Callable
from typing import Final

import structlog
import trio

from actors.retry import Tries
from storage.bridge import Database

_STUCK_S: Final = 300.0  # a statement is given up after 120 s (storage/bridge/)

_log = structlog.get_logger(__name__)


class Watch:
    """`pending`: how many events wait. `say`: all is well."""

    def __init__(
        self, database: Database, tries: Tries, pending: Callable[[], int], say: Callable[[], None], every_s: float
    ) -> None:
        self._database = database
        self._tries = tries
        self._pending = pending
        self._say = say
        self._every_s = every_s
        self._seen = -1
        self._since = 0.0

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._database.thread_answers()
            if self._moves():
                self._say()
            else:
                _log.error("events wait and nobody counts them", waiting=self._pending(), since_s=self._still_s())
            await trio.sleep(self._every_s)

    def _moves(self) -> bool:
        if self._tries.number != self._seen or not self._pending():
            self._seen, self._since = self._tries.number, trio.current_time()
        return self._still_s() < _STUCK_S

    def _still_s(self) -> float:
        return trio.current_time() - self._since


def end_unless_said_again(every_s: float) -> None:
    """For a worker: its process ends, with a traceback of places alone, if this is not called again in time.

    It may miss no more turns than a service manager lets the first process miss; its supervisor starts it again.
    """
    faulthandler.dump_traceback_later(2 * every_s, exit=True)


def never_mind() -> None:
    """The process is stopping in order, which takes the time it takes."""
    faulthandler.cancel_dump_traceback_later()
