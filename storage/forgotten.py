"""Listeners who asked to be forgotten: out of the distinct sets at once. The log does not know of them.

Nothing says which pseudonyms are one listener's, so the caller works them out for every target there is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

_REMEMBER: Final = """
INSERT INTO forgotten (tag, until) SELECT tag, now() + interval '1 hour' FROM unnest($1::bytea[]) AS t (tag)
ON CONFLICT (tag) DO UPDATE SET until = excluded.until
"""
_TAGS: Final = "SELECT tag FROM forgotten WHERE until >= now()"
_EXPIRE: Final = "DELETE FROM forgotten WHERE until < now()"
_KNOWN: Final = """
SELECT pseudonym FROM listener WHERE target_key = $1 AND target_kind = $2 AND pseudonym = ANY ($3::bytea[])
"""
_TARGETS: Final = "SELECT DISTINCT target_key, target_kind FROM play_counter ORDER BY 1, 2"
_ERASE: Final = """
DELETE FROM listener l USING unnest($1::text[], $2::text[], $3::bytea[]) AS t (target_key, target_kind, pseudonym)
WHERE (l.target_key, l.target_kind, l.pseudonym) = (t.target_key, t.target_kind, t.pseudonym)
RETURNING l.target_key, l.target_kind
"""


async def remember(connection: Connection, tags: Iterable[bytes]) -> None:
    """For an hour: events of these listeners that are still on their way keep no pseudonym."""
    await connection.execute(_REMEMBER, sorted(tags))


async def tags(connection: Connection) -> frozenset[bytes]:
    """Of all who are remembered. After `listeners.generation`, in a statement of its own: that one waits for who is
    forgetting just now, and would still see what was there before the wait.
    """
    return frozenset(bytes(row[0]) for row in await connection.fetch(_TAGS))


async def known(connection: Connection, target: Target, pseudonyms: Iterable[bytes]) -> set[bytes]:
    """Those of `pseudonyms` that are in the target's set."""
    rows = await connection.fetch(_KNOWN, target.key, target.kind, sorted(pseudonyms))
    return {bytes(row[0]) for row in rows}


async def targets(connection: Connection) -> Sequence[Target]:
    """Everything that may have a distinct set, in key order."""
    return [Target(key, kind) for key, kind in await connection.fetch(_TARGETS)]


async def erase(connection: Connection, pairs: Iterable[tuple[Target, bytes]]) -> Counter[Target]:
    """Take these (target, pseudonym) pairs out of the sets, in a transaction that began with `listeners.move_on`.

    Returns how many listeners each target has lost. That they went together stays to be seen until the sets are
    written anew (storage/anew.py).
    """
    ordered = sorted(pairs)
    columns = [target.key for target, _ in ordered], [target.kind for target, _ in ordered]
    gone = await connection.fetch(_ERASE, *columns, [pseudonym for _, pseudonym in ordered])
    return Counter(Target(key, kind) for key, kind in gone)


async def expire(connection: Connection) -> None:
    """Forget who was forgotten more than an hour ago."""
    await connection.execute(_EXPIRE)
