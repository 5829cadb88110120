"""The herald: tells people what they asked to be told. It finds milestones, has the weekly digest made when it is due,
and delivers what waits, again and again for three days. It does so in the process that leads (actors/leader.py).

An alert is written in the transaction that finds it, so it is neither lost nor made twice. Delivered is it at least
once: a process may die between the delivery and the note of it, and the alert goes out again under the same id.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import structlog
import trio

from actors.alive import while_alive
from storage import alerts, digest, milestones
from storage.alerts import Alert, Way
from storage.bridge import Connection, Database, DatabaseUnavailable
from storage.digest import Digest
from storage.milestones import Passed

_HELD: Final = timedelta(minutes=5)  # longer than any delivery takes; then another process may try
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=4)
GIVES_UP_AFTER: Final = timedelta(days=3)
_MOST_AT_ONCE: Final = 20  # milestones of one look; more come of an import, and nobody reads them

_log = structlog.get_logger(__name__)


class NotDelivered(Exception):
    """A sentence. `for_good`: it makes no sense to try again."""

    def __init__(self, sentence: str, *, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be told."""

    milestones_of: Sequence[str]  # site, release, track
    thresholds: Sequence[int]
    digest_by: Sequence[Way]
    digest_weekday: int  # Monday is 0
    digest_hour: int
    every_s: float


@dataclass(frozen=True, slots=True)
class Voice:
    """How it is said: the bodies, as JSON, and the ways out, which raise NotDelivered."""

    milestone: Callable[[Passed, datetime], tuple[str, str]]  # (id, body)
    digest: Callable[[Digest, datetime], tuple[str, str]]
    ways: Mapping[Way, Callable[[Alert], Awaitable[None]]]


class Herald:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        database: Database,
        orders: Orders,
        voice: Voice,
        now: Callable[[], datetime],
        turn: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
    ) -> None:
        """`now` is on the site's clock. `turn` returns when it is this process's turn."""
        self._life = life
        self._database = database
        self._orders = orders
        self._voice = voice
        self._now = now
        self._turn = turn

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends. A database that is away is left for the next round."""
        task_status.started()
        await while_alive(self._life, self._go_on)

    async def _go_on(self) -> None:
        while True:
            await self._turn()
            try:
                await self.round()
            except DatabaseUnavailable as error:
                _log.warning("alerts have to wait for the database", reason=str(error))
            await trio.sleep(self._orders.every_s)

    async def round(self) -> None:
        """Find what is to be told, and deliver what is due."""
        if self._orders.milestones_of:
            await self._database.transaction(self._find_milestones)
        if self._orders.digest_by:
            await self._database.transaction(self._make_digest)
        while (alert := await self._taken()) is not None:
            await self._deliver(alert)
        await self._database.run(alerts.purge, self._now())

    async def _find_milestones(self, connection: Connection) -> None:
        now = self._now()
        passed = await milestones.look(connection, self._orders.milestones_of, self._orders.thresholds, now)
        if passed is None:
            _log.info("milestones are looked for from here on; what is past is not told")
            return
        for one in passed[:_MOST_AT_ONCE]:
            await alerts.add(connection, *self._as_alert(self._voice.milestone(one, now), "webhook"), now)
        if left_out := passed[_MOST_AT_ONCE:]:
            _log.warning("more milestones at once than are told; the lower ones are left out", left_out=len(left_out))

    async def _make_digest(self, connection: Connection) -> None:
        now = self._now()
        await digest.begin_week(connection, now.date() - timedelta(now.weekday()))
        week = week_to_tell(now, self._orders.digest_weekday, self._orders.digest_hour)
        if await digest.is_due(connection, week):
            said = self._voice.digest(await digest.read(connection, week), now)
            for way in self._orders.digest_by:
                await alerts.add(connection, *self._as_alert(said, way), now)

    @staticmethod
    def _as_alert(said: tuple[str, str], way: Way) -> tuple[str, Way, str]:
        alert_id, body = said
        return alert_id, way, body

    async def _taken(self) -> Alert | None:
        now = self._now()
        return await self._database.transaction(alerts.take, now, now + _HELD)

    async def _deliver(self, alert: Alert) -> None:
        try:
            way = self._voice.ways.get(alert.way)
            if way is None:
                raise NotDelivered(f"[alerts] says nothing about the way {alert.way} any more.", for_good=True)
            await way(alert)
        except NotDelivered as error:
            await self._not_delivered(alert, error)
        else:
            await self._database.run(alerts.settle, alert, self._now(), "delivered")
            _log.info("an alert was delivered", alert=alert.alert_id, way=alert.way, attempt=alert.attempts)

    async def _not_delivered(self, alert: Alert, error: NotDelivered) -> None:
        again = self._now() + pause_after(alert.attempts)
        if error.for_good or again - alert.made_at > GIVES_UP_AFTER:
            await self._database.run(alerts.settle, alert, self._now(), f"given up: {error}")
            _log.error("an alert was given up", alert=alert.alert_id, way=alert.way, reason=str(error))
            return
        await self._database.run(alerts.later, alert, again, str(error))
        _log.warning(
            "an alert could not be delivered, and will be tried again",
            alert=alert.alert_id,
            way=alert.way,
            attempt=alert.attempts,
            again=again.isoformat(timespec="seconds"),
            reason=str(error),
        )


def pause_after(attempts: int) -> timedelta:
    """One minute, then twice as long each time, up to four hours."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 16)), _LONGEST_PAUSE)


def week_to_tell(now: datetime, weekday: int, hour: int) -> date:
    """The Monday of the last full week before the last time it was `hour` on a `weekday`, on the clock of `now`."""
    day = now.date() - timedelta((now.weekday() - weekday) % 7)
    if day == now.date() and now.hour < hour:
        day -= timedelta(7)
    return day - timedelta(day.weekday() + 7)
