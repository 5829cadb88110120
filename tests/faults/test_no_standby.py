"""A primary that waits for a synchronous standby that is gone, as an old one does after a failover: nothing it says
counts, although its own tables show the events as soon as the wait for the standby is given up.
"""

from pathlib import Path

import pytest
import trio

from storage.bridge import Address, Connection, Database, connecting, open_database
from storage.migrate import migrate, migrations
from tests.integration.test_pipeline import Pipeline, pipeline, play, plays
from tests.support.postgres import rows
from tests.support.stoppable_postgres import StoppablePostgres

HANGS_S = 60
WAITING = "SELECT xact_start FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


async def has_to_wait_for(database: Database, standby: str) -> None:
    async def alter(connection: Connection) -> None:
        await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        await connection.execute("SELECT pg_reload_conf()")

    await database.run(alter)


async def until_counted(running: Pipeline, number: int) -> None:
    while running.ledger.counted < number:
        await trio.sleep(0.02)


async def test_a_commit_that_no_standby_has_is_not_believed_and_the_event_counts_once_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_COMMAND_TIMEOUT_S", 0.5)  # what is two minutes for a service
    with StoppablePostgres(tmp_path / "pg") as postgres, trio.fail_after(HANGS_S):
        address = Address(url=await trio.to_thread.run_sync(postgres.new_database))
        async with open_database(address, connections=6) as database:
            await database.transaction(migrate, migrations())
            async with pipeline(tmp_path, database) as running:
                await running.accept(play("before"))
                await until_counted(running, 1)
                await has_to_wait_for(database, "nobody")
                await running.accept(play("meanwhile"))
                while await plays(database) != {"before": 1, "meanwhile": 1}:  # as the primary itself sees it
                    await trio.sleep(0.02)
                attempts = set[object]()
                while len(attempts) < 4:  # to learn from it that it was counted
                    attempts |= {row[0] for row in await rows(database, WAITING)}
                    await trio.sleep(0.02)
                assert (1, 1) == (running.ledger.counted, running.spool.pending_events)
                await has_to_wait_for(database, "")
                await until_counted(running, 2)
                assert {"before": 1, "meanwhile": 1} == await plays(database)
