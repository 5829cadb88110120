"""Costly work that strangers can ask for, kept from taking the processor from the counting."""

from collections.abc import Callable
from typing import Final, TypeVar

import trio

T = TypeVar("T")

_REST: Final = 4.0  # times as long as the work took: however many ask, a fifth of one core is what they get
_MOST_WAITING: Final = 8  # about ten seconds of waiting; whoever comes then is better told so


class Busy(Exception):
    """So many wait already that it makes no sense to join them."""


class Effort:
    """One piece of work at a time, in a thread, and a rest after it that only who comes next has to wait for."""

    def __init__(self) -> None:
        self._one = trio.Lock()
        self._waiting = 0
        self._rested_at = 0.0

    async def take(self, work: Callable[[], T]) -> T:
        """`work()`, once it is its turn. Raises Busy."""
        if self._waiting >= _MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._one:
                await trio.sleep_until(self._rested_at)
                began = trio.current_time()
                try:
                    return await trio.to_thread.run_sync(work)
                finally:
                    now = trio.current_time()
                    self._rested_at = now + _REST * (now - began)
        finally:
            self._waiting -= 1
