"""The housekeeper: what has to be done now and then, by one process of the installation, the one that leads
(actors/leader.py). Should two do it at once, it is done once all the same: each duty locks what it changes.

It makes the log's partitions ahead, closes the days that are over (storage/listener_day.py), drops what is remembered
of who asked to be forgotten (storage/forgotten.py) and ids of events that nobody sends again (storage/event_ids.py),
lets go of months that are older than is to be kept (storage/retention.py), writes the sets anew (storage/anew.py), and
holds the counters against the log, whose outcome is a metric.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog
import trio

from storage import anew, check, event_ids, forgotten, listener_day, listeners, log, retention
from storage.bridge import Database, DatabaseUnavailable
from storage.retention import Keep

_ROUND_S: Final = 60.0  # how often it looks around
_REST: Final = 100  # writing the sets anew holds up the counting, so it may take a hundredth of the time, not more
_AHEAD: Final = timedelta(days=32)  # partitions are there this long before they are needed

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Findings:
    """What it found and did last; shown as metrics. Times in seconds since 1970, 0 before the first time."""

    checked_at: float = 0.0
    differences: int = 0
    kept_at: float = 0.0  # when a round ended in which every duty was done
    partitions_through: date | None = None  # the last month, counted from this one on, that the log has a place for


class Housekeeper:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        database: Database,
        findings: Findings,
        *,
        check_every_s: float,
        now: Callable[[], float],
        today: Callable[[], date],
        keep: Keep = Keep(),  # noqa: B008  # it cannot change
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`check_every_s` 0: never. `now`: seconds since 1970. `today`: the site's day. `leads`: it is this process's
        turn.
        """
        self._life = life
        self._database = database
        self._findings = findings
        self._check_every_s = check_every_s
        self._now = now
        self._today = today
        self._keep = keep
        self._leads = leads
        self._resting = trio.CancelScope()
        self._called = False  # since the round began
        self._let_go_on: date | None = None  # when that was last done
        self._rested_at = trio.current_time()  # from when on the sets may be written anew
        self._checked = trio.current_time()  # the first check comes one interval after the start, not in its rush

    def look_now(self) -> None:
        """This process has begun to lead: not only after the rest."""
        self._called = True
        self._resting.cancel()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends. A database that is away is left for the next round."""
        async with self._life:
            task_status.started()
            while True:
                self._called = False
                await self._round()
                try:
                    with trio.move_on_after(0 if self._called else _ROUND_S) as self._resting:
                        await self._life.receive()
                except trio.EndOfChannel:
                    return

    async def _round(self) -> None:
        done = True
        for duty in self._duties:
            if not self._leads():
                self._findings.kept_at = 0.0  # it is another process's to say
                return
            try:
                await duty()
            except DatabaseUnavailable as error:
                done = False
                _log.warning("housekeeping has to wait for the database", reason=str(error))
        if done:
            self._findings.kept_at = self._now()

    @property
    def _duties(self) -> Sequence[Callable[[], Awaitable[None]]]:
        return (
            self._partitions,
            self._days,
            self._forgotten,
            self._ids,
            self._retention,
            self._sets,
            self._counters,
        )

    async def _partitions(self) -> None:
        today = self._today()
        await self._database.transaction(log.make_months_ahead, [today, today + _AHEAD])
        self._findings.partitions_through = await self._database.run(log.last_month_ahead, today)

    async def _days(self) -> None:
        for day in await self._database.transaction(listener_day.close_over, self._today()):
            _log.info("a day is closed: its tokens are dropped, its listeners are final", day=day.isoformat())

    async def _forgotten(self) -> None:
        await self._database.run(forgotten.expire)

    async def _ids(self) -> None:
        await self._database.run(event_ids.expire, self._today())

    async def _retention(self) -> None:
        """Once a day. A month that cannot be had now is tried again in the next round."""
        today = self._today()
        if self._let_go_on == today:
            return
        for month in await self._database.run(retention.due_log, self._keep, today):
            if gone := await self._database.patiently(retention.drop_log, month):
                _log.info("a month has left the log", month=f"{month:%Y-%m}", plays=gone.plays, shares=gone.shares)
        for month in await self._database.patiently(retention.due_daily, self._keep, today):
            if await self._database.patiently(retention.drop_daily, month):
                _log.info("the daily figures of a month are dropped", month=f"{month:%Y-%m}")
        self._let_go_on = today

    async def _sets(self) -> None:
        """Once a day, and soon after somebody was forgotten: how rows lie must not say who came with whom, or went."""
        began = trio.current_time()
        if began < self._rested_at:
            return
        known_since = datetime.fromtimestamp(self._now(), UTC) - listeners.FIRST_HOUR_KEPT
        generation = await self._database.patiently(anew.write, self._today(), known_since)
        if generation is None:
            return
        try:
            if await self._database.patiently(anew.compact_sets):
                await self._database.patiently(anew.compact_figures)
                await self._database.transaction(anew.is_compact, generation)
                _log.info("the listener sets are written anew", seconds=round(trio.current_time() - began, 1))
        finally:
            self._rested_at = trio.current_time() + _REST * (trio.current_time() - began)

    async def _counters(self) -> None:
        if not self._check_every_s or trio.current_time() - self._checked < self._check_every_s:
            return
        report = await self._database.patiently(check.check)
        self._checked = trio.current_time()
        self._findings.checked_at = self._now()
        self._findings.differences = len(report.differences)
        for difference in report.differences[:10]:
            _log.error("a counter differs from its source", difference=str(difference))
