"""What a database says of itself to who examines it; nothing here changes anything.

The first questions can be put to any PostgreSQL; those of the second half need this version's schema.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from storage.bridge import Connection

SETTINGS: Final = (
    "autovacuum",
    "data_directory",  # told to a superuser alone
    "dynamic_shared_memory_type",
    "fsync",
    "full_page_writes",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "max_connections",
    "reserved_connections",
    "server_encoding",
    "server_version",
    "server_version_num",
    "shared_buffers",
    "statement_timeout",
    "superuser_reserved_connections",
    "synchronous_commit",
    "synchronous_standby_names",
    "transaction_timeout",
)

_SETTINGS: Final = "SELECT name, setting FROM pg_settings WHERE name = ANY ($1)"
_ABOUT: Final = """
SELECT pg_is_in_recovery(), (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
       (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND application_name IS DISTINCT FROM 'tonearm')
"""
# A backup that copies the cluster comes as a standby does. Of others' standbys only a member of pg_monitor sees more
# than that they are there.
_STANDBYS: Final = """
SELECT count(*), count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), count(*) FILTER (WHERE sync_state IS NULL)
FROM pg_stat_replication WHERE application_name IS DISTINCT FROM 'pg_basebackup'
"""
# Who holds a view of the past is seen by everybody; since when, by who may see the other's session.
_HELD: Final = """
SELECT (SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type <> 'walsender'
          AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)),
       (SELECT count(*) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND xact_start IS NULL AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)),
       (SELECT max(extract(epoch FROM clock_timestamp() - prepared))::float8 FROM pg_prepared_xacts),
       (SELECT count(*) FROM pg_replication_slots WHERE NOT active)
"""
_OTHERS: Final = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'tonearm' AND datname = current_database()
               AND pid <> pg_backend_pid())
"""
_CLOCK: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
_IS_MIGRATED: Final = "SELECT to_regclass('schema_migration') IS NOT NULL"
_APPLIED: Final = "SELECT number, name FROM schema_migration ORDER BY number"
_TELL: Final = "SELECT pg_notify($1, '')"

_FOREIGN: Final = """
SELECT count(*) FROM pg_class c
WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND NOT pg_has_role(relowner, 'USAGE')
  AND (relname = ANY ($1)
       OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid AND inhparent::regclass::text = ANY ($1)))
"""
_MONTH: Final = "SELECT to_regclass('play_event' || to_char($1::date, '_YYYY_MM')) IS NOT NULL"
# Where tokens and salts are, nothing is vacuumed by design: they are emptied by TRUNCATE and DROP.
_DEAD: Final = """
SELECT relname, n_dead_tup FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_dead_tup > $1 AND n_dead_tup > n_live_tup / 2
  AND relname NOT LIKE 'listener\\_day%' AND relname <> 'daily_salt'
ORDER BY n_dead_tup DESC LIMIT 5
"""
_MANY_DEAD: Final = 100_000  # rows; below, a vacuum is not worth a word
_LIFE: Final = """
SELECT (SELECT max(day) FROM spool_cursor),
       (SELECT coalesce(sum(partial + sampled + complete + shares_link + shares_embed), 0)::bigint FROM day_counter
        WHERE target_kind = 'site' AND day > $1::date - 30),
       pg_total_relation_size('listener')
"""


@dataclass(frozen=True, slots=True)
class Server:
    """What runs there. A limit of -1 is none."""

    settings: Mapping[str, str]  # times in ms, sizes in the unit PostgreSQL has them in
    recovering: bool  # it is a standby
    role_limit: int
    database_limit: int
    frozen_age: int  # transactions since the oldest that is not frozen
    strangers: int  # connections that are not Tonearm's

    def number(self, name: str) -> int:
        """A setting that is one; 0 where this version does not have it."""
        return int(self.settings.get(name, "0"))


@dataclass(frozen=True, slots=True)
class Standbys:
    """Who follows this server."""

    total: int
    synchronous: int
    hidden: int  # of whom this role may not see which they are


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps the past from being cleared away; ages in seconds."""

    oldest_s: float
    hidden: int  # transactions of which this role may not see since when
    prepared_s: float
    unused_slots: int


@dataclass(frozen=True, slots=True)
class Life:
    """What this version's tables say."""

    newest: date | None  # the last day on which an event was accepted
    events: int  # of the last 30 days
    sets: int  # bytes of the listener sets


async def server(connection: Connection) -> Server:
    """Of any version."""
    settings = {str(name): str(value) for name, value in await connection.fetch(_SETTINGS, SETTINGS)}
    row = await connection.fetchrow(_ABOUT)
    assert row is not None
    return Server(settings, bool(row[0]), *(int(number) for number in row[1:]))


async def standbys(connection: Connection) -> Standbys:
    """As of now."""
    row = await connection.fetchrow(_STANDBYS)
    assert row is not None
    return Standbys(*map(int, row))


async def held(connection: Connection) -> Held:
    """As of now."""
    row = await connection.fetchrow(_HELD)
    assert row is not None
    return Held(float(row[0] or 0), int(row[1]), float(row[2] or 0), int(row[3]))


async def ahead(connection: Connection, now: Callable[[], float]) -> float:
    """How far the clock `now` (seconds since 1970) is before the database's."""
    before = now()
    there = float(await connection.fetchval(_CLOCK))
    return (before + now()) / 2 - there


async def applied(connection: Connection) -> Mapping[int, str] | None:
    """Migrations by number; None where this database was never Tonearm's."""
    if not await connection.fetchval(_IS_MIGRATED):
        return None
    return {int(number): str(name) for number, name in await connection.fetch(_APPLIED)}


async def has_others(connection: Connection) -> bool:
    """Whether another connection of Tonearm's is on this database. Ask before opening a second one."""
    return bool(await connection.fetchval(_OTHERS))


async def tell(connection: Connection, channel: str) -> None:
    """Who listens there hears it."""
    await connection.execute(_TELL, channel)


async def foreign(connection: Connection, tables: Sequence[str]) -> int:
    """How many of these tables and their partitions belong to a role whose rights this one does not have."""
    return int(await connection.fetchval(_FOREIGN, tables))


async def missing_months(connection: Connection, days: Sequence[date]) -> Sequence[date]:
    """Of these days, those whose month has no partition in the log."""
    return [day for day in days if not await connection.fetchval(_MONTH, day)]


async def dead_rows(connection: Connection) -> Mapping[str, int]:
    """Tables with many rows that are deleted and not cleared, the worst first."""
    return {str(name): int(number) for name, number in await connection.fetch(_DEAD, _MANY_DEAD)}


async def life(connection: Connection, today: date) -> Life:
    """Of this version's schema."""
    row = await connection.fetchrow(_LIFE, today)
    assert row is not None
    return Life(row[0], int(row[1]), int(row[2]))
