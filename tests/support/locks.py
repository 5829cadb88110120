"""What another session of the database keeps locked meanwhile."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from storage.bridge import Connection, Database


@asynccontextmanager
async def locked(database: Database, statement: str) -> AsyncIterator[None]:
    """Another session runs `statement`, and keeps what it locks to the end of the block."""
    got, enough = threading.Event(), threading.Event()

    async def lock(connection: Connection) -> None:
        await connection.execute(statement)
        got.set()
        while not enough.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, lock)
        await trio.to_thread.run_sync(got.wait)
        try:
            yield
        finally:
            enough.set()
