"""Ids of events that may come a second time, kept for as long as that may happen (DESIGN §3).

A client may send an event again for seven days after it was made, so an id is kept for nine: days are whole, and the
two clocks need not agree.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from storage.bridge import Connection

KEPT: Final = timedelta(days=9)

# Sorted, so that two writers with the same ids wait for each other and do not deadlock.
_TAKE: Final = """
INSERT INTO event_id (target_key, event_id, day)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::date[]) ON CONFLICT DO NOTHING
RETURNING target_key, event_id
"""
_EXPIRE: Final = "DELETE FROM event_id WHERE day < $1"


class EventId(NamedTuple):
    """One event: what it is of, and 16 bytes of `privacy.pseudonym.event_tag`."""

    target_key: str
    tag: bytes


async def take(connection: Connection, ids: Mapping[EventId, date]) -> set[EventId]:
    """Keep these ids of events, with the day each was accepted; returns those that were there already."""
    ordered = sorted(ids)
    taken = await connection.fetch(
        _TAKE, [one.target_key for one in ordered], [one.tag for one in ordered], [ids[one] for one in ordered]
    )
    return set(ordered) - {EventId(str(key), bytes(tag)) for key, tag in taken}


async def expire(connection: Connection, today: date) -> None:
    """Drop the ids of events that nobody sends any more."""
    await connection.execute(_EXPIRE, today - KEPT)
