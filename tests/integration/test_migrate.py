"""Migrations: an empty database, one that is there already, two at once, one from the future."""

from datetime import date

import pytest
import trio

from storage import log
from storage.bridge import Address, Connection, Database, DatabaseRefused, open_database
from storage.migrate import Migration, migrate, migrations
from tests.support.postgres import Postgres, rows
from tests.support.schema import SCHEMA_FILE, schema_of

SHIPPED = [f"{migration.number:04}_{migration.name}" for migration in migrations()]


async def tables(database: Database) -> set[str]:
    return {str(name) for (name,) in await rows(database, "SELECT relname FROM pg_stat_user_tables")}


def test_each_number_is_used_by_one_migration() -> None:
    numbers = [migration.number for migration in migrations()]
    assert sorted(set(numbers)) == numbers


async def test_an_empty_database_gets_every_migration_once(database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        assert SHIPPED == await database.transaction(migrate, migrations())
        assert [] == await database.transaction(migrate, migrations())
        assert {"play_event", "share_event", "play_counter", "spool_cursor"} <= await tables(database)


async def test_a_migrated_database_is_what_schema_sql_says(database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(migrate, migrations())
    assert SCHEMA_FILE.read_text("utf-8") == schema_of(database_url), "run `python -m tests.support.write_schema`"


async def test_two_that_start_at_once_migrate_once(database_url: str) -> None:
    done: list[list[str]] = []

    async def start() -> None:
        async with open_database(Address(url=database_url), connections=1) as database:
            done.append(await database.transaction(migrate, migrations()))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(start)
    assert [[], [], SHIPPED] == sorted(done)


async def test_only_what_is_missing_is_applied(database_url: str) -> None:
    first, second = Migration(1, "first", "CREATE TABLE a ()"), Migration(2, "second", "CREATE TABLE b ()")
    async with open_database(Address(url=database_url), connections=1) as database:
        assert ["0001_first"] == await database.transaction(migrate, [first])
        assert ["0002_second"] == await database.transaction(migrate, [first, second])
        assert {"a", "b", "schema_migration"} == await tables(database)


async def test_a_database_that_cannot_hold_every_key_is_refused(postgres: Postgres, database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        await rows(database, "CREATE DATABASE in_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    async with open_database(Address(url=postgres.url("in_latin")), connections=1) as database:
        with pytest.raises(DatabaseRefused, match="keys are UTF-8, this database is LATIN1"):
            await database.transaction(migrate, migrations())


async def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    future = Migration(9999, "flying", "CREATE TABLE flying ()")
    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(migrate, [*migrations(), future])
        with pytest.raises(DatabaseRefused, match=r"newer Tonearm \(9999_flying\); run that version"):
            await database.transaction(migrate, migrations())


async def test_a_migration_that_fails_leaves_nothing_behind(database_url: str) -> None:
    broken = Migration(2, "broken", "CREATE TABLE half (); SELECT 1 / 0")
    async with open_database(Address(url=database_url), connections=1) as database:
        with pytest.raises(Exception, match="division by zero"):
            await database.transaction(migrate, [Migration(1, "first", "CREATE TABLE a ()"), broken])
        assert set() == await tables(database)


class Old:
    """A connection to a server of another age; the rest is never reached."""

    async def fetchval(self, query: str, *args: object) -> str:
        assert "SHOW server_version_num" == query
        return "140012"


async def test_an_old_server_is_refused_by_its_number() -> None:
    connection: Connection = Old()  # type: ignore[assignment]  # answers only what may be asked of it
    with pytest.raises(DatabaseRefused, match="needs PostgreSQL 15 or newer; this server is 14"):
        await migrate(connection, migrations())


@pytest.mark.full
async def test_pseudonyms_that_an_older_log_held_are_in_no_file_of_it_afterwards(database_url: str) -> None:
    of_log, of_set = b"\xa7" * 16, b"\xb8" * 16
    older = [migration for migration in migrations() if migration.number < 9]
    found = """SELECT position($1::bytea IN pg_read_binary_file(pg_relation_filepath('play_event_2026_11'))) > 0,
                      position($2::bytea IN pg_read_binary_file(pg_relation_filepath('listener'))) > 0"""

    async def count(connection: Connection) -> None:
        await log.make_months(connection, [date(2026, 11, 21)])
        await connection.execute(
            "INSERT INTO play_event VALUES (now(), '2026-11-21', 1, 'a', NULL, 'complete', NULL, $1)", of_log
        )
        await connection.execute("INSERT INTO listener VALUES ('a', 'track', $1)", of_set)

    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(migrate, older)
        await database.transaction(count)
        await rows(database, "CHECKPOINT")
        assert [(True, True)] == await rows(database, found, of_log, of_set)
        await database.transaction(migrate, migrations())
        await rows(database, "CHECKPOINT")
        assert [(False, True)] == await rows(database, found, of_log, of_set)
        assert [("a", 1)] == await rows(database, "SELECT track_key, rule_version FROM play_event")
