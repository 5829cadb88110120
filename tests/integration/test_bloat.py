"""Tables that are updated in place or emptied daily stay as large as what is in them."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from storage import counters, cursor, event_ids, listener_day
from storage.bridge import Address, Connection, Database, open_database
from storage.counters import Delta, Target
from storage.event_ids import EventId
from storage.figures import SITE
from storage.migrate import migrate, migrations
from tests.support.postgres import rows

TODAY = date(2026, 11, 21)
TARGETS = [*[Target(f"track-{number}", "track") for number in range(220)], SITE]
UPDATED = ("play_counter", "day_counter", "listener_count", "spool_cursor")
A_VERSION = 100  # bytes of a row at least, so much would stay of each update


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=2) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


async def sizes(database: Database) -> dict[str, tuple[int, int]]:
    found = await rows(
        database,
        "SELECT relname, pg_relation_size(oid), pg_indexes_size(oid) FROM pg_class WHERE relname = ANY ($1)",
        [*UPDATED, "event_id"],
    )
    return {str(name): (int(str(table)), int(str(indexes))) for name, table, indexes in found}


async def test_counters_that_are_updated_all_the_time_do_not_grow(database: Database, full: bool) -> None:
    """By 22,000 updates a table, or 200,000."""
    batches = 905 if full else 100
    await database.transaction(cursor.open_cursor, "spool")

    async def begin(connection: Connection) -> None:
        await listener_day.begin(connection, TODAY, partial=False)

    await database.transaction(begin)

    async def count(connection: Connection, number: int) -> None:
        await cursor.advance(connection, "spool", number, number + 1, TODAY)
        await counters.add(
            connection, 0, {(target, TODAY): Delta(complete=1) for target in TARGETS}, dict.fromkeys(TARGETS, 1)
        )
        await listener_day.count(connection, 0, TODAY, 1, dict.fromkeys(TARGETS, 1))

    for number in range(batches):
        await database.transaction(count, number)
    unpruned = batches * len(TARGETS) * A_VERSION
    for name in UPDATED:
        table, indexes = (await sizes(database))[name]
        assert (name, True, True) == (name, table < unpruned / 4, indexes < unpruned / 4)
    counted = "SELECT count(*)::int, sum(complete)::int FROM day_counter"
    assert [(len(TARGETS), batches * len(TARGETS))] == await rows(database, counted)


async def test_ids_of_events_take_the_room_of_nine_days_however_long_it_goes_on(database: Database) -> None:
    a_day = 2000
    grown: list[int] = []
    for number in range(25):
        day = TODAY + timedelta(days=number)
        ids = {EventId(f"track-{one % 7}", (number * a_day + one).to_bytes(16, "big")): day for one in range(a_day)}
        await database.transaction(event_ids.take, ids)
        await database.run(event_ids.expire, day)
        await rows(database, "VACUUM event_id")  # autovacuum's work, which its settings make due each day
        grown.append(sum((await sizes(database))["event_id"]))
    assert grown[-1] <= 1.3 * grown[10]
    kept = event_ids.KEPT.days + 1
    assert [(kept * a_day,)] == await rows(database, "SELECT count(*)::int FROM event_id")


async def test_a_day_that_expires_is_enough_for_postgresql_to_clean_up(database: Database) -> None:
    """One day in ten is deleted; what a table has for that as a default is a fifth."""
    statement = """
        SELECT relname, coalesce((SELECT option_value::float8 FROM pg_options_to_table(reloptions)
                                  WHERE option_name = 'autovacuum_vacuum_scale_factor'), 0.2) < 0.1
        FROM pg_class WHERE relname IN ('event_id', 'forgotten', 'day_counter', 'listener_count') ORDER BY 1
    """
    expected = [(name, True) for name in ("day_counter", "event_id", "forgotten", "listener_count")]
    assert expected == await rows(database, statement)
