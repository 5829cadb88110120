"""The way from Trio to PostgreSQL, with the failures that really happen: cut, cancelled, killed, refused, closed."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from storage.bridge import Address, Connection, Database, DatabaseRefused, DatabaseUnavailable, open_database
from tests.support.postgres import Postgres, rows

_SLEEPING = "SELECT count(*)::int FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%'"
_NOT_ME = f"{_SLEEPING} AND pid <> pg_backend_pid()"
_KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=3) as opened:
        yield opened


async def one(database: Database, statement: str) -> object:
    [(value,)] = await rows(database, statement)
    return value


async def sleep_on_server(connection: Connection) -> None:
    await connection.execute("SELECT pg_sleep(60)")


async def until_asleep(database: Database, sleepers: int = 1) -> None:
    with trio.fail_after(10):
        while await one(database, _NOT_ME) != sleepers:
            await trio.sleep(0.01)


async def test_results_come_back_with_their_types(database: Database) -> None:
    [row] = await rows(database, "SELECT 1::bigint, 'ü'::text, NULL, $1::text[], '\\x00ff'::bytea", ["a", "b"])
    assert (1, "ü", None, ["a", "b"], b"\x00\xff") == row


async def test_arguments_reach_the_work(database: Database) -> None:
    async def add(connection: Connection, first: int, *, second: int) -> int:
        return int(await connection.fetchval("SELECT $1::int + $2::int", first, second))

    assert 5 == await database.run(add, 2, second=3)


async def test_many_calls_share_few_connections(database: Database) -> None:
    results: list[object] = []

    async def ask(number: int) -> None:
        results.append(await one(database, f"SELECT {number}"))

    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(ask, number)
    assert set(range(50)) == set(results)
    assert (await one(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")) in (
        1,
        2,
        3,
    )


async def test_trio_goes_on_while_the_database_works(database: Database) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.sleep(0.001)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turn)
        await rows(database, "SELECT pg_sleep(0.2)")
        nursery.cancel_scope.cancel()
    assert turns > 20


async def insert(connection: Connection, *values: int) -> None:
    for value in values:
        await connection.execute("INSERT INTO kept VALUES ($1)", value)


async def insert_and_fail(connection: Connection, value: int) -> None:
    await insert(connection, value)
    raise KeyError(value)


async def insert_and_sleep(connection: Connection, value: int) -> None:
    await insert(connection, value)
    await sleep_on_server(connection)


@pytest.fixture
async def kept(database: Database) -> Database:
    await rows(database, "CREATE TABLE kept (value integer PRIMARY KEY)")
    return database


async def test_a_transaction_is_all_or_nothing(kept: Database) -> None:
    await kept.transaction(insert, 1, 2)
    with pytest.raises(KeyError):
        await kept.transaction(insert_and_fail, 3)
    with pytest.raises(Exception, match="duplicate key"):
        await kept.transaction(insert, 4, 1)
    assert [(1,), (2,)] == await rows(kept, "SELECT value FROM kept ORDER BY value")


async def test_without_a_transaction_each_statement_stands_alone(kept: Database) -> None:
    with pytest.raises(KeyError):
        await kept.run(insert_and_fail, 1)
    assert [(1,)] == await rows(kept, "SELECT value FROM kept")


@pytest.mark.parametrize(
    "code",
    "08006 25006 25P03 40001 40P01 53100 53200 53300 57014 57P01 57P02 57P03".split(),  # noqa: SIM905  # a table of codes
)
async def test_what_may_pass_is_called_unavailable(database: Database, code: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await rows(database, f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
    assert 1 == await one(database, "SELECT 1")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT 1 / 0", "22012"),
        ("SELECT * FROM nowhere", "42P01"),
        ("SELEC 1", "42601"),
        ("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '23505'; END $$", "23505"),
    ],
)
async def test_a_bug_is_not_taken_for_an_outage(database: Database, statement: str, code: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # asyncpg's own; only the bridge may import it
        await rows(database, statement)
    assert not isinstance(caught.value, DatabaseUnavailable | DatabaseRefused)
    assert code == getattr(caught.value, "sqlstate", None)


async def test_cancelling_has_ended_the_query_on_the_server(database: Database) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.run, sleep_on_server)
        await until_asleep(database)
        nursery.cancel_scope.cancel()
    assert 0 == await one(database, _NOT_ME)


async def test_cancelling_rolls_the_transaction_back_before_it_returns(kept: Database) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(kept.transaction, insert_and_sleep, 1)
        await until_asleep(kept)
        nursery.cancel_scope.cancel()
    await kept.transaction(insert, 1)  # would wait for the other's lock, or fail on its row
    assert [(1,)] == await rows(kept, "SELECT value FROM kept")


async def test_cancelling_before_it_began_does_nothing(kept: Database) -> None:
    for _ in range(20):
        with trio.CancelScope() as scope:
            scope.cancel()
            await kept.transaction(insert_and_sleep, 1)
        assert scope.cancelled_caught
    assert [] == await rows(kept, "SELECT value FROM kept")


async def test_cancelled_calls_leave_every_connection_usable(database: Database) -> None:
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(database.run, sleep_on_server)
            await until_asleep(database, 2)
            nursery.cancel_scope.cancel()
    assert 1 == await one(database, "SELECT 1")


async def test_a_backend_killed_in_its_query_is_an_outage_and_the_next_call_works(database: Database) -> None:
    async def expect_outage() -> None:
        with pytest.raises(DatabaseUnavailable):
            await database.transaction(sleep_on_server)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(expect_outage)
        await until_asleep(database)
        assert [(True,)] == await rows(database, _KILL)
    assert [1, 1, 1] == [await one(database, "SELECT 1") for _ in range(3)]


_KILL_WRITERS = """SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xid IS NOT NULL"""


async def insert_and_copy(connection: Connection) -> None:
    await insert(connection, 1)
    many = [(number, "x" * 200) for number in range(20_000)]  # more than the socket takes at once
    await connection.copy_records_to_table("copied", records=many, columns=["number", "text"])


async def test_a_copy_cut_off_at_any_moment_is_an_outage_and_ends(database_url: str, kept: Database) -> None:
    """asyncpg alone waits for ever here now and then, or reports an operation that is still in progress."""
    await rows(kept, "CREATE TABLE copied (number integer, text text)")
    struck = 0
    async with open_database(Address(url=database_url), connections=1) as other, trio.open_nursery() as nursery:

        async def strike() -> None:
            while True:
                await rows(other, _KILL_WRITERS)
                await trio.sleep(0.003)

        nursery.start_soon(strike)
        with trio.fail_after(60):
            while struck < 300:
                try:
                    await rows(kept, "TRUNCATE kept, copied")  # which a late strike may hit as well
                    await kept.transaction(insert_and_copy)
                except DatabaseUnavailable:
                    struck += 1
        nursery.cancel_scope.cancel()
    assert 1 == await one(kept, "SELECT 1")


async def test_an_idle_connection_killed_is_replaced(postgres: Postgres, database: Database) -> None:
    [(name, pid)] = await rows(database, "SELECT current_database()::text, pg_backend_pid()")
    async with open_database(Address(url=postgres.url("tonearm")), connections=1) as other:
        await rows(other, "SELECT pg_terminate_backend($1::int)", pid)
    with trio.fail_after(10):
        while True:
            try:
                assert name == await one(database, "SELECT current_database()::text")
                return
            except DatabaseUnavailable:
                await trio.sleep(0.01)


async def test_a_call_after_the_end_is_an_outage(database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        assert 1 == await one(database, "SELECT 1")
    with pytest.raises(DatabaseUnavailable, match="has ended"):
        await one(database, "SELECT 1")


async def test_the_thread_ends_with_the_database(database_url: str) -> None:
    before = threading.active_count()
    async with open_database(Address(url=database_url), connections=1):
        pass
    assert before >= threading.active_count()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("/tonearm?", "/no_such_database?"), 'database "no_such_database" does not exist'),
        (("://", "://nobody_here:wrong@"), "PostgreSQL refuses the connection"),
        (("&port=", "&port=none"), "cannot be used"),
        (("&port=", "&sslmode=perhaps&port="), "cannot be used"),
    ],
)
async def test_an_address_that_cannot_work_is_refused_in_a_sentence(
    postgres: Postgres, change: tuple[str, str], sentence: str
) -> None:
    url = postgres.url("tonearm").replace(*change)
    if "nobody_here" in url:
        url = url[: url.index("@") + 1] + url[url.rindex("@") + 1 :]
    with pytest.raises(DatabaseRefused, match=sentence):
        async with open_database(Address(url=url), connections=1):
            pass


@pytest.mark.parametrize("url", ["postgresql://a@127.0.0.1:1/b", "postgresql://a@/b?host=%2Fnowhere"])
async def test_a_server_that_is_not_there_is_an_outage(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with open_database(Address(url=url), connections=1):
            pass


async def test_an_exception_of_the_body_comes_out_as_it_is(database_url: str) -> None:
    with pytest.raises(KeyError):
        async with open_database(Address(url=database_url), connections=1):
            raise KeyError


async def test_of_several_servers_the_one_that_answers_is_found(database_url: str, tmp_path: Path) -> None:
    several = database_url.replace("host=", f"host={tmp_path},").replace("port=", "port=1,")
    async with open_database(Address(url=several), connections=1) as database:
        assert 1 == await one(database, "SELECT 1")


async def test_where_none_of_several_answers_each_is_named(tmp_path: Path) -> None:
    url = f"postgresql:///x?host={tmp_path},127.0.0.1&port=1,1"
    with pytest.raises(DatabaseUnavailable, match=rf"{tmp_path}:1: .*; 127\.0\.0\.1:1: "):
        async with open_database(Address(url=url), connections=1):
            pass


async def write(connection: Connection) -> None:
    await connection.execute("CREATE TABLE written ()")


async def test_a_server_that_takes_no_writes_is_not_used(database_url: str) -> None:
    read_only = f"{database_url}&default_transaction_read_only=on"
    with pytest.raises(DatabaseUnavailable, match="read"):
        async with open_database(Address(url=read_only), connections=1):
            pass
    async with open_database(Address(url=read_only, read_only=True), connections=1) as database:
        assert 1 == await one(database, "SELECT 1")


async def test_a_connection_that_takes_no_writes_any_more_is_an_outage_and_is_replaced(database: Database) -> None:
    async def refuse(connection: Connection) -> int:
        await connection.execute("SET default_transaction_read_only = on")
        return int(await connection.fetchval("SELECT pg_backend_pid()"))

    async def refuse_and_write(connection: Connection) -> None:
        await refuse(connection)
        await write(connection)

    with pytest.raises(DatabaseUnavailable):
        await database.run(refuse_and_write)
    await database.transaction(write)


async def test_who_does_nothing_in_a_transaction_for_long_is_cut_off_and_a_reader_is_not(database: Database) -> None:
    assert "1min" == await one(database, "SHOW idle_in_transaction_session_timeout")
    async with database.snapshot() as snapshot:

        async def show(connection: Connection) -> object:
            return await connection.fetchval("SHOW idle_in_transaction_session_timeout")

        assert "0" == await snapshot.run(show)
