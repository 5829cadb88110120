"""Cursor, counters, listeners, figures and the check that holds them together, on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import trio

from storage import catalog, counters, cursor, figures, listeners, log
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.check import Report, check
from storage.counters import Delta, Target
from storage.figures import SITE, Figures
from storage.log import PlayRow, ShareRow
from storage.migrate import migrate, migrations
from tests.support.locks import locked
from tests.support.postgres import rows

TRACK = Target("harbour-lights", "track")
RELEASE = Target("night-ferry", "release")
MONDAY, NEXT_MONTH = date(2026, 11, 16), date(2026, 12, 1)
HOUR = datetime(2026, 11, 16, 20, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


async def test_a_new_spool_starts_at_0_and_keeps_its_place(database: Database) -> None:
    assert (0, 0) == await database.transaction(cursor.open_cursor, "spool-a")
    await database.transaction(cursor.advance, "spool-a", 0, 7, MONDAY)
    assert (7, 0) == await database.transaction(cursor.open_cursor, "spool-a")


@pytest.mark.parametrize(("spool", "expected"), [("spool-a", 6), ("spool-a", 8), ("unknown", 0)])
async def test_a_cursor_that_is_elsewhere_is_not_moved(database: Database, spool: str, expected: int) -> None:
    await database.transaction(cursor.open_cursor, "spool-a")
    await database.transaction(cursor.advance, "spool-a", 0, 7, MONDAY)
    with pytest.raises(cursor.CursorMoved):
        await database.transaction(cursor.advance, spool, expected, 9, MONDAY)
    assert [("spool-a", 7)] == await rows(database, "SELECT spool_id, seq FROM spool_cursor")


async def test_spools_are_spread_over_the_slots(database: Database) -> None:
    taken = [(await database.transaction(cursor.open_cursor, f"spool-{n}"))[1] for n in range(2 * cursor.SLOTS)]
    assert [*range(cursor.SLOTS)] * 2 == taken


async def test_a_spool_that_has_not_been_heard_of_for_a_week_takes_no_slot_from_others(database: Database) -> None:
    for number in range(cursor.SLOTS):
        await database.transaction(cursor.open_cursor, f"gone-{number}", MONDAY - timedelta(days=8))
    assert 0 == (await database.transaction(cursor.open_cursor, "one", MONDAY))[1]
    assert 1 == (await database.transaction(cursor.open_cursor, "two", MONDAY))[1]
    for number in range(2, cursor.SLOTS):
        assert number == (await database.transaction(cursor.open_cursor, f"new-{number}", MONDAY))[1]


async def test_listeners_are_new_once_per_target(database: Database) -> None:
    one, two = bytes(16), b"\x01" * 16
    pairs = dict.fromkeys([(TRACK, one), (TRACK, two), (RELEASE, one)], HOUR)
    assert {TRACK: 2, RELEASE: 1} == dict(await database.transaction(listeners.add, pairs))
    assert {RELEASE: 1} == dict(await database.transaction(listeners.add, {(TRACK, one): HOUR, (RELEASE, two): HOUR}))
    assert {} == dict(await database.transaction(listeners.add, {}))


async def test_of_a_tracks_listener_the_hour_is_known_and_of_no_others(database: Database) -> None:
    await database.transaction(listeners.add, dict.fromkeys([(TRACK, bytes(16)), (RELEASE, bytes(16))], HOUR))
    await database.transaction(listeners.add, {(TRACK, bytes(16)): HOUR.replace(hour=22)})
    found = await rows(database, "SELECT target_kind, came FROM listener ORDER BY 1")
    assert [("release", None), ("track", HOUR)] == found


async def test_a_figure_is_the_sum_of_its_slots_and_days(database: Database) -> None:
    daily = {(TRACK, MONDAY): Delta(1, 2, 3, 4, 5, 1, 1), (TRACK, NEXT_MONTH): Delta(partial=10)}
    await database.transaction(counters.add, 0, daily, {TRACK: 2})
    await database.transaction(counters.add, 3, daily, {TRACK: 1})
    found = await database.run(figures.read, TRACK)
    assert Figures(22, 4, 6, 8, 10, 3) == found
    assert found is not None
    assert (32, 0.1875) == (found.total_plays, found.completion_rate)
    days = "SELECT day, sum(partial)::int, sum(complete)::int FROM day_counter GROUP BY day ORDER BY day"
    assert [(MONDAY, 2, 6), (NEXT_MONTH, 20, 0)] == await rows(database, days)


async def test_a_target_is_nothing_zeros_or_its_counts(database: Database) -> None:
    assert None is await database.run(figures.read, TRACK)
    await database.transaction(catalog.upsert, [catalog.Release("night-ferry", "N")], [catalog.Track(TRACK.key, "H")])
    assert Figures(0, 0, 0, 0, 0, 0) == await database.run(figures.read, TRACK)
    assert Figures(0, 0, 0, 0, 0, 0) == await database.run(figures.read, RELEASE)
    assert None is await database.run(figures.read, Target(TRACK.key, "release"))
    assert Figures(0, 0, 0, 0, 0, 0) == await database.run(figures.read, SITE)
    assert None is Figures(0, 0, 0, 1, 0, 0).completion_rate


async def test_months_are_made_once_and_by_several_at_once(database: Database) -> None:
    await database.transaction(log.make_months, [MONDAY, NEXT_MONTH])
    await database.transaction(log.make_months, [MONDAY.replace(day=30), date(2027, 1, 1)])
    children = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'play_event'::regclass ORDER BY 1"
    expected = [("play_event_2026_11",), ("play_event_2026_12",), ("play_event_2027_01",)]
    assert expected == await rows(database, children)


async def test_a_month_is_like_the_log_it_belongs_to(database: Database) -> None:
    """With its own checks, and nothing that a later dump or migration would find different."""
    await database.transaction(log.make_months, [MONDAY])
    described = """
        SELECT array_agg((attname, atttypid, attnotnull, attstattarget, attcollation)::text ORDER BY attnum)::text,
               (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY pg_get_constraintdef(oid))::text
                FROM pg_constraint WHERE conrelid = attrelid)
        FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped GROUP BY attrelid
    """
    for parent in ("play_event", "share_event"):
        expected = await rows(database, described.format(parent))
        assert expected == await rows(database, described.format(f"{parent}_2026_11"))


async def read_log(connection: Connection) -> None:
    await connection.execute("SELECT FROM play_event, share_event")


async def test_a_month_is_made_and_counted_into_while_somebody_reads_the_log(database: Database) -> None:
    """An export or a dump holds what it reads for as long as it takes."""
    await database.transaction(log.make_months, [MONDAY])
    async with database.snapshot() as reading:
        await reading.run(read_log)
        with trio.fail_after(10):
            await database.transaction(log.make_months, [NEXT_MONTH])
            await database.transaction(count_a_little)
    assert [(2,)] == await rows(database, "SELECT count(*)::int FROM play_event")


async def test_months_ahead_are_left_for_later_while_somebody_rewrites_the_log(database: Database) -> None:
    """Everybody who counts would wait behind it."""
    async with locked(database, "LOCK TABLE play_event IN SHARE UPDATE EXCLUSIVE MODE"):
        with pytest.raises(DatabaseUnavailable, match="lock timeout"), trio.fail_after(10):
            await database.transaction(log.make_months_ahead, [MONDAY])
    await database.transaction(log.make_months_ahead, [MONDAY])
    assert [("play_event_2026_11",)] == await rows(database, "SELECT to_regclass('play_event_2026_11')::text")


async def count_a_little(connection: Connection) -> None:
    """Two plays by one listener, on two days and with a release, and a share: log and counters agree."""
    await log.make_months(connection, [MONDAY, NEXT_MONTH])
    plays = [PlayRow(HOUR, day, 1, TRACK.key, RELEASE.key, "complete", "link") for day in (MONDAY, NEXT_MONTH)]
    await log.append_plays(connection, plays)
    await log.append_shares(connection, [ShareRow(HOUR, MONDAY, "track", TRACK.key, "embed")])
    new = await listeners.add(connection, {(target, bytes(16)): HOUR for target in (TRACK, RELEASE, SITE)})
    daily = {(t, day): Delta(complete=1, via_link=1) for t in (TRACK, RELEASE, SITE) for day in (MONDAY, NEXT_MONTH)}
    for target in (TRACK, SITE):
        daily[target, MONDAY] = Delta(complete=1, via_link=1, shares_embed=1)
    await counters.add(connection, 0, daily, new)


async def checked(database: Database) -> Report:
    return await database.transaction(check)


async def test_a_check_of_what_agrees_finds_nothing(database: Database) -> None:
    assert Report(0, 0, ()) == await checked(database)
    await database.transaction(count_a_little)
    assert Report(2, 1, ()) == await checked(database)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "UPDATE play_counter SET complete = 9 WHERE target_kind = 'track'",
            {"track harbour-lights: complete is counted 9 times, its source says 2."},
        ),
        (
            "UPDATE day_counter SET complete = 0 WHERE target_kind = 'release' AND day = '2026-11-16'",
            {"release night-ferry on 2026-11-16: complete is counted 0 times, its source says 1."},
        ),
        (
            "INSERT INTO listener VALUES ('harbour-lights', 'track', '\\x0102030405060708090a0b0c0d0e0f10')",
            {"track harbour-lights: listeners is counted 1 times, its source says 2."},
        ),
        (
            "DELETE FROM listener WHERE target_kind = 'site'",
            {"site: listeners is counted 1 times, its source says 0."},
        ),
        (
            "UPDATE play_counter SET via_embed = 1 WHERE target_kind = 'site'",
            {"site: viaEmbed is counted 1 times, its source says 0."},
        ),
        (
            "DELETE FROM share_event",
            {
                "track harbour-lights: sharesEmbed is counted 1 times, its source says 0.",
                "track harbour-lights on 2026-11-16: sharesEmbed is counted 1 times, its source says 0.",
                "site: sharesEmbed is counted 1 times, its source says 0.",
                "site on 2026-11-16: sharesEmbed is counted 1 times, its source says 0.",
            },
        ),
        (
            "DELETE FROM play_counter WHERE target_kind = 'release'",
            {
                f"release night-ferry: {figure} is counted 0 times, its source says {number}."
                for figure, number in (("complete", 2), ("viaLink", 2), ("listeners", 1))
            },
        ),
        (
            "INSERT INTO play_counter (target_key, target_kind, slot, partial) VALUES ('ghost', 'track', 5, 3)",
            {"track ghost: partial is counted 3 times, its source says 0."},
        ),
        (
            "UPDATE play_event SET bucket = 'partial' WHERE day = '2026-12-01'",
            {
                f"{target}{day}: {figure} is counted {counted} times, its source says {said}."
                for target in ("track harbour-lights", "release night-ferry", "site")
                for day, figure, counted, said in (
                    ("", "complete", 2, 1),
                    ("", "partial", 0, 1),
                    (" on 2026-12-01", "complete", 1, 0),
                    (" on 2026-12-01", "partial", 0, 1),
                )
            },
        ),
    ],
)
async def test_a_check_names_what_was_tampered_with(database: Database, tampering: str, found: set[str]) -> None:
    await database.transaction(count_a_little)
    await rows(database, tampering)
    assert found == {str(difference) for difference in (await checked(database)).differences}


async def test_an_upsert_reports_what_it_wrote_and_moves_the_version_only_then(database: Database) -> None:
    first, second = catalog.Release("first", "First"), catalog.Release("second", "Second", "cut")
    a, b = catalog.Track("a", "A", "first", 1), catalog.Track("b", "B")
    changes = await database.transaction(catalog.upsert, [second, first], [b, a])
    assert (("first", "second"), (), ("a", "b"), ()) == parts(changes)
    assert 1 == (await database.run(catalog.version)).catalog
    assert ((), (), (), ()) == parts(await database.transaction(catalog.upsert, [first, second], [a, b]))
    assert 1 == (await database.run(catalog.version)).catalog
    changes = await database.transaction(
        catalog.upsert, [catalog.Release("first", "First again")], [catalog.Track("a", "A", "second", 1), b]
    )
    assert ((), ("first",), (), ("a",)) == parts(changes)
    assert 2 == (await database.run(catalog.version)).catalog
    assert {"a": "second", "b": None} == await database.run(catalog.releases_of, ["a", "b", "unknown"])
    assert ["third"] == await database.run(catalog.missing_releases, ["first", "third"])


def parts(changes: catalog.Changes) -> tuple[tuple[str, ...], ...]:
    """Sorted: the order in which rows are returned says nothing."""
    found = (changes.releases_added, changes.releases_changed, changes.tracks_added, changes.tracks_changed)
    return tuple(tuple(sorted(keys)) for keys in found)


async def test_a_track_on_a_release_that_is_nowhere_changes_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="violates foreign key"):
        await database.transaction(catalog.upsert, [], [catalog.Track("a", "A"), catalog.Track("b", "B", "nowhere")])
    assert {} == await database.run(catalog.releases_of, ["a", "b"])
    assert 0 == (await database.run(catalog.version)).catalog
