"""The alerts that wait for delivery. One that is taken by a process is its own for a while, also if it dies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from storage.bridge import Connection

Way = Literal["webhook", "mail", "file"]

_KEPT: Final = timedelta(days=30)  # after it is settled, for who asks what became of it

_ADD: Final = """
INSERT INTO alert (alert_id, way, body, made_at, next_at)
VALUES ($1, $2, $3, date_trunc('hour', $4::timestamptz), $4) ON CONFLICT DO NOTHING
"""
_TAKE: Final = """
UPDATE alert SET attempts = attempts + 1, next_at = $2
WHERE (alert_id, way) = (
    SELECT alert_id, way FROM alert WHERE settled_at IS NULL AND next_at <= $1
    ORDER BY next_at, alert_id, way LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING alert_id, way, body, made_at, attempts
"""
_SETTLE: Final = "UPDATE alert SET settled_at = $3, outcome = $4 WHERE alert_id = $1 AND way = $2"
_LATER: Final = "UPDATE alert SET next_at = $3, outcome = $4 WHERE alert_id = $1 AND way = $2"
_PURGE: Final = "DELETE FROM alert WHERE settled_at < $1"


@dataclass(frozen=True, slots=True)
class Alert:
    """`alert_id` is the same however often it is sent; `attempts` counts the one to come."""

    alert_id: str
    way: Way
    body: str  # JSON
    made_at: datetime
    attempts: int


async def add(connection: Connection, alert_id: str, way: Way, body: str, now: datetime) -> None:
    """Nothing, where it was made before."""
    await connection.execute(_ADD, alert_id, way, body, now)


async def take(connection: Connection, now: datetime, until: datetime) -> Alert | None:
    """One that is due; others do not get it until `until`."""
    row = await connection.fetchrow(_TAKE, now, until)
    return None if row is None else Alert(*row)


async def settle(connection: Connection, alert: Alert, now: datetime, outcome: str) -> None:
    """Delivered, or given up."""
    await connection.execute(_SETTLE, alert.alert_id, alert.way, now, outcome)


async def later(connection: Connection, alert: Alert, when: datetime, outcome: str) -> None:
    """Not this time."""
    await connection.execute(_LATER, alert.alert_id, alert.way, when, outcome)


async def purge(connection: Connection, now: datetime) -> None:
    """Drop what was settled long ago."""
    await connection.execute(_PURGE, now - _KEPT)
