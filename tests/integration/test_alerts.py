"""Milestones and the digest: told once, delivered in the end, by one process, never twice under two ids."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import trio

from actors.herald import Herald, NotDelivered, Orders, Voice
from privacy.modes import Mode
from server.alerts import digest as words
from server.alerts import milestone
from storage import catalog, digest
from storage.alerts import Alert, Way
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from storage.rename import rename
from tests.support.filled import fill
from tests.support.postgres import rows

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
LADDER = (100, 1_000, 10_000)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


@dataclass
class World:
    """A herald whose clock and ways out are the test's."""

    database: Database
    now: datetime = NOON
    milestones_of: tuple[str, ...] = ("site", "release", "track")
    thresholds: tuple[int, ...] = LADDER
    digest_by: tuple[Way, ...] = ()
    delivered: list[Alert] = field(default_factory=list)
    refuses: NotDelivered | None = None
    ways: dict[Way, Callable[[Alert], Awaitable[None]]] = field(default_factory=dict)

    async def deliver(self, alert: Alert) -> None:
        await trio.lowlevel.checkpoint()
        if self.refuses:
            raise self.refuses
        self.delivered.append(alert)

    async def round(self, *, after: timedelta = timedelta(minutes=1)) -> list[dict[str, Any]]:
        """One of the herald's, some time later; what it has delivered."""
        self.now += after
        self.delivered.clear()
        _, life = trio.open_memory_channel[None](0)
        orders = Orders(self.milestones_of, self.thresholds, self.digest_by, 0, 8, 20)
        every: dict[Way, Callable[[Alert], Awaitable[None]]] = dict.fromkeys(("webhook", "mail", "file"), self.deliver)
        voice = Voice(milestone.alert, lambda found, now: words.alert(found, Mode.BOTH, now), every | self.ways)
        await Herald(life, self.database, orders, voice, lambda: self.now).round()
        return [json.loads(alert.body)["data"] for alert in self.delivered]

    async def plays(self, key: str, number: int, kind: str = "track", *, catalogued: bool = True) -> None:
        async def put(connection: Connection) -> None:
            if catalogued and kind != "site":
                statement = "INSERT INTO {0} ({0}_key, title) VALUES ($1, $1) ON CONFLICT DO NOTHING"
                await connection.execute(statement.format(kind), key)
            await connection.execute(
                "INSERT INTO play_counter (target_key, target_kind, slot, complete) VALUES ($1, $2, 0, $3)"
                " ON CONFLICT (target_key, target_kind, slot) DO UPDATE SET complete = excluded.complete",
                key,
                kind,
                number,
            )

        await self.database.run(put)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def told(found: list[dict[str, Any]]) -> list[tuple[str, str | None, int]]:
    return [(one["kind"], one["key"], one["milestone"]) for one in found]


async def test_the_first_start_tells_nothing_of_what_is_past(world: World) -> None:
    await world.plays("a", 50_000)
    assert [] == await world.round()
    assert [] == await world.round()
    await world.plays("a", 100_000)
    assert [] == await world.round()  # past the last of the ladder


async def test_a_milestone_is_told_once(world: World) -> None:
    await world.plays("a", 99)
    await world.round()
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round())
    await world.plays("a", 101)
    assert [] == await world.round()


async def test_a_target_that_is_new_is_told_as_well(world: World) -> None:
    await world.round()
    await world.plays("", 120, "site")
    await world.plays("r", 110, "release")
    assert [("release", "r", 100), ("site", None, 100)] == told(await world.round())


async def test_of_several_passed_at_once_the_highest_is_told_and_the_others_named(world: World) -> None:
    await world.plays("a", 50)
    await world.round()
    await world.plays("a", 12_345)
    [found] = await world.round()
    assert (10_000, [100, 1_000], 12_345) == (found["milestone"], found["alsoPassed"], found["plays"])


async def test_plays_taken_out_and_come_back_tell_nothing_twice(world: World) -> None:
    await world.round()
    await world.plays("a", 1_100)
    assert [("track", "a", 1_000)] == told(await world.round())
    await world.plays("a", 90)
    assert [] == await world.round()
    await world.plays("a", 1_050)
    assert [] == await world.round()


async def test_another_ladder_or_other_kinds_begin_anew(world: World) -> None:
    await world.plays("a", 70)
    await world.round()
    world.thresholds = (50, 80)
    assert [] == await world.round()
    await world.plays("a", 80)
    assert [("track", "a", 80)] == told(await world.round())
    world.milestones_of = ("track",)
    await world.plays("a", 500)
    world.thresholds = (50, 80, 400)
    assert [] == await world.round()


async def test_who_was_switched_off_for_long_begins_anew_and_for_a_day_does_not(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round(after=timedelta(days=1)))
    await world.plays("a", 1_000)
    assert [] == await world.round(after=timedelta(days=8))


async def test_an_import_does_not_flood_anybody(world: World) -> None:
    await world.round()
    for number in range(30):
        await world.plays(f"track-{number:02}", 10_000 if number == 7 else 150)
    found = told(await world.round())
    assert 20 == len(found)
    assert ("track", "track-07", 10_000) in found
    assert [] == await world.round()


async def test_a_milestone_names_what_the_target_is_called_now(world: World) -> None:
    await world.database.transaction(catalog.upsert, [], [catalog.Track("old", "Harbour Lights")])
    await world.database.transaction(rename, "old", "new")
    await world.round()
    await world.plays("old", 100)
    [found] = await world.round()
    assert ("new", "Harbour Lights", "Harbour Lights has reached 100 plays.") == (
        found["key"],
        found["title"],
        found["text"],
    )


async def test_a_key_that_only_strangers_know_is_told_to_nobody(world: World) -> None:
    await world.round()
    await world.plays("<!channel> https://elsewhere.example", 10_000, catalogued=False)
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round())


async def test_a_milestone_tells_the_hour_and_not_the_moment(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    await world.round()
    [alert] = world.delivered
    hour = world.now.replace(minute=0, second=0, microsecond=0)
    assert (hour.isoformat(timespec="seconds"), hour) == (json.loads(alert.body)["timestamp"], alert.made_at)


async def test_a_name_given_back_is_told_once(world: World) -> None:
    await world.database.transaction(catalog.upsert, [], [catalog.Track("old", "Harbour Lights")])
    await world.database.transaction(rename, "old", "new")
    await world.database.transaction(rename, "new", "old")
    await world.round()
    await world.plays("old", 100)
    assert [("track", "old", 100)] == told(await world.round())


async def test_several_heralds_tell_each_thing_once(world: World) -> None:
    worlds = [World(world.database) for _ in range(4)]
    await world.round()
    for number in range(10):
        await world.plays(f"track-{number}", 100)
    async with trio.open_nursery() as nursery:
        for one in worlds:
            nursery.start_soon(one.round)
    ids = [alert.alert_id for one in worlds for alert in one.delivered]
    assert (10, 10) == (len(ids), len(set(ids)))


async def test_what_cannot_be_delivered_is_tried_for_three_days_under_one_id(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("the receiver answers 500.")
    tries = 0
    for _ in range(80 * 60):
        before = await rows(world.database, "SELECT attempts, settled_at FROM alert")
        await world.round(after=timedelta(minutes=1) if tries < 8 else timedelta(hours=1))
        [after] = await rows(world.database, "SELECT attempts, settled_at FROM alert")
        tries += before != [after]
        if after[1] is not None:
            break
    [(attempts, outcome)] = await rows(world.database, "SELECT attempts, outcome FROM alert")
    assert ("given up: the receiver answers 500.", True) == (outcome, 15 < int(str(attempts)) < 30)
    assert timedelta(days=2.5) < world.now - NOON < timedelta(days=3.5)
    world.refuses = None
    assert [] == await world.round(after=timedelta(days=1))


async def test_a_receiver_that_comes_back_gets_it_late_with_the_same_id(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("away")
    await world.round()
    [(made,)] = await rows(world.database, "SELECT alert_id FROM alert")
    assert [] == await world.round(after=timedelta(seconds=30))
    world.refuses = None
    assert [("track", "a", 100)] == told(await world.round())
    assert [(made, 2)] == [(alert.alert_id, alert.attempts) for alert in world.delivered]


async def test_one_that_wants_no_more_is_left_alone(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("gone", for_good=True)
    await world.round()
    assert [("given up: gone",)] == await rows(world.database, "SELECT outcome FROM alert WHERE settled_at IS NOT NULL")


async def test_a_process_that_dies_while_it_delivers_leaves_it_to_the_next(world: World) -> None:
    await world.round()
    await world.plays("a", 100)

    async def dies(_: Alert) -> None:
        await trio.sleep_forever()

    world.ways = {"webhook": dies}
    with trio.move_on_after(0.5):
        await world.round()
    world.ways = {}
    assert [] == await world.round()  # for five minutes it may still be at it
    assert [("track", "a", 100)] == told(await world.round(after=timedelta(minutes=5)))


async def test_what_is_settled_goes_after_a_month(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    await world.round()
    await world.round(after=timedelta(days=29))
    assert [(1,)] == await rows(world.database, "SELECT count(*)::int FROM alert")
    await world.round(after=timedelta(days=2))
    assert [(0,)] == await rows(world.database, "SELECT count(*)::int FROM alert")


async def test_the_digest_comes_once_a_week_by_every_way_and_not_at_the_first_start(world: World) -> None:
    world.milestones_of, world.digest_by = (), ("file", "mail", "webhook")
    assert [] == await world.round()
    assert [] == await world.round(after=timedelta(days=4))  # a Sunday
    found = await world.round(after=timedelta(hours=20))  # Monday, past eight
    assert ["2026-W47"] * 3 == [one["week"] for one in found]
    assert {"file", "mail", "webhook"} == {alert.way for alert in world.delivered}
    assert [] == await world.round()
    assert ["2026-W48"] * 3 == [one["week"] for one in await world.round(after=timedelta(days=7))]
    assert ["2026-W51"] * 3 == [one["week"] for one in await world.round(after=timedelta(days=21))]


async def test_the_digests_figures_are_those_of_the_log(database: Database) -> None:
    await database.transaction(fill, seed=5, events=5_000, today=date(2026, 11, 18), days=40)
    first = date(2026, 11, 9)
    found = await database.run(digest.read, first)
    statement = """
        SELECT (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6),
               (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6 AND bucket = 'complete'),
               (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6 AND via IS NOT NULL),
               (SELECT count(*)::int FROM share_event WHERE day BETWEEN $1 AND $1::date + 6)
    """
    for week, counts in ((first, found.counts), (first - timedelta(7), found.before)):
        assert [(counts.plays, counts.complete, counts.via, counts.shares)] == await rows(database, statement, week)
    top = """SELECT track_key, count(*)::int, (SELECT count(*)::int FROM play_event b WHERE b.track_key = e.track_key
                    AND day BETWEEN $1::date - 7 AND $1::date - 1)
             FROM play_event e WHERE day BETWEEN $1 AND $1::date + 6 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"""
    assert await rows(database, top, first) == [
        (one.entry.key, one.entry.counts.plays, one.before) for one in found.tracks
    ]
    assert 5 == len(found.releases)


async def test_new_listeners_are_told_once_two_mondays_were_seen(world: World) -> None:
    async def listeners(number: int) -> None:
        await world.plays("", 1, "site")
        await rows(world.database, f"UPDATE play_counter SET listeners = {number} RETURNING 1")

    world.milestones_of, world.digest_by = (), ("webhook",)
    new = []
    for week in range(4):
        await listeners(10 * week * week)
        world.now = NOON + timedelta(days=7 * week - 1, hours=-12)
        await listeners(10 * week * week)
        new += [(one["newListeners"], one["listeners"]) for one in await world.round()]
    assert [(10, 10), (30, 40), (50, 90)] == new
