"""Listeners who asked to be forgotten: out of the distinct sets at once. The log does not know of them.

Nothing says which pseudonyms are one listener's, so the caller works them out for every target there is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from storage import alias
from storage.alias import Name
from storage.bridge import Connection
from storage.counters import Target

# So long a spool may say nothing before it is taken for gone (storage/listener_day.py).
_REMEMBER: Final = """
INSERT INTO forgotten (tag, until) SELECT tag, now() + interval '2 days' FROM unnest($1::bytea[]) AS t (tag)
ON CONFLICT (tag) DO UPDATE SET until = excluded.until
"""
_ANYBODY: Final = "SELECT EXISTS (SELECT FROM forgotten WHERE until >= now())"
_AMONG: Final = "SELECT tag FROM forgotten WHERE until >= now() AND tag = ANY ($1)"
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
    """For two days: events of these listeners that are still on their way keep no pseudonym."""
    await connection.execute(_REMEMBER, sorted(tags))


async def anybody(connection: Connection) -> bool:
    """Whether there is anyone to look for. After `listeners.generation`, in a statement of its own: that one waits for
    who is forgetting just now, and would still see what was there before the wait.
    """
    return bool(await connection.fetchval(_ANYBODY))


async def among(connection: Connection, tags: Iterable[bytes]) -> set[bytes]:
    """Those of `tags` that are remembered; not all there are, which anybody can add to."""
    return {bytes(row[0]) for row in await connection.fetch(_AMONG, sorted(tags))}


async def known(connection: Connection, target: Target, pseudonyms: Iterable[bytes]) -> set[bytes]:
    """Those of `pseudonyms` that are in the target's set."""
    rows = await connection.fetch(_KNOWN, target.key, target.kind, sorted(pseudonyms))
    return {bytes(row[0]) for row in rows}


async def targets(connection: Connection) -> Sequence[Name]:
    """Everything that may have a distinct set, under each key that its pseudonyms may have been made with."""
    return await alias.names(connection, [Target(key, kind) for key, kind in await connection.fetch(_TARGETS)])


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
    """Forget who was forgotten more than two days ago."""
    await connection.execute(_EXPIRE)
