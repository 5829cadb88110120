"""Brings a database to this version's schema: numbered `.sql` files, each applied once, under one lock.

All that are missing are applied in one transaction: an upgrade that is cut off has not happened. Processes of the
version before may be counting meanwhile, and go on with the new schema (docs/operate.md says which changes that rules
out). A statement that needs a table for itself waits for it only shortly, since everybody else would wait behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from storage.bridge import Connection, DatabaseRefused

OLDEST_POSTGRES: Final = 15

# Any fixed number no other program on the same database uses; held until the transaction ends.
_LOCK: Final = "SELECT pg_advisory_xact_lock(748309116)"
_NOT_LONG: Final = "SET LOCAL lock_timeout = '3s'"
_LEDGER: Final = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_APPLIED: Final = "SELECT number, name FROM schema_migration ORDER BY number"
_RECORD: Final = "INSERT INTO schema_migration (number, name) VALUES ($1, $2)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `0001_first.sql` is number 1, name `first`."""

    number: int
    name: str
    sql: str


def migrations() -> tuple[Migration, ...]:
    """Those shipped with this version, in order."""
    found = []
    for file in files("storage").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, file.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


async def migrate(connection: Connection, known: Sequence[Migration]) -> list[str]:
    """Apply what is missing, in the caller's transaction; returns the names applied.

    Raises DatabaseRefused, and LockBusy where somebody holds a table: try again, nothing is done.
    """
    version = int(await connection.fetchval("SHOW server_version_num")) // 10_000
    if version < OLDEST_POSTGRES:
        raise DatabaseRefused(f"Tonearm needs PostgreSQL {OLDEST_POSTGRES} or newer; this server is {version}.")
    if (encoding := await connection.fetchval("SHOW server_encoding")) != "UTF8":
        raise DatabaseRefused(
            f"Tonearm's keys are UTF-8, this database is {encoding}; make another: ENCODING 'UTF8' TEMPLATE template0."
        )
    await connection.execute(_LOCK)
    await connection.execute(_NOT_LONG)
    await connection.execute(_LEDGER)
    applied: dict[int, str] = {row[0]: row[1] for row in await connection.fetch(_APPLIED)}
    newest = max((migration.number for migration in known), default=0)
    if newer := [f"{number:04}_{name}" for number, name in applied.items() if number > newest]:
        raise DatabaseRefused(
            f"The database was migrated by a newer Tonearm ({', '.join(newer)}); run that version, or restore a "
            "backup made before the upgrade."
        )
    done = []
    for migration in known:
        if migration.number not in applied:
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, migration.number, migration.name)
            done.append(f"{migration.number:04}_{migration.name}")
    return done
