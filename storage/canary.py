"""Which event of its own each sending process has in the database last: how it sees that events arrive."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from storage.bridge import Connection

_KEPT: Final = timedelta(days=7)  # a sender that is gone; one that is there writes its row anew every few minutes

# In the order of their senders: two writers that lock the same rows in different orders deadlock.
_SEEN: Final = """
INSERT INTO canary (sender, nonce, day)
SELECT sender, nonce, day FROM unnest($1::bytea[], $2::bytea[], $3::date[]) AS seen (sender, nonce, day)
ORDER BY sender
ON CONFLICT (sender) DO UPDATE SET nonce = excluded.nonce, day = excluded.day
"""
_LAST: Final = "SELECT nonce FROM canary WHERE sender = $1"
_FORGET: Final = "DELETE FROM canary WHERE day < $1"


async def seen(connection: Connection, canaries: Mapping[bytes, tuple[bytes, int]]) -> None:
    """Sender -> nonce and the site's day (ordinal), in the transaction that moves the spool's cursor past them."""
    senders = sorted(canaries)
    nonces = [canaries[sender][0] for sender in senders]
    days = [date.fromordinal(canaries[sender][1]) for sender in senders]
    await connection.execute(_SEEN, senders, nonces, days)


async def last(connection: Connection, sender: bytes) -> bytes | None:
    """The nonce of the last one counted; None where there was none yet."""
    nonce = await connection.fetchval(_LAST, sender)
    return None if nonce is None else bytes(nonce)


async def forget_silent(connection: Connection, today: date) -> None:
    """Senders that are no longer there."""
    await connection.execute(_FORGET, today - _KEPT)
