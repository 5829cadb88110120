"""Option A's distinct listeners: one row per target and pseudonym."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from storage.bridge import Connection
from storage.counters import Target

FIRST_HOUR_KEPT: Final = timedelta(days=3)  # so long a flood is taken back with whom it brought to the track

# In key order, as every writer inserts, so that two never wait for each other in a ring.
_ADD: Final = """
WITH fresh AS (
    INSERT INTO listener (target_key, target_kind, pseudonym, came)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING target_key, target_kind
)
SELECT target_key, target_kind, count(*) FROM fresh GROUP BY target_key, target_kind
"""

# FOR SHARE: who takes rows out waits for the writers that rely on them, and they for it.
_GENERATION: Final = "SELECT generation, renames FROM listener_generation FOR SHARE"
_MOVE_ON: Final = "UPDATE listener_generation SET generation = generation + 1"


class State(NamedTuple):
    """Of the sets, held until the transaction ends."""

    generation: int  # pairs seen in the sets under this number are still there, and stay
    renames: int  # names looked up under this number are still right, and stay


async def state(connection: Connection) -> State:
    """In a transaction that counts."""
    row = await connection.fetchrow(_GENERATION)
    assert row is not None
    return State(*row)


async def move_on(connection: Connection) -> None:
    """First thing in a transaction that takes rows out of the sets."""
    await connection.execute(_MOVE_ON)


async def start_again(connection: Connection) -> None:
    """Empty every set and its figures: the pseudonyms of tomorrow will be others."""
    await move_on(connection)
    await connection.execute("TRUNCATE listener, forgotten")
    await connection.execute("UPDATE play_counter SET listeners = 0 WHERE listeners <> 0")


async def add(connection: Connection, pairs: Mapping[tuple[Target, bytes], datetime]) -> Counter[Target]:
    """Remember these (target, pseudonym) pairs, of tracks with their hour; returns how many were new, per target."""
    ordered = sorted(pairs)
    if not ordered:
        return Counter()
    rows = await connection.fetch(
        _ADD,
        [target.key for target, _ in ordered],
        [target.kind for target, _ in ordered],
        [pseudonym for _, pseudonym in ordered],
        [pairs[pair] if pair[0].kind == "track" else None for pair in ordered],
    )
    return Counter({Target(key, kind): number for key, kind, number in rows})
