"""Holds counting back for a while, so that a door and the disk can be measured by themselves.

A lock on the cursor's table stops the writer at its first statement; accepted events wait in the spool, as they do
while the database is away. Nothing in the service knows that it is being measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from bench.rig import on_database
from bench.wrk import BenchError
from storage.bridge import Connection

_MARGIN_S: Final = 1.5  # wrk takes a moment to start and to end
_LOCKED_WITHIN_S: Final = 30


@contextmanager
def counting_held(database_url: str, seconds: float) -> Iterator[None]:
    """For `seconds` from the beginning of the context; leaving waits until it is over."""
    locked = Event()

    async def hold(connection: Connection) -> None:
        await connection.execute("BEGIN")
        await connection.execute("LOCK TABLE spool_cursor IN ACCESS EXCLUSIVE MODE")
        locked.set()
        await connection.execute("SELECT pg_sleep($1)", seconds + _MARGIN_S)
        await connection.execute("COMMIT")

    holder = Thread(target=on_database, args=(database_url, hold))
    holder.start()
    try:
        if not locked.wait(_LOCKED_WITHIN_S):
            raise BenchError("Counting could not be held back: the cursor's table is locked by somebody else.")
        yield
    finally:
        holder.join()
