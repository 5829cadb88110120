"""PostgreSQL goes away under load, by SIGKILL or for a while: no refusal, nothing lost, nothing twice."""

import os
import signal
from pathlib import Path
from random import Random

import pytest
import trio

from storage.bridge import Address, Connection, Database, open_database
from storage.check import check
from storage.embedded.client import running_postgres
from tests.faults.test_kill_service import address
from tests.support.ledger import HANGS_S, ledger, until
from tests.support.load import Load, Promises, assert_kept, counted
from tests.support.running import UNLIMITED, running
from tests.support.service import Service
from tests.support.stoppable_postgres import StoppablePostgres


async def started(data_dir: Path, environment: dict[str, str]) -> Service:
    """For a test that stops it by itself; prefer `running`, which does so however the test ends."""
    return await trio.to_thread.run_sync(lambda: Service(data_dir, UNLIMITED | environment).ready())


async def kept(service: Service, promises: Promises, where: Address) -> None:
    """All is counted, once, and the counters hold against the log."""
    await until(service, "pending", 0)
    async with open_database(where, connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences


def embedded_address(data_dir: Path) -> Address:
    with running_postgres(data_dir / "postgres") as own:
        assert own is not None
        return Address(host=own.host, port=own.port, user=own.user, database=own.database)


@pytest.mark.full
async def test_the_embedded_postgres_is_killed_again_and_again(data_dir: Path, full: bool) -> None:
    random = Random(3)
    promises = Promises()
    async with running(data_dir) as service:
        pid_file = data_dir / "postgres" / "cluster" / "postmaster.pid"
        async with trio.open_nursery() as nursery:
            await nursery.start(Load(*address(service.beacon), promises).run)
            for _ in range(6 if full else 2):
                await trio.sleep(random.uniform(0.2, 1.0))
                before = (await trio.to_thread.run_sync(ledger, service))["counted"]
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
                accepted = len(promises.acknowledged)
                # It came back, and is past the moment of the kill. The supervisor's pause doubles with each.
                await until(service, "counted", max(before + 1, accepted))
            nursery.cancel_scope.cancel()
        assert {} == promises.refused
        await kept(service, promises, await trio.to_thread.run_sync(embedded_address, data_dir))
        assert 0 == await trio.to_thread.run_sync(service.stop)
        assert len(promises.acknowledged) > 100


async def test_events_are_accepted_during_an_outage_and_while_it_is_caught_up(
    data_dir: Path, tmp_path_factory: pytest.TempPathFactory, full: bool
) -> None:
    promises = Promises()
    server = StoppablePostgres(tmp_path_factory.mktemp("outage") / "pg")
    with server as postgres:
        url = await trio.to_thread.run_sync(postgres.new_database)
        async with running(data_dir, {"TONEARM_DATABASE_URL": url}) as service:
            async with trio.open_nursery() as nursery:
                await nursery.start(Load(*address(service.beacon), promises, connections=32).run)
                await until(service, "counted", 100)
                await trio.to_thread.run_sync(server.stop)
                await grown(promises, 40_000 if full else 6_000)
                await trio.to_thread.run_sync(server.start)
                backlog = len(promises.acknowledged)
                rounds = 0
                while (await trio.to_thread.run_sync(ledger, service))["counted"] < backlog:
                    await grown(promises, 1)  # also while it catches up
                    rounds += 1
                assert rounds > 0
                nursery.cancel_scope.cancel()
            assert {} == promises.refused
            await kept(service, promises, Address(url=url))
            assert 0 == await trio.to_thread.run_sync(service.stop)


async def grown(promises: Promises, by: int) -> None:
    """Until so many more are acknowledged; only a service that hangs or refuses does not get there."""
    wanted = len(promises.acknowledged) + by
    with trio.fail_after(HANGS_S):
        while len(promises.acknowledged) < wanted:
            await trio.sleep(0.01)


TERMINATE = """SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
               WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xid IS NOT NULL"""
CANCEL = """SELECT count(pg_cancel_backend(pid))::int FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xid IS NOT NULL
              AND state = 'active'"""


@pytest.mark.parametrize("strike", [TERMINATE, CANCEL], ids=["connection killed", "query cancelled"])
async def test_transactions_that_are_struck_down_again_and_again(
    data_dir: Path, database_url: str, full: bool, strike: str
) -> None:
    promises = Promises()
    async with running(data_dir, {"TONEARM_DATABASE_URL": database_url}) as service:
        async with trio.open_nursery() as nursery:
            await nursery.start(Load(*address(service.beacon), promises).run)
            async with open_database(Address(url=database_url), connections=1) as database:
                for _ in range(60 if full else 6):
                    await struck(database, strike)
                    await until(service, "counted", (await trio.to_thread.run_sync(ledger, service))["counted"] + 1)
            nursery.cancel_scope.cancel()
        assert {} == promises.refused
        assert "database unavailable, trying again" in service.said()
        await kept(service, promises, Address(url=database_url))
        assert 0 == await trio.to_thread.run_sync(service.stop)


async def struck(database: Database, strike: str) -> None:
    """Until one that was in the middle of a transaction, with something written, was hit."""

    async def hit(connection: Connection) -> int:
        return int(await connection.fetchval(strike))

    with trio.fail_after(HANGS_S):
        while await database.run(hit) == 0:
            await trio.sleep(0)
