"""What the processes of an installation tell each other about the last hour, by NOTIFY: it is stored nowhere."""

from collections.abc import Sequence
from typing import Final

from storage.bridge import Connection

CHANNEL: Final = "tonearm_pulse"

# A transaction that does nothing but this waits for no disk: it has nothing to make durable.
_TELL: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"


async def tell(connection: Connection, payloads: Sequence[str]) -> None:
    """In this order, all or none. Each has less than 8,000 bytes, and no two are the same."""
    await connection.execute(_TELL, CHANNEL, payloads)
