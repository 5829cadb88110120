"""The leader: sees to it that one process of the installation does what has to be done once.

Every machine's worker 0 stands for it, and whoever gets an advisory lock leads. It says so to PostgreSQL every two
seconds, in the session that holds the lock. A session that is silent for ten seconds is ended by PostgreSQL, and
another process gets the lock within two more. The leader itself believes in it for six seconds after it last asked with
success: so a machine that is cut off no longer leads before another one begins to.

That is for order, not for safety. What leaders do are transactions that lock what they change and look whether it is
still to be done, so two that do it at once do it once; and a machine that cannot reach the database does none of it.
"""

from collections.abc import Callable
from typing import Final

import structlog
import trio

from storage import leadership
from storage.bridge import Database, DatabaseThreadDead, DatabaseUnavailable, Session

_BEAT_S: Final = 2.0  # how often the leader says that it is there, and others look whether there is none
_SURE_S: Final = 6.0  # less than storage.leadership.LEASE_S by more than a slow answer takes
_LOOK_S: Final = 0.5
_PAUSE_S: Final = 1.0  # between two tries while the database is away

_log = structlog.get_logger(__name__)


class Leader:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(self, life: trio.MemoryReceiveChannel[None], database: Database) -> None:
        self._life = life
        self._database = database
        self._holds = False  # the lock, as far as this process knows
        self._sure_until = 0.0
        self._led = False  # when it was last said
        self._elected = trio.Event()
        self._to_wake: list[Callable[[], None]] = []

    @property
    def leads(self) -> bool:
        """As far as is sure at this moment."""
        return self._holds and trio.current_time() < self._sure_until

    async def turn(self) -> None:
        """Until this process leads."""
        await trio.lowlevel.checkpoint()
        while not self.leads:
            await self._elected.wait()

    def on_election(self, wake: Callable[[], None]) -> None:
        """Called when this process begins to lead."""
        self._to_wake.append(wake)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends. Started once it has stood for the first time."""
        async with self._life, trio.open_nursery() as nursery:
            await nursery.start(self._stand)
            nursery.start_soon(self._watch)
            task_status.started()
            async for _ in self._life:
                pass
            nursery.cancel_scope.cancel()

    async def _stand(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        started = False
        while True:
            try:
                async with self._database.session() as session:
                    await session.run(leadership.prepare)
                    while True:
                        await self._beat(session)
                        if not started:
                            started = True
                            task_status.started()
                        await trio.sleep(_BEAT_S)
            except DatabaseThreadDead:
                raise
            except DatabaseUnavailable as error:
                self._holds = False
                self._say(str(error))
            finally:
                self._holds = False
            if not started:
                started = True
                task_status.started()
            await trio.sleep(_PAUSE_S)

    async def _beat(self, session: Session) -> None:
        asked_at = trio.current_time()
        if self._holds:
            await session.run(leadership.go_on)
        elif await session.run(leadership.claim):
            self._holds = True
        self._sure_until = asked_at + _SURE_S
        self._say()

    async def _watch(self) -> None:
        """A database that does not answer ends nothing by itself."""
        while True:
            await trio.sleep(_LOOK_S)
            self._say("the database does not answer")

    def _say(self, reason: str = "") -> None:
        led, self._led = self._led, self.leads
        if self._led and not led:
            _log.info("this process leads: it closes days, keeps the tables and tells what is to be told")
            self._elected.set()
            self._elected = trio.Event()
            for wake in self._to_wake:
                wake()
        elif led and not self._led:
            _log.warning("this process leads no more", reason=reason)
