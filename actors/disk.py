"""A thread for calls that wait for the disk, so that a group commit costs no more than a queue and a wake-up.

`trio.to_thread.run_sync` finds a thread, copies a context and takes a token of a limiter for each call; at a thousand
commits a second that was a tenth of the time under the interpreter's lock.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, TypeVar

import outcome
import trio

T = TypeVar("T")


class DiskThread:
    """Runs calls one after another. The thread lives as long as the context."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def __enter__(self) -> "DiskThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.put(None)

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """`call(*args)` in the thread; once handed over it is not cancelled, so what was begun on the disk is known."""
        await trio.lowlevel.checkpoint_if_cancelled()
        task, token = trio.lowlevel.current_task(), trio.lowlevel.current_trio_token()

        def work() -> None:
            token.run_sync_soon(trio.lowlevel.reschedule, task, outcome.capture(call, *args))

        self._calls.put(work)
        result: T = await trio.lowlevel.wait_task_rescheduled(_hold_on)
        return result

    def _work(self) -> None:
        while (work := self._calls.get()) is not None:
            work()


def _hold_on(_: Any) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED
