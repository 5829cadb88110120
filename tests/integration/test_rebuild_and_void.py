"""Mending and taking back: counters computed anew, and a flood taken out, beside a service that goes on counting."""

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trio

from actors.events import Moment, Play, Share
from server.cli import void as command
from storage import anew, catalog
from storage.bridge import Address, Connection, Database, connecting, open_database
from storage.check import check
from storage.migrate import migrate, migrations
from storage.rebuild import days, rebuild_day, rebuild_totals
from storage.void import Flood, Preview, preview, take_out
from tests.integration.test_pipeline import LISTENER, pipeline
from tests.support.http import Door, ask
from tests.support.locks import locked
from tests.support.postgres import rows
from tests.support.service import Service, eventually, serving

MORNING = datetime(2026, 11, 21, 3, tzinfo=UTC)


def at(hours: int) -> Moment:
    moment = MORNING + timedelta(hours=hours)
    return Moment(int(moment.timestamp()), moment.date().toordinal())


def play(key: str, hours: int = 0, listener: bytes | None = None) -> Play:
    return Play(at(hours), key, "complete", "link", listener)


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> Iterator[Database]:  # type: ignore[misc]  # an async generator
    """With plays of two tracks of one release on two days, and a share."""
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        release = catalog.Release("night-ferry", "Night Ferry")
        tracks = [catalog.Track(key, key, "night-ferry") for key in ("a", "b")]
        await opened.transaction(catalog.upsert, [release], tracks)
        async with pipeline(tmp_path, opened) as running:
            await running.accept(play("a", 0, LISTENER), play("a", 1, LISTENER), play("a", 24, b"x" * 32), play("b", 1))
            await running.accept(Share(at(1), "track", "a", "link"))
        yield opened


async def rebuild(database: Database) -> None:
    for day in await database.run(days):
        await database.transaction(rebuild_day, day)
    await database.transaction(rebuild_totals)


TAMPERING = [
    "UPDATE play_counter SET complete = complete + 3",
    "UPDATE day_counter SET via_link = 0, shares_link = 9",
    "DELETE FROM play_counter WHERE target_kind = 'site'",
    "DELETE FROM day_counter",
    "INSERT INTO play_counter (target_key, target_kind, slot, partial) VALUES ('ghost', 'track', 3, 7)",
    "INSERT INTO day_counter (target_key, target_kind, day, slot, partial) VALUES ('', 'site', '2020-02-02', 0, 7)",
    "UPDATE play_counter SET listeners = 40 WHERE target_kind = 'track'",
]


@pytest.mark.parametrize("tampering", TAMPERING)
async def test_a_rebuild_mends_any_counter(database: Database, tampering: str) -> None:
    before = await rows(database, "SELECT target_key, complete::int, listeners::int FROM play_counter ORDER BY 1, 2")

    async def tamper(connection: Connection) -> None:
        await connection.execute(tampering)

    await database.run(tamper)
    assert (await database.transaction(check)).differences
    await rebuild(database)
    assert () == (await database.transaction(check)).differences
    after = await rows(database, "SELECT target_key, complete::int, listeners::int FROM play_counter ORDER BY 1, 2")
    assert before == after


async def test_rebuilding_again_and_again_beside_the_counting_loses_nothing(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    folder.mkdir()
    async with pipeline(folder, database) as running, trio.open_nursery() as nursery:

        async def go_on_rebuilding() -> None:
            while True:
                await rebuild(database)

        nursery.start_soon(go_on_rebuilding)
        for number in range(150):
            await running.accept(play(f"track-{number % 7}", number % 30, bytes([number % 5]) * 32))
        nursery.cancel_scope.cancel()
    assert () == (await database.transaction(check)).differences
    assert [(154,)] == await rows(database, "SELECT count(*)::int FROM play_event")


async def test_a_flood_is_taken_out_of_log_sets_and_counters(database: Database) -> None:
    flood = Flood("a", MORNING, MORNING + timedelta(hours=2), shares=True)
    assert Preview([(MORNING, 1), (MORNING + timedelta(hours=1), 1)], 1) == await database.run(preview, flood)
    assert 3 == await database.transaction(take_out, flood, "a script")
    assert () == (await database.transaction(check)).differences
    statement = """SELECT target_kind, target_key, complete::int, shares_link::int, via_link::int, listeners::int
                   FROM play_counter ORDER BY 1, 2"""
    expected = [
        ("release", "night-ferry", 2, 0, 2, 2),  # both listeners stay: nothing says which of them was the flood's
        ("site", "", 2, 0, 2, 2),
        ("track", "a", 1, 0, 1, 1),
        ("track", "b", 1, 0, 1, 0),
    ]
    assert expected == await rows(database, statement)
    audited = await rows(database, "SELECT act, detail->>'plays', detail->>'shares', detail->>'reason' FROM audit")
    assert [("void", "2", "1", "a script")] == audited


async def test_a_listener_who_came_to_the_track_before_the_flood_stays(database: Database) -> None:
    hour = timedelta(hours=1)
    await database.transaction(take_out, Flood("a", MORNING + hour, MORNING + 2 * hour, shares=False), "")
    kept = "SELECT listeners::int, complete::int, shares_link::int FROM play_counter WHERE target_key = 'a'"
    assert [(2, 2, 1)] == await rows(database, kept)


async def test_listeners_of_a_flood_that_is_days_old_stay_and_the_plays_go(database: Database) -> None:
    await database.transaction(anew.write, date(2026, 11, 24), MORNING + timedelta(hours=1))
    await database.transaction(take_out, Flood("a", MORNING, MORNING + timedelta(hours=48), shares=False), "")
    kept = "SELECT listeners::int, complete::int FROM play_counter WHERE target_key = 'a'"
    assert [(1, 0)] == await rows(database, kept)
    assert () == (await database.transaction(check)).differences


async def test_what_comes_after_a_void_is_counted_with_its_listener(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "after"
    folder.mkdir()
    async with pipeline(folder, database) as running:
        await running.accept(play("a", 0, LISTENER))
        while running.spool.pending_events:
            await trio.sleep(0.01)
        await database.transaction(take_out, Flood("a", MORNING, MORNING + timedelta(hours=2), shares=False), "")
        await running.accept(play("a", 5, LISTENER))
    assert () == (await database.transaction(check)).differences
    assert [(2, 2)] == await rows(
        database, "SELECT sum(complete)::int, sum(listeners)::int FROM play_counter WHERE target_key = 'a'"
    )


NIGHT = Flood("a", MORNING, MORNING + timedelta(hours=2), shares=True)


async def test_a_flood_is_looked_for_in_the_months_it_was_in(database: Database, tmp_path: Path) -> None:
    """The others may be many, and are not even opened."""
    (tmp_path / "later").mkdir()
    async with pipeline(tmp_path / "later", database) as running:
        await running.accept(play("a", 24 * 60))
    january = "LOCK TABLE play_event_2027_01, share_event_2027_01 IN ACCESS EXCLUSIVE MODE"
    async with locked(database, january):
        with trio.fail_after(20):
            assert 3 == (await database.transaction(preview, NIGHT)).total
            assert 3 == await database.transaction(take_out, NIGHT, "a script")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_a_flood_is_found_whatever_the_sites_zone(database: Database, tmp_path: Path, zone: str) -> None:
    (tmp_path / "there").mkdir()
    hours = [MORNING + timedelta(hours=number) for number in range(48)]
    moments = [Moment(int(hour.timestamp()), hour.astimezone(ZoneInfo(zone)).toordinal()) for hour in hours]
    async with pipeline(tmp_path / "there", database) as running:
        await running.accept(*[Play(moment, "c", "complete") for moment in moments])
    for hour in hours:
        assert 1 == await database.transaction(take_out, Flood("c", hour, hour + timedelta(hours=1), shares=False), "")


@pytest.mark.parametrize("step", [command._preview, partial(command._take_out, reason="")])
async def test_the_command_has_longer_than_a_statement_of_the_service(
    database: Database, database_url: str, step: Callable[..., Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_COMMAND_TIMEOUT_S", 0.5)
    async with (
        open_database(Address(url=database_url), connections=1) as short,
        locked(database, "LOCK TABLE play_event IN ACCESS EXCLUSIVE MODE"),
    ):
        with trio.move_on_after(1.5):  # thrice the limit
            await step(NIGHT, database=short)
    assert [(4,)] == await rows(database, "SELECT count(*)::int FROM play_event")


@pytest.fixture
def service(data_dir: Path, database_url: str) -> Iterator[Service]:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url}) as running:
        yield running


@pytest.mark.full
def test_the_commands_work_beside_the_running_service(service: Service) -> None:
    body = json.dumps({"trackEntryKey": "flooded", "bucket": "partial"}).encode()
    for _ in range(5):
        assert 202 == ask(Door.at(service.url), "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status
    eventually(lambda: '"partial": 5' in service.command("stats", "home", "--json").stdout)
    assert "0 counters were wrong" in service.command("rebuild").stdout

    words = ("void", "--track", "flooded", "--from", "2020-01-01", "--to", "2120-01-01T00:30")
    assert "Take these 5 events out" not in service.command(*words, "--dry-run").stdout
    assert 1 == service.command(*words, check=False).returncode  # nobody is there to say yes
    assert "5 events are taken out" in service.command(*words, "--yes", "--reason", "a test").stdout
    assert '"totalPlays": 0' in service.command("stats", "home", "--json").stdout
    assert "Every counter agrees" in service.command("check").stdout

    again = service.command(*words, "--yes", check=False)
    assert 1 == again.returncode
    assert again.stderr.startswith("Nothing of track 'flooded' is in the log from 2020-01-01")
    wrong = service.command("void", "--track", "x", "--from", "yesterday", "--to", "2026-01-01", check=False)
    assert "'yesterday' is not a date or time" in wrong.stderr
    turned = service.command("void", "--track", "x", "--from", "2026-01-02", "--to", "2026-01-01", check=False)
    assert "--to must be later than --from." in turned.stderr
