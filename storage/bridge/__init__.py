"""The way from Trio to PostgreSQL: the only folder that knows asyncpg and asyncio (DESIGN §7).

asyncpg needs an asyncio loop. One runs in a thread of its own for the life of a `Database`; a call hands a
coroutine function to that loop and parks the Trio task until it is done (thread.py). Cancelling the Trio task cancels
the coroutine, which makes asyncpg cancel the query on the server, and waits for that to have happened.

The functions in the sibling modules that take a `Connection` are such coroutine functions. They run on the
asyncio side and may await the connection and nothing else.
"""

from storage.bridge.connecting import POOLER_MUST_IGNORE, Address
from storage.bridge.database import Connection, Database, News, Row, Session, Snapshot, open_database
from storage.bridge.errors import (
    DatabaseRefused,
    DatabaseThreadDead,
    DatabaseUnavailable,
    LockBusy,
    PartitionMissing,
    StatementError,
)

__all__ = [
    "POOLER_MUST_IGNORE",
    "Address",
    "Connection",
    "Database",
    "DatabaseRefused",
    "DatabaseThreadDead",
    "DatabaseUnavailable",
    "LockBusy",
    "News",
    "PartitionMissing",
    "Row",
    "Session",
    "Snapshot",
    "StatementError",
    "open_database",
]
