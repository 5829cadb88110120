"""What is told by NOTIFY arrives whole and in order, also beside work on the same connection; a lost line is said."""

from collections.abc import AsyncIterator

import pytest
import trio

from storage import pulse
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, News, open_database
from tests.support.postgres import rows

_KILL_LISTENERS = """SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ '^LISTEN|pg_notify'"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        yield opened


async def heard(news: News, number: int) -> list[str]:
    """So many payloads, however many come at a time."""
    payloads: list[str] = []
    while len(payloads) < number:
        payloads += await news.wait()
    return payloads


async def test_payloads_arrive_whole_and_in_order(database: Database) -> None:
    said = [f"{number} {'ü' * 3_900}" for number in range(50)]
    with trio.fail_after(20):
        async with database.listening("a_channel") as news:
            await rows(database, "SELECT pg_notify('a_channel', one) FROM unnest($1::text[]) AS one", said)
            assert said == await heard(news, len(said))


async def test_a_channel_hears_nothing_of_another(database: Database) -> None:
    with trio.fail_after(20):
        async with database.listening("a_channel") as news:
            await rows(database, "SELECT pg_notify('another', 'x'), pg_notify('a_channel', 'y')")
            assert ["y"] == await news.wait()


async def test_who_listens_tells_on_the_same_connection_and_hears_itself(database: Database) -> None:
    with trio.fail_after(20):
        async with database.listening(pulse.CHANNEL) as news, database.listening(pulse.CHANNEL) as other:
            await news.run(pulse.tell, ["one", "two"])
            assert ["one", "two"] == await heard(news, 2)
            assert ["one", "two"] == await heard(other, 2)


async def test_a_line_that_is_cut_is_an_outage_to_who_waits(database: Database) -> None:
    with trio.fail_after(20):
        async with database.listening("a_channel") as news:
            assert [(1,)] == await rows(database, _KILL_LISTENERS)
            with pytest.raises(DatabaseUnavailable):
                await news.wait()
            with pytest.raises(DatabaseUnavailable):
                await news.run(pulse.tell, ["one"])
        async with database.listening("a_channel") as news:  # and another can be had
            await rows(database, "SELECT pg_notify('a_channel', 'again')")
            assert ["again"] == await news.wait()


async def test_a_line_that_is_cut_in_the_middle_of_work_is_an_outage(database: Database) -> None:
    async def sleep(connection: Connection) -> None:
        await connection.execute("SELECT pg_sleep(60), 'pg_notify'")

    async def cut() -> None:
        kill = _KILL_LISTENERS.replace("^LISTEN|pg_notify", "pg_sleep")
        while [(0,)] == await rows(database, kill):
            await trio.sleep(0.01)

    with trio.fail_after(20):
        async with database.listening("a_channel") as news, trio.open_nursery() as nursery:
            nursery.start_soon(cut)
            with pytest.raises(DatabaseUnavailable):
                await news.run(sleep)
