"""How the database is: what it is, how large, and how old its salt is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from storage import salts
from storage.bridge import Connection

_ABOUT: Final = "SELECT current_setting('server_version'), pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Vitals:
    """As of now. Without a salt its times are None."""

    version: str
    size: int  # bytes
    salt_day: date | None
    salt_made_at: datetime | None


async def read(connection: Connection) -> Vitals:
    """Raises as any statement."""
    row = await connection.fetchrow(_ABOUT)
    assert row is not None
    salt = await salts.read(connection)
    return Vitals(str(row[0]), int(row[1]), None if salt is None else salt.day, None if salt is None else salt.made_at)
