"""SIGKILL of the service under load through both doors: every 202 is counted exactly once, whenever it hits."""

import re
from pathlib import Path
from random import Random

import pytest
import trio

from storage.bridge import Address, open_database
from storage.check import check
from tests.support.ledger import ledger, until
from tests.support.load import Insistent, Load, Promises, assert_kept, counted
from tests.support.running import running

KILLS, KILLS_FULL = 8, 100


async def test_every_202_is_counted_once_over_kills_at_random_moments(
    data_dir: Path, database_url: str, full: bool
) -> None:
    random = Random(1)
    promises = Promises()
    environment = {"TONEARM_DATABASE_URL": database_url}
    kills = KILLS_FULL if full else KILLS
    for number in range(kills):
        async with running(data_dir, environment) as service, trio.open_nursery() as nursery:
            await nursery.start(Load(*address(service.beacon), promises, name=f"beacon-{number}").run)
            await nursery.start(Load(*address(service.url), promises, connections=6, name=f"http-{number}").run)
            await trio.sleep(random.uniform(0.05, 0.8))
            service.process.kill()
            service.process.wait()
            nursery.cancel_scope.cancel()
    async with running(data_dir, environment) as service:
        assert 0 == await trio.to_thread.run_sync(service.stop)  # counts what the spool still held
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences
    for door in ("beacon", "http"):
        assert sum(key.startswith(door) for key in promises.acknowledged) > 5 * kills


@pytest.mark.full
async def test_events_that_are_sent_again_over_kills_are_counted_once(
    data_dir: Path, database_url: str, full: bool
) -> None:
    random = Random(2)
    promises = Promises()
    reached: dict[str, tuple[int, int]] = {}
    environment = {"TONEARM_DATABASE_URL": database_url}
    for _ in range(20 if full else 3):
        async with running(data_dir, environment) as service, trio.open_nursery() as nursery:
            await nursery.start(Insistent(*address(service.beacon), promises, reached).run)
            await trio.sleep(random.uniform(0.2, 1.5))
            service.process.kill()
            service.process.wait()
            nursery.cancel_scope.cancel()
    async with running(data_dir, environment) as service:
        await until(service, "pending", 0)
        figures = await trio.to_thread.run_sync(ledger, service)
        assert figures["received"] + figures["recovered"] == figures["counted"] + figures["duplicate"]
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences
    assert {} == promises.refused
    assert len(promises.acknowledged) > 100


def address(url: str) -> tuple[str, int]:
    found = re.fullmatch(r"http://(.+):(\d+)", url)
    assert found is not None
    return found.group(1), int(found.group(2))
