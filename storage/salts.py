"""The salt of the day, sealed, in a table that leaves no trace in the write-ahead log (DESIGN §8).

All processes and replicas share it. There is one row at most; replacing it truncates the table, so that the old
file is unlinked. This module stores bytes and knows neither salt nor secret.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from storage import listener_day
from storage.bridge import Connection

CHANNEL: Final = "tonearm_salt"
"""A rotation is told here; the message is empty."""

# All wait for who has it, at midnight, and a process may be stopped or hang with it.
_LOCK: Final = """
SET LOCAL idle_in_transaction_session_timeout = '10s';
SELECT pg_advisory_xact_lock(748309118)
"""
_READ: Final = "SELECT day, generation, sealed, made_at FROM daily_salt"
_EMPTY: Final = "TRUNCATE daily_salt"
_STORE: Final = "INSERT INTO daily_salt (day, generation, sealed, made_at) VALUES ($1, $2, $3, now())"
_PUT_BACK: Final = "INSERT INTO daily_salt (day, generation, sealed, made_at) VALUES ($1, $2, $3, $4)"
_TELL: Final = "SELECT pg_notify($1, '')"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in the table."""

    day: date
    generation: int
    sealed: bytes
    made_at: datetime


async def lock(connection: Connection) -> None:
    """First thing in a transaction that may replace the salt: of several processes one makes it, the others read it."""
    await connection.execute(_LOCK)


async def read(connection: Connection) -> Stored | None:
    """The stored salt, of whatever day."""
    row = await connection.fetchrow(_READ)
    return None if row is None else Stored(*row)


async def replace(connection: Connection, day: date, sealed: bytes, *, partial: bool) -> int | None:
    """Store another salt for `day`, whose tokens so far are void; returns its generation. Call `lock` before.

    `partial`: the day's figure will not cover all of it. None, with nothing done, where the day is closed: a clock
    that went back by days gets no salt for it.
    """
    generation = await listener_day.begin(connection, day, partial=partial)
    if generation is None:
        return None
    await connection.execute(_EMPTY)
    await connection.execute(_STORE, day, generation, sealed)
    await connection.execute(_TELL, CHANNEL)
    return generation


async def seal_anew(connection: Connection, stored: Stored, sealed: bytes) -> None:
    """The same salt sealed under another secret. Call `lock` before."""
    await connection.execute(_EMPTY)
    await connection.execute(_PUT_BACK, stored.day, stored.generation, sealed, stored.made_at)
    await connection.execute(_TELL, CHANNEL)


async def destroy(connection: Connection) -> None:
    """Leave no salt. Call `lock` before."""
    await connection.execute(_EMPTY)
    await connection.execute(_TELL, CHANNEL)
