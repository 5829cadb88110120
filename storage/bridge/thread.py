"""One asyncio loop in a thread of its own, and how a Trio task waits for what runs there."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

import outcome
import trio

from storage.bridge.errors import DatabaseThreadDead, unwrap

T = TypeVar("T")


class Thread:
    """The asyncio loop, the calls under way in it, and whether it is gone.

    A call that was handed over a moment before the loop ended would never be picked up, and its Trio task never woken.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: set[Future[Any]] = set()
        self._ended = False
        self._watcher: Future[None] = asyncio.run_coroutine_threadsafe(self._watch(), loop)

    def hand_over(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """The call, which ends in any case. Raises DatabaseThreadDead."""
        try:
            call = asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError as error:
            work.close()
            raise DatabaseThreadDead("the database thread has ended") from error
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        if self._ended:  # set before it looks at the calls: one of the two of us ends this one
            call.cancel()
        return call

    async def _watch(self) -> None:
        """In the loop, for as long as it runs: a loop that ends cancels what still runs in it."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._ended = True
            for call in list(self._calls):
                call.cancel()


async def over(thread: Thread, call: Callable[[], Awaitable[T]]) -> T:
    """Run `call` in the asyncio thread and wait for it, passing cancellation on; errors become this module's.

    Not by the portal's own `start_task_soon`: that one stops the calling thread, and with it every actor and every
    client, until the other thread has picked the task up.
    """
    task = trio.lowlevel.current_task()
    token = trio.lowlevel.current_trio_token()
    cancel_raiser: list[Callable[[], Any]] = []
    running: list[asyncio.Task[Any]] = []

    async def guarded() -> outcome.Outcome[T]:
        running.extend(filter(None, [asyncio.current_task()]))
        return await outcome.acapture(call)  # an outcome: `future` then fails only for its own reasons

    future = thread.hand_over(guarded())

    def cancel() -> None:
        """In the asyncio thread. Cancelling `future` itself would end it at once, with the query still running."""
        if running:
            running[0].cancel()
        else:
            future.cancel()

    def done(_: Future[Any]) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(trio.lowlevel.reschedule, task)

    def abort(raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
        cancel_raiser.append(raise_cancel)
        with suppress(RuntimeError):  # the thread has ended, and with it the call
            thread.loop.call_soon_threadsafe(cancel)
        return trio.lowlevel.Abort.FAILED  # we are woken by `done`, once asyncpg has let go of the connection

    future.add_done_callback(done)
    await trio.lowlevel.wait_task_rescheduled(abort)
    try:
        result = future.result()
    except CancelledError:
        if cancel_raiser:
            cancel_raiser[0]()
        raise DatabaseThreadDead("the database thread has ended") from None
    if cancel_raiser and isinstance(result, outcome.Error) and isinstance(result.error, asyncio.CancelledError):
        cancel_raiser[0]()
    return unwrap(result)


async def nothing(*_: object) -> None:
    pass


def has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
