"""Option B's figures: distinct tokens per target and day, exact, and days that are closed (storage/listener_day.py)."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trio

from actors.events import Moment, Play
from storage import catalog, figures, listener_day, void
from storage.bridge import Address, Connection, Database, open_database
from storage.check import check
from storage.counters import Target
from storage.cursor import open_cursor
from storage.figures import SITE, Day
from storage.migrate import migrate, migrations
from storage.rebuild import rebuild_open_days
from tests.integration.test_pipeline import MOMENT, pipeline
from tests.support.postgres import rows

DAY = date.fromordinal(MOMENT.day)
TOMORROW = DAY + timedelta(days=1)
A, B = Target("a", "track"), Target("b", "track")
OPENED = "SELECT day::text, generation FROM token_day WHERE NOT closed ORDER BY 1"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        await opened.transaction(begin, DAY)
        yield opened


async def begin(connection: Connection, day: date) -> int | None:
    """As the salt rotator does it, which stores a salt with it."""
    generation = await listener_day.begin(connection, day, partial=False)
    await connection.execute("TRUNCATE daily_salt")
    await connection.execute("INSERT INTO daily_salt VALUES ($1, $2, '', now())", day, generation)
    return generation


def play(key: str, token: bytes | None, *, generation: int = 1, day: int = MOMENT.day) -> Play:
    return Play(Moment(MOMENT.hour, day), key, "complete", token=token, generation=generation)


class Today(NamedTuple):
    listeners: int
    partial: bool


async def listeners(database: Database, target: Target, day: date = DAY) -> Today | None:
    found = await database.run(figures.read, target, day)
    assert found is not None
    return Today(found.days[0].listeners, found.days[0].partial) if found.days else None


ONE, TWO, THREE = b"1" * 32, b"2" * 32, b"3" * 32


async def test_a_token_counts_once_per_target_and_day(tmp_path: Path, database: Database) -> None:
    release, track = catalog.Release("night-ferry", "Night Ferry"), catalog.Track("a", "A", "night-ferry", 1)
    await database.transaction(catalog.upsert, [release], [track])
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", ONE), play("a", TWO), play("b", ONE), play("b", None))
        await running.accept(play("a", ONE), play("b", THREE))
    assert Today(2, partial=False) == await listeners(database, A)
    assert Today(2, partial=False) == await listeners(database, B)
    assert Today(2, partial=False) == await listeners(database, Target("night-ferry", "release"))
    assert Today(3, partial=False) == await listeners(database, SITE)
    assert None is await listeners(database, A, TOMORROW)
    assert [(9, 9)] == await rows(database, "SELECT count(*)::int, count(DISTINCT token)::int FROM listener_day")
    assert [(0,)] == await rows(database, "SELECT count(*)::int FROM listener")
    assert () == (await database.transaction(check)).differences


async def test_a_token_is_new_again_on_another_day(tmp_path: Path, database: Database) -> None:
    await database.transaction(begin, TOMORROW)
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", ONE, day=MOMENT.day + 1))
    assert (Today(1, partial=False), Today(1, partial=False)) == (
        await listeners(database, A),
        await listeners(database, A, TOMORROW),
    )


async def test_the_last_days_are_those_that_had_a_salt_each_with_its_own_figure(
    tmp_path: Path, database: Database
) -> None:
    later = [DAY + timedelta(days=number) for number in (1, 3)]  # on the day between, nothing ran
    for day in later:
        await database.transaction(begin, day)
    await database.transaction(begin, later[0])  # again: its first salt was lost
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO))
        await running.accept(play("a", ONE, day=MOMENT.day + 1, generation=2), play("b", ONE, day=MOMENT.day + 3))
    wanted = [Day(DAY, 2, partial=False), Day(later[0], 1, partial=True), Day(later[1], 0, partial=False)]
    for days in (1, 2, 3, 4, 366):
        found = await database.run(figures.read, A, later[1], days)
        assert found is not None
        assert [one for one in wanted if one.day > later[1] - timedelta(days=days)] == list(found.days)


async def test_a_day_that_starts_again_counts_from_zero_and_leaves_out_tokens_of_the_earlier_salt(
    tmp_path: Path, database: Database
) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO))
    await database.transaction(begin, DAY)
    assert Today(0, partial=True) == await listeners(database, A)
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", THREE, generation=2))  # the first was on its way meanwhile
    assert Today(1, partial=True) == await listeners(database, A)
    assert () == (await database.transaction(check)).differences
    assert [(4,)] == await rows(database, "SELECT sum(complete)::int FROM play_counter WHERE target_kind = 'site'")


async def test_a_closed_day_keeps_its_count_and_no_token(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO))
    await database.transaction(begin, TOMORROW)
    await database.run(listener_day.past, await spool_id(database), TOMORROW)
    assert [DAY] == await database.transaction(listener_day.close_over, TOMORROW)
    assert [(TOMORROW.isoformat(), 1)] == await rows(database, OPENED)
    assert [(None,)] == await rows(database, f"SELECT to_regclass('listener_day_{DAY:%Y_%m_%d}')::text")
    assert Today(2, partial=False) == await listeners(database, A)
    async with pipeline(tmp_path, database) as running:  # from a spool that nobody had heard of
        assert [None] == await running.accept(play("a", THREE))
    assert Today(2, partial=False) == await listeners(database, A)
    assert [(3,)] == await rows(database, "SELECT sum(complete)::int FROM play_counter WHERE target_kind = 'site'")
    assert () == (await database.transaction(check)).differences


async def spool_id(database: Database) -> str:
    return str((await rows(database, "SELECT spool_id FROM spool_cursor"))[0][0])


async def cursors(connection: Connection, *days: date | None) -> None:
    await connection.execute("DELETE FROM spool_cursor")
    for number, day in enumerate(days):
        await connection.execute("INSERT INTO spool_cursor VALUES ($1, 0, 0, $2)", f"spool-{number}", day)


@pytest.mark.parametrize(
    ("spools", "closes"),
    [
        ([TOMORROW, TOMORROW], True),
        ([TOMORROW, DAY], False),  # one has not counted all of that day
        ([TOMORROW, DAY - timedelta(days=1)], False),  # the database was away since then
        ([TOMORROW, DAY - timedelta(days=2)], True),  # that one is gone
        ([TOMORROW, None], False),  # a new one, which has not spoken yet
        ([], True),
    ],
)
async def test_a_day_waits_for_the_spools_that_may_hold_events_of_it(
    database: Database, spools: list[date | None], closes: bool
) -> None:
    await database.transaction(cursors, *spools)
    assert ([DAY] if closes else []) == await database.transaction(listener_day.close_over, TOMORROW)


async def test_a_day_is_closed_a_day_after_its_end_whatever_a_spool_holds(database: Database) -> None:
    await database.transaction(cursors, DAY)
    assert [] == await database.transaction(listener_day.close_over, TOMORROW)
    assert [DAY] == await database.transaction(listener_day.close_over, TOMORROW + timedelta(days=1))


async def test_a_machine_that_was_lost_on_its_first_day_holds_two_days_open_for_a_day_and_no_more(
    database: Database,
) -> None:
    """Each at the day after, and then a day later still."""
    await database.transaction(open_cursor, "of-the-lost-machine", DAY)
    closed = []
    for day in (DAY + timedelta(days=number) for number in range(1, 5)):
        await database.transaction(begin, day)
        closed.append(await database.transaction(listener_day.close_over, day))
    days = [DAY + timedelta(days=number) for number in range(4)]
    assert [[], [days[0]], [days[1], days[2]], [days[3]]] == closed


async def test_a_new_spool_that_holds_something_is_waited_for_whatever_its_day(database: Database) -> None:
    await database.transaction(open_cursor, "put-back-from-a-copy", None)
    assert [] == await database.transaction(listener_day.close_over, TOMORROW)


async def test_counting_says_how_far_a_spool_is(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", ONE, day=MOMENT.day + 1))
    assert [(TOMORROW,)] == await rows(database, "SELECT day FROM spool_cursor")


async def test_a_closed_day_has_no_more_listeners_than_plays_after_a_flood_is_taken_out(
    tmp_path: Path, database: Database
) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(*[play("a", bytes([number]) * 32) for number in range(20)], play("b", ONE))
    await database.transaction(cursors)
    await database.transaction(listener_day.close_over, TOMORROW)
    moment = await rows(database, "SELECT min(created_at), max(created_at) + interval '1 hour' FROM play_event")
    flood = void.Flood("a", *moment[0], False)  # type: ignore[arg-type, call-arg]
    assert 20 == await database.transaction(void.take_out, flood, "a script")
    assert None is await database.run(figures.read, A)
    assert Today(1, partial=False) == await listeners(database, B)
    assert Today(1, partial=False) == await listeners(database, SITE)
    assert [] == await rows(database, "SELECT FROM listener_count WHERE target_key = 'a' AND listeners > 0")
    assert () == (await database.transaction(check)).differences


async def test_a_closed_days_figures_do_not_tell_in_which_transaction_a_listener_came(
    tmp_path: Path, database: Database
) -> None:
    (tmp_path / "other").mkdir()
    await database.transaction(begin, DAY)  # again: its second salt
    async with pipeline(tmp_path, database) as running, pipeline(tmp_path / "other", database) as other:
        for door, key, token in ((running, "a", ONE), (other, "a", TWO), (other, "b", TWO)):
            await door.accept(play(key, token, generation=2))
            while door.spool.pending_events:
                await trio.sleep(0.01)
    told = "SELECT count(*)::int, count(DISTINCT xmin::text)::int, count(DISTINCT slot)::int FROM listener_count"
    assert [(5, 3, 2)] == await rows(database, told)
    before = [await listeners(database, target) for target in (A, B, SITE)]
    await database.transaction(cursors)
    await database.transaction(listener_day.close_over, TOMORROW)
    assert [(3, 1, 1)] == await rows(database, told)
    assert before == [await listeners(database, target) for target in (A, B, SITE)]
    assert () == (await database.transaction(check)).differences


async def wrong(connection: Connection) -> None:
    await connection.execute("UPDATE listener_count SET listeners = 7 WHERE target_key = 'a'")


async def test_the_check_finds_a_wrong_figure_of_an_open_and_of_a_closed_day_and_rebuild_mends_the_open_one(
    tmp_path: Path, database: Database
) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO))
    await database.run(wrong)
    [difference] = (await database.transaction(check)).differences
    assert f"track a on {DAY}: listenersOfDay is counted 7 times, its source says 2." == str(difference)
    await database.transaction(rebuild_open_days)
    assert () == (await database.transaction(check)).differences
    await database.transaction(cursors)
    await database.transaction(listener_day.close_over, TOMORROW)
    await database.run(wrong)
    assert ["listenersOfDay"] == [entry.figure for entry in (await database.transaction(check)).differences]


async def test_nothing_of_salt_and_tokens_is_ever_analysed(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(*[play("a", bytes([number]) * 32) for number in range(50)])
    await database.run(analyse)
    statistics = """SELECT tablename, attname FROM pg_stats
                    WHERE tablename LIKE 'listener_day%' OR tablename = 'daily_salt'"""
    assert [] == await rows(database, statistics)
    logged = """SELECT relname FROM pg_class WHERE relpersistence <> 'u' AND relkind IN ('r', 'i')
                AND (relname LIKE 'listener_day_2%' OR relname LIKE 'daily_salt%')"""
    assert [] == await rows(database, logged)


async def analyse(connection: Connection) -> None:
    await connection.execute("ANALYZE")
