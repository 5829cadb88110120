"""The salt rotator: sees to it that every process makes the same tokens, each day with another salt (DESIGN §8).

All processes and replicas share one row of the database. At midnight of the site's time zone the first one to look
replaces it, the others read it; a forced rotation is told by NOTIFY and takes effect at once. Which salt may serve
an event is decided by the event's day alone, so a clock that jumps, a machine that was suspended or a database that
was away at midnight can only lead to no salt: plays count, and no token is made. A salt never serves another day.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import structlog
import trio

from actors.salts import Salt, Salts
from privacy import sealing, token
from storage import audit, listener_day, salts
from storage.bridge import Connection, Database, DatabaseThreadDead, DatabaseUnavailable, News

_TICK_S: Final = 1.0  # how late midnight is seen at most; a suspended machine's timers do not know of it
_LOOK_EVERY_S: Final = 30.0  # the row is read this often without being told, should the telling have got lost
_PAUSE_S: Final = 1.0  # between two tries while the database is away
_ON_TIME_S: Final = 60.0  # a salt made later than this covers only a part of its day
_ONE_DAY: Final = timedelta(days=1)

_log = structlog.get_logger(__name__)


class Rotator:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        database: Database,
        held: Salts,
        *,
        secrets: Callable[[], Sequence[bytes]],
        random_bytes: Callable[[int], bytes],
        now: Callable[[], datetime],
        needed: Callable[[], bool],
        spool_id: str,
        drained: Callable[[], bool],
    ) -> None:
        """`secrets`: the installation's, and while it is being rotated the next one. `now`: on the site's clock.

        `needed`: the mode makes tokens. `drained`: the spool is empty.
        """
        self._life = life
        self._database = database
        self._held = held
        self._secrets = secrets
        self._random_bytes = random_bytes
        self._now = now
        self._needed = needed
        self._spool_id = spool_id
        self._drained = drained
        self._agreed: tuple[date, bool] | None = None  # day and need the last look was made for
        self._looked = 0.0
        self._past: date | None = None  # the day this process last said to be past the ones before
        self._overdue = False
        self._resting = trio.CancelScope()

    def look_now(self) -> None:
        """Something has changed that decides whether a salt is needed: not only at the next tick."""
        self._resting.cancel()

    @property
    def overdue(self) -> bool:
        """Tokens are wanted and there is no salt for today: plays count, listeners do not."""
        return self._needed() and self._held.of(self._now().date().toordinal()) is None

    @property
    def salt_age_s(self) -> float | None:
        """Of the salt in force; None where there is none, as in modes that have no use for one."""
        now = self._now()
        salt = self._held.of(now.date().toordinal())
        return None if salt is None else max(0.0, now.timestamp() - salt.made_at)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends. Started once it has looked for the first time."""
        async with self._life, trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_days)
            await nursery.start(self._follow)
            task_status.started()
            async for _ in self._life:
                pass
            nursery.cancel_scope.cancel()

    async def _keep_days(self) -> None:
        """A salt whose day is over leaves the memory, whether or not the database can be asked for the next."""
        while True:
            self._held.forget_before(self._now().date().toordinal())
            await trio.sleep(_TICK_S)

    async def _follow(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        started = False
        while True:
            try:
                async with self._database.listening(salts.CHANNEL) as news:
                    await self._look()
                    if not started:
                        started = True
                        task_status.started()
                    await self._listen(news)
            except DatabaseThreadDead:
                raise
            except DatabaseUnavailable as error:
                self._say(str(error))
            if not started:
                started = True
                task_status.started()
            await trio.sleep(_PAUSE_S)

    async def _listen(self, news: News) -> None:
        while True:
            told = False
            self._resting = trio.move_on_after(_TICK_S)
            if not self._due():  # as after a change during the last look
                with self._resting:
                    await news.wait()
                    told = True
            if told or self._due():
                await self._look()

    def _due(self) -> bool:
        return (
            self._agreed != (self._now().date(), self._needed())
            or trio.current_time() - self._looked >= _LOOK_EVERY_S
            or self._is_past_unsaid()
        )

    async def _look(self) -> None:
        """Agree with the others on today's salt, making it where nobody has."""
        now, needed = self._now(), self._needed()
        self._agreed, self._looked = (now.date(), needed), trio.current_time()
        salt = await self._database.transaction(self._agree, now, needed)
        if salt is None:
            self._held.forget(now.date().toordinal())
        else:
            self._held.put(salt)
        if self._is_past_unsaid():
            await self._database.run(listener_day.past, self._spool_id, now.date())
            self._past = now.date()
        self._say("there is none")

    async def _agree(self, connection: Connection, now: datetime, needed: bool) -> Salt | None:
        await salts.lock(connection)
        stored, today = await salts.read(connection), now.date()
        if stored is not None and stored.day == today + _ONE_DAY:
            return self._ahead(stored, today) if needed else None
        if stored is not None and stored.day == today:
            if needed:
                return self._opened(stored)
            await listener_day.mark_partial(connection, today)  # what comes from here on is not in its figure
            return None
        if stored is None:
            await listener_day.close_lost(connection, today)
        if not needed:
            if stored is not None:
                await salts.destroy(connection)
            return None
        return await make(connection, now, self._secrets()[0], self._random_bytes)

    def _ahead(self, stored: salts.Stored, today: date) -> Salt | None:
        """Another process is past midnight already, or the clock went back: today's salt, if known, serves on."""
        if tomorrows := self._opened(stored):
            self._held.put(tomorrows)
        return self._held.of(today.toordinal())

    def _opened(self, stored: salts.Stored) -> Salt | None:
        for secret in self._secrets():
            try:
                return Salt(
                    stored.day.toordinal(), stored.generation, opened(secret, stored), stored.made_at.timestamp()
                )
            except sealing.WrongSecret:
                continue
        _log.error("the salt of the day was sealed under another secret; no listener token is made")
        return None

    def _is_past_unsaid(self) -> bool:
        """A minute after midnight nothing of yesterday's is on its way to the spool any more."""
        now = self._now()
        return self._past != now.date() and _into_day(now) >= _ON_TIME_S and self._drained()

    def _say(self, reason: str) -> None:
        if self.overdue and not self._overdue:
            _log.error("no salt for today: plays count, listeners of today do not", reason=reason)
        if self._overdue and not self.overdue:
            _log.info("there is a salt for today again")
        self._overdue = self.overdue


def opened(secret: bytes, stored: salts.Stored) -> bytes:
    """The salt itself. Raises privacy.sealing.WrongSecret."""
    return sealing.unseal(secret, _purpose(stored.day), stored.sealed)


def sealed(secret: bytes, day: date, salt: bytes, random_bytes: Callable[[int], bytes]) -> bytes:
    """A salt as it rests in the database; it opens for its own day only."""
    return sealing.seal(secret, _purpose(day), salt, nonce=random_bytes(sealing.NONCE_BYTES))


async def make(
    connection: Connection, now: datetime, installation_secret: bytes, random_bytes: Callable[[int], bytes]
) -> Salt | None:
    """Another salt for the day of `now`; None where the day is closed already. Call `storage.salts.lock` before."""
    day, secret = now.date(), random_bytes(token.SALT_BYTES)
    resting = sealed(installation_secret, day, secret, random_bytes)
    generation = await salts.replace(connection, day, resting, partial=_into_day(now) > _ON_TIME_S)
    return None if generation is None else Salt(day.toordinal(), generation, secret, now.timestamp())


async def force(
    connection: Connection,
    now: datetime,
    installation_secret: bytes,
    random_bytes: Callable[[int], bytes],
    reason: str,
) -> int | None:
    """In a transaction: replace the salt now; every process hears of it. Returns the day's new generation."""
    await salts.lock(connection)
    salt = await make(connection, now, installation_secret, random_bytes)
    generation = None if salt is None else salt.generation
    detail = {"day": now.date().isoformat(), "generation": generation, "reason": reason}
    await audit.record(connection, "salt rotated", detail)
    return generation


def next_midnight(now: datetime) -> datetime:
    """When the next day begins; where clocks skip midnight, its first moment."""
    return datetime.combine(now.date() + _ONE_DAY, time(), now.tzinfo)


def _into_day(now: datetime) -> float:
    """Seconds since the day began; timestamps, since subtracting times of one zone ignores a change of its offset."""
    return now.timestamp() - datetime.combine(now.date(), time(), now.tzinfo).timestamp()


def _purpose(day: date) -> str:
    return f"salt/{day.isoformat()}"
