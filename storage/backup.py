"""What a backup says of itself, read in the snapshot that is dumped, and what a restored database still needs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from storage import access, listener_day
from storage.bridge import Connection

_EXPORT: Final = "SELECT pg_export_snapshot()"
_SCHEMA: Final = "SELECT coalesce(max(number), 0) FROM schema_migration"
# By table and by row: what must come back.
_COUNTS: Final = """
SELECT (SELECT count(*) FROM play_event), (SELECT count(*) FROM share_event), (SELECT count(*) FROM listener),
       (SELECT coalesce(sum(partial + sampled + complete), 0)::bigint FROM play_counter WHERE target_kind = 'site'),
       (SELECT coalesce(sum(listeners), 0)::bigint FROM listener_count)
"""
_SIZES: Final = """
SELECT n.nspname || '.' || c.relname, pg_table_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
# Columns that may say something of a listener keep no statistics (SET STATISTICS 0).
_ANALYZE: Final = "ANALYZE play_event, share_event, play_counter, day_counter, listener"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    plays: int  # in the log
    shares: int
    listeners: int  # pairs of target and pseudonym
    counted: int  # plays by the site's counter, imported ones without a bucket aside
    listeners_of_days: int

    def as_json(self) -> dict[str, int]:
        """For the manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ended:
    """What opened something when the backup was made, and opens nothing once it is restored; sessions aside."""

    api_tokens: int
    share_links: int


async def export_snapshot(connection: Connection) -> str:
    """The name under which pg_dump sees what this transaction sees, while it is open."""
    return str(await connection.fetchval(_EXPORT))


async def schema_version(connection: Connection) -> int:
    """The number of the last migration."""
    return int(await connection.fetchval(_SCHEMA))


async def counts(connection: Connection) -> Counts:
    """Of a database of any schema version since 0006."""
    row = await connection.fetchrow(_COUNTS)
    assert row is not None
    return Counts(*map(int, row))


async def sizes(connection: Connection) -> Mapping[str, int]:
    """Table (with its schema) -> bytes, for progress bars."""
    return {str(name): int(size) for name, size in await connection.fetch(_SIZES)}


async def settle(connection: Connection, session_salt: bytes) -> Ended:
    """A restored database, before a service is let at it.

    Nobody knows which sessions, tokens and share links were ended or revoked since, so none of them opens anything.
    """
    await access.end_all_sessions(connection, session_salt)
    api_tokens, share_links = await access.revoke_all(connection)
    await listener_day.begin_open_again(connection)
    await connection.execute(_ANALYZE)
    return Ended(api_tokens, share_links)
