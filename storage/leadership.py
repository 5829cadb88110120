"""One process of the installation leads: it holds an advisory lock, which PostgreSQL gives to one session at a time.

The session ends by itself where its process says nothing for `LEASE_S`, however that came about (a cut cable, a machine
that is off, a process that was stopped), and with it the lock is free.
"""

from typing import Final

from storage.bridge import Connection

LEASE_S: Final = 10

_LEASE: Final = f"SET idle_session_timeout = '{LEASE_S}s'"
_CLAIM: Final = "SELECT pg_try_advisory_lock(748309121)"
_GO_ON: Final = "SELECT 1"


async def prepare(connection: Connection) -> None:
    """First thing in a session that is going to claim."""
    await connection.execute(_LEASE)


async def claim(connection: Connection) -> bool:
    """Whether this session has the lock from here on. Not again once it has: the lock would have to be freed twice."""
    return bool(await connection.fetchval(_CLAIM))


async def go_on(connection: Connection) -> None:
    """Who has the lock keeps it for another `LEASE_S`; this fails where the session is gone."""
    await connection.execute(_GO_ON)
