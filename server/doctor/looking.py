"""Everything the database and the running processes tell, asked once, with nothing changed.

The embedded PostgreSQL is asked where a service keeps it running; it is not started for this.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import trio

from actors.processes import Process
from actors.pulse import Pulse
from server.audit.database import DATABASE
from server.config import Config
from server.doctor.database import Reach, Reached
from server.doctor.schema import is_current
from server.opening import PSEUDONYM_PURPOSE, running_at
from storage import examination, migrate, salts, sealed
from storage.bridge import (
    Connection,
    Database,
    DatabaseRefused,
    DatabaseUnavailable,
    StatementError,
    open_database,
)
from storage.embedded import EmbeddedError
from storage.examination import Held, Life, Server, Standbys
from storage.salts import Stored

T = TypeVar("T")
P = ParamSpec("P")

_CONNECTIONS: Final = 3  # one listens for the pulse, one for the test, one asks
_PATIENCE_S: Final = 60.0  # for everything
_HEARD_WITHIN_S: Final = 5.0
_ANSWER_S: Final = 4.0  # a process answers within a second or two
_OTHERS_S: Final = 0.5  # after the first answer, for the rest
_AHEAD: Final = timedelta(days=32)  # as the housekeeper makes partitions


@dataclass(slots=True)
class Told:
    """What was told; None where it was not."""

    reached: Reached = field(default_factory=lambda: Reached(Reach.ASLEEP))
    processes: Sequence[Process] | None = None
    server: Server | None = None
    standbys: Standbys | None = None
    held: Held | None = None
    ahead_s: float | None = None
    heard: bool | None = None
    migrated: bool = False  # the question for `applied` was answered
    applied: Mapping[int, str] | None = None
    current: bool = False  # it has this version's schema; what follows is told only then
    sealed: bytes | None = None
    salt: Stored | None = None
    life: Life | None = None
    foreign: int | None = None
    missing_months: Sequence[date] | None = None
    dead: Mapping[str, int] | None = None


async def ask(config: Config, data_dir: Path, now: Callable[[], float]) -> Told:
    """All of it. `now`: seconds since 1970. Raises PermissionError where the data directory is closed to who asks."""
    told = Told()
    with trio.move_on_after(_PATIENCE_S) as patience:
        await _ask_patiently(config, data_dir, now, told)
    if patience.cancelled_caught:
        told.reached = Reached(Reach.AWAY, f"no answer within {_PATIENCE_S:.0f} s")
    return told


async def _ask_patiently(config: Config, data_dir: Path, now: Callable[[], float], told: Told) -> None:
    try:
        async with _opened(config, data_dir) as database:
            if database is not None:
                told.reached = Reached(Reach.ANSWERS)
                await _ask(database, told, now, datetime.fromtimestamp(now(), config.zone).date())
    except (DatabaseRefused, EmbeddedError) as error:
        told.reached = Reached(Reach.REFUSED, str(error))
    except DatabaseUnavailable as error:
        told.reached = Reached(Reach.AWAY, str(error))


@asynccontextmanager
async def _opened(config: Config, data_dir: Path) -> AsyncIterator[Database | None]:
    with running_at(config, data_dir) as where:
        if where is None:
            yield None
            return
        async with open_database(where, connections=_CONNECTIONS) as database:
            yield database


async def _ask(database: Database, told: Told, now: Callable[[], float], today: date) -> None:
    others = await _answer(database, examination.has_others)
    async with trio.open_nursery() as nursery:
        if others is False:
            told.processes = []  # nobody is there to be waited for
        else:
            nursery.start_soon(_hear_processes, database, told, now)
        await _ask_server(database, told, now)
        await _ask_schema(database, told, today)


async def _ask_server(database: Database, told: Told, now: Callable[[], float]) -> None:
    told.server = await _answer(database, examination.server)
    told.standbys = await _answer(database, examination.standbys)
    told.held = await _answer(database, examination.held)
    told.ahead_s = await _answer(database, examination.ahead, now)
    told.heard = await _heard(database)


async def _ask_schema(database: Database, told: Told, today: date) -> None:
    try:
        told.applied = await database.run(examination.applied)
        told.migrated = True
    except (DatabaseUnavailable, StatementError):
        return
    told.current = is_current(told.applied, migrate.migrations())
    if not told.current:
        return
    tables = sorted({table for table, _ in DATABASE})
    told.sealed = await _answer(database, sealed.read, PSEUDONYM_PURPOSE)
    told.salt = await _answer(database, salts.read)
    told.life = await _answer(database, examination.life, today)
    told.foreign = await _answer(database, examination.foreign, tables)
    told.missing_months = await _answer(database, examination.missing_months, [today, today + _AHEAD])
    told.dead = await _answer(database, examination.dead_rows)


async def _answer(
    database: Database, question: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """None where this role may not ask, or the database has gone away meanwhile."""
    try:
        return await database.run(question, *args, **kwargs)
    except (DatabaseUnavailable, StatementError):
        return None


async def _heard(database: Database) -> bool | None:
    """Whether one connection hears what another tells; a pooler in transaction mode loses it on the way."""
    channel = f"tonearm_doctor_{secrets.token_hex(8)}"
    try:
        async with database.listening(channel) as news:
            await database.run(examination.tell, channel)
            with trio.move_on_after(_HEARD_WITHIN_S):
                await news.wait()
                return True
    except (DatabaseUnavailable, StatementError):
        return None
    return False


async def _hear_processes(database: Database, told: Told, now: Callable[[], float]) -> None:
    """As `tonearm live` does."""
    life, its_end = trio.open_memory_channel[None](0)
    pulse = Pulse(its_end, database, source=secrets.token_hex(8), now=now)
    async with trio.open_nursery() as nursery, life:
        await nursery.start(pulse.run)
        with trio.move_on_after(_ANSWER_S):
            while not any(not one.gone for one in pulse.processes()):  # noqa: ASYNC110  # who is gone is a matter of time
                await trio.sleep(0.1)
            await trio.sleep(_OTHERS_S)
        if pulse.connected:
            told.processes = pulse.processes()
        nursery.cancel_scope.cancel()
