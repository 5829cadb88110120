"""One process leads: by a lock that PostgreSQL gives to one session, and takes from one that is silent."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date

import pytest
import trio
import trio.testing

from actors.leader import Leader
from storage import leadership, listener_day
from storage.bridge import Address, Connection, Database, Session, open_database
from storage.check import check
from storage.log import make_months
from storage.migrate import migrate, migrations
from storage.retention import Keep
from tests.support.housekeeping import housekeeper
from tests.support.postgres import rows

TODAY = date(2026, 11, 21)
# The server has databases of other tests beside.
OURS = "objid = 748309121 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
PATIENCE_S = 30


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=6) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


@asynccontextmanager
async def standing(database: Database, number: int) -> AsyncIterator[tuple[Sequence[Leader], Sequence[AsyncExitStack]]]:
    """So many that stand, one after another; closing one's stack ends it in order."""
    lives = [AsyncExitStack() for _ in range(number)]
    leaders = []
    async with trio.open_nursery() as nursery:
        for life in lives:
            send, receive = trio.open_memory_channel[None](0)
            await life.enter_async_context(send)
            leaders.append(Leader(receive, database))
            await nursery.start(leaders[-1].run)
        try:
            yield leaders, lives
        finally:
            for life in lives:
                await life.aclose()


async def test_the_first_to_stand_leads_as_soon_as_it_has_started_and_no_other_does(database: Database) -> None:
    async with standing(database, 3) as (leaders, _):
        assert [True, False, False] == [one.leads for one in leaders]


async def test_when_the_leader_stops_another_one_leads_soon(database: Database) -> None:
    async with standing(database, 2) as ((first, second), (life, _)):
        called = []
        second.on_election(lambda: called.append(True))
        await life.aclose()
        with trio.fail_after(PATIENCE_S):
            await second.turn()
        assert (False, True, [True]) == (first.leads, second.leads, called)


async def test_a_leader_whose_connection_is_ended_knows_and_one_leads_again(database: Database) -> None:
    end = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND {OURS}"
    async with standing(database, 2) as (leaders, _):
        assert [(True,)] == await rows(database, end)
        with trio.fail_after(PATIENCE_S):
            while leaders[0].leads:
                await trio.sleep(0.05)
            while not any(one.leads for one in leaders):
                await trio.sleep(0.05)
        assert 1 == sum(one.leads for one in leaders)


async def silent(session: Session) -> None:
    await session.run(leadership.prepare)
    assert await session.run(leadership.claim)


@pytest.mark.full
async def test_who_holds_the_lock_and_hangs_loses_it_after_the_lease(database: Database) -> None:
    async with database.session() as session:
        await silent(session)
        began = trio.current_time()
        async with standing(database, 1) as ([leader], _):
            assert not leader.leads
            with trio.fail_after(PATIENCE_S):
                await leader.turn()
            assert leadership.LEASE_S <= trio.current_time() - began + 0.5
    assert leader is not None


async def test_a_session_that_claimed_leaves_nothing_behind_on_its_connection(database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        async with database.session() as session:
            await silent(session)
        assert [("0",)] == await rows(database, "SHOW idle_session_timeout")
        assert [(0,)] == await rows(database, f"SELECT count(*)::int FROM pg_locks WHERE {OURS}")


async def test_duties_of_two_housekeepers_at_once_are_done_once(database: Database) -> None:
    async def leave(connection: Connection) -> None:
        await make_months(connection, [date(2025, 9, 1)])
        for day in (date(2026, 11, 18), date(2026, 11, 19)):
            await listener_day.begin(connection, day, partial=False)

    await database.transaction(leave)
    async with trio.open_nursery() as nursery, AsyncExitStack() as lives:
        for _ in range(2):
            life, its_end = trio.open_memory_channel[None](0)
            await lives.enter_async_context(life)
            keeper = housekeeper(its_end, database, keep=Keep(log_months=12))
            nursery.start_soon(keeper.run)
        with trio.fail_after(PATIENCE_S):
            while await rows(database, "SELECT 1 FROM token_day WHERE NOT closed"):
                await trio.sleep(0.05)
            while await rows(database, "SELECT 1 WHERE to_regclass('play_event_2025_09') IS NOT NULL"):
                await trio.sleep(0.05)
            while not await rows(database, "SELECT 1 FROM listener_generation WHERE compact"):
                await trio.sleep(0.05)
    assert [(1,)] == await rows(database, "SELECT count(*)::int FROM audit WHERE act = 'retention'")
    assert () == (await database.transaction(check)).differences


async def test_a_housekeeper_whose_turn_it_is_not_does_nothing_until_it_is_called(database: Database) -> None:
    leads = False
    life, its_end = trio.open_memory_channel[None](0)
    keeper = housekeeper(its_end, database, leads=lambda: leads)
    made = "SELECT 1 WHERE to_regclass('play_event_2026_12') IS NOT NULL"
    async with trio.open_nursery() as nursery:
        await nursery.start(keeper.run)
        await trio.testing.wait_all_tasks_blocked()
        assert [] == await rows(database, made)
        leads = True
        keeper.look_now()
        with trio.fail_after(PATIENCE_S):
            while not await rows(database, made):
                await trio.sleep(0.02)
        await life.aclose()
