"""`POST /api/event/forget`: what option A keeps of a listener goes, at once from the sets and the figures."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import trio

from actors.events import Forget, Play
from storage import catalog, figures, forgotten
from storage.bridge import Address, Connection, Database, open_database
from storage.check import check
from storage.counters import Target
from storage.figures import SITE
from storage.migrate import migrate, migrations
from tests.integration.conftest import Open
from tests.integration.test_pipeline import MOMENT, pipeline
from tests.support.http import Door, ask
from tests.support.postgres import rows
from tests.support.service import eventually

ONE, TWO = b"1" * 32, b"2" * 32
ID = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
JSON = {"Content-Type": "application/json"}
LOGGED = "SELECT track_key, count(*)::int FROM play_event GROUP BY 1 ORDER BY 1"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


def play(key: str, listener: bytes) -> Play:
    return Play(MOMENT, key, "complete", listener=listener)


async def listeners(database: Database, *targets: Target) -> list[int]:
    found = [await database.run(figures.read, target) for target in targets]
    return [entry.listeners if entry else 0 for entry in found]


A, B = Target("a", "track"), Target("b", "track")
RELEASE = Target("night-ferry", "release")


async def test_a_listener_is_erased_from_every_set_and_the_others_stay(tmp_path: Path, database: Database) -> None:
    release, track = catalog.Release("night-ferry", "Night Ferry"), catalog.Track("a", "A", "night-ferry", 1)
    await database.transaction(catalog.upsert, [release], [track])
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO), play("b", ONE))
    assert [2, 1, 2, 2] == await listeners(database, A, B, RELEASE, SITE)
    async with pipeline(tmp_path, database) as running:
        assert [None] == await running.accept(Forget(MOMENT, ONE))
    assert [1, 0, 1, 1] == await listeners(database, A, B, RELEASE, SITE)
    assert [("a", 2), ("b", 1)] == await rows(database, LOGGED)
    assert () == (await database.transaction(check)).differences


async def test_an_id_nobody_has_changes_nothing(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE))
        await running.accept(Forget(MOMENT, TWO))
    assert [1] == await listeners(database, A)
    assert () == (await database.transaction(check)).differences


async def test_plays_on_their_way_in_the_same_batch_keep_no_pseudonym(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), Forget(MOMENT, ONE), play("a", TWO))
    assert [("a", 2)] == await rows(database, LOGGED)
    assert [1] == await listeners(database, A)


async def test_older_plays_from_another_spool_keep_no_pseudonym_for_two_days(
    tmp_path: Path, database: Database
) -> None:
    (tmp_path / "other").mkdir()
    async with pipeline(tmp_path, database) as running, pipeline(tmp_path / "other", database) as other:
        await other.accept(play("a", ONE))
        await running.accept(Forget(MOMENT, ONE))
        while running.ledger.counted < 1 or other.ledger.counted < 1:
            await pause()
        await database.run(time_passes, timedelta(hours=47))
        await database.run(forgotten.expire)
        await other.accept(play("a", ONE), play("a", TWO))
    assert [1] == await listeners(database, A)
    await database.run(time_passes, timedelta(hours=1, minutes=1))
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE))
    assert [2] == await listeners(database, A)
    await database.run(forgotten.expire)
    assert [] == await rows(database, "SELECT FROM forgotten")
    assert () == (await database.transaction(check)).differences


async def time_passes(connection: Connection, time: timedelta) -> None:
    await connection.execute("UPDATE forgotten SET until = until - $1::interval", time)


async def pause() -> None:
    await trio.sleep(0.01)


async def test_forgetting_twice_is_forgetting_once(tmp_path: Path, database: Database) -> None:
    async with pipeline(tmp_path, database) as running:
        await running.accept(play("a", ONE), play("a", TWO))
    async with pipeline(tmp_path, database) as running:
        await running.accept(Forget(MOMENT, ONE))
    async with pipeline(tmp_path, database) as running:
        await running.accept(Forget(MOMENT, ONE))
    assert [1] == await listeners(database, A)
    assert () == (await database.transaction(check)).differences


def test_the_route_takes_an_id_and_erases_its_listener(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    for anon_id in (ID, "0d1c7a52-52a2-4b0e-8a38-0d0b8f7c0001"):
        body = json.dumps({"trackEntryKey": key, "bucket": "complete", "anonId": anon_id}).encode()
        assert 202 == ask(door, "POST", "/api/event/play", JSON, body).status
    open_service.await_plays(key, 2)
    assert 2 == ask(open_service.reads, "GET", f"/api/stats/track/{key}").json()["listeners"]
    answer = ask(door, "POST", "/api/event/forget", JSON, json.dumps({"anonId": ID.upper()}).encode())
    assert (202, b"") == (answer.status, answer.body)
    eventually(lambda: ask(open_service.reads, "GET", f"/api/stats/track/{key}").json()["listeners"] == 1)
    open_service.query("DELETE FROM forgotten")  # so that the other door's turn starts afresh


@pytest.mark.parametrize("body", [b"{}", b'{"anonId": null}', b'{"anonId": "me"}', b'{"anonId": 7}', b"[]", b""])
def test_a_body_without_an_id_is_refused_with_the_form(door: Door, body: bytes) -> None:
    answer = ask(door, "POST", "/api/event/forget", JSON, body)
    assert 400 == answer.status
    assert "anonId" in answer.json()["detail"] or "JSON" in answer.json()["detail"]
