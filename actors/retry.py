"""Waiting out a database that is away: the spool holds the rest, so there is no hurry and no giving up."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
import trio

from storage.bridge import DatabaseThreadDead, DatabaseUnavailable

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0  # how late counting resumes at most after the database is back

_log = structlog.get_logger(__name__)


class Tries:
    """How many there were, for who wants to know that somebody still tries, and how it goes."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = 0  # of them, since the database was away
        self.waiting = 0  # how many try again at this moment


async def until_available(who: str, work: Callable[[], Awaitable[T]], tries: Tries | None = None) -> T:
    """`await work()`, again and again while it raises DatabaseUnavailable. Other exceptions are bugs and pass.

    So does DatabaseThreadDead: a process that took events without ever counting them again would look well.
    """
    tries = tries or Tries()
    pause = _FIRST_PAUSE_S
    away = False
    try:
        while True:
            tries.number += 1
            try:
                result = await work()
            except DatabaseThreadDead:
                raise
            except DatabaseUnavailable as error:
                _log.warning("database unavailable, trying again", actor=who, reason=str(error), pause_s=pause)
                tries.failed += 1
                tries.waiting += not away
                away = True
                await trio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                if away:
                    _log.info("database available again", actor=who)
                return result
    finally:
        tries.waiting -= away
