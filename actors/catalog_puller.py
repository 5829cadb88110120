"""Pulls the site's catalog from time to time, in the process that leads (actors/leader.py).

What cannot be pulled changes nothing, and is tried again next time.
"""

from collections.abc import Awaitable, Callable

import structlog
import trio

from actors.alive import while_alive
from storage.bridge import DatabaseUnavailable

_log = structlog.get_logger(__name__)


class PullFailed(Exception):
    """A sentence that says what is wrong with the source; nothing was changed."""


class CatalogPuller:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        pull: Callable[[], Awaitable[str]],
        *,
        every_s: float,
        turn: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
    ) -> None:
        """`pull` returns a sentence, or raises PullFailed. `turn` returns when it is this process's turn."""
        self._life = life
        self._pull = pull
        self._every_s = every_s
        self._turn = turn

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends: at once, then each time the interval has passed since the last one."""
        task_status.started()
        await while_alive(self._life, self._go_on)

    async def _go_on(self) -> None:
        while True:
            await self._turn()
            try:
                _log.info("the catalog was pulled", outcome=await self._pull())
            except PullFailed as error:
                _log.error("the catalog cannot be pulled; it stays as it is", reason=str(error))
            except DatabaseUnavailable as error:
                _log.warning("pulling the catalog has to wait for the database", reason=str(error))
            await trio.sleep(self._every_s)
