"""A pool of connections, and the ways to use one: for a call, a transaction, a view, held, or listening."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from threading import Event
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import anyio.from_thread
import asyncpg
import trio

from storage.bridge.connecting import CLOSE_TIMEOUT_S, CONNECT_TIMEOUT_S, Address, close, connect
from storage.bridge.errors import DatabaseThreadDead, DatabaseUnavailable, cut_off
from storage.bridge.thread import Thread, has_uvloop, nothing, over
from storage.told import Told

T = TypeVar("T")
P = ParamSpec("P")

Row = Sequence[Any]  # a row's values by position; Any because a driver cannot know a statement's types

_LONG_S: Final = 6 * 3600  # for what reads or rewrites the whole log, which takes as long as the log is
# What is read is sent on to a client, who may be slow.
_MAY_REST: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"


class Connection(Protocol):
    """What statement functions may use of a connection."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def fetch(self, query: str, *args: object) -> Sequence[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    def transaction(self) -> AbstractAsyncContextManager[object]: ...
    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: Sequence[Sequence[object]], columns: Sequence[str]
    ) -> str: ...


class Database:
    """A pool of connections in the asyncio thread. Made by `open_database`."""

    def __init__(self, thread: Thread, pool: "asyncpg.Pool[Any]") -> None:
        self._loop = thread
        self._pool = pool

    async def run(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`await work(connection, *args)` on a pooled connection, each statement its own transaction.

        Raises DatabaseUnavailable where trying again makes sense; what else comes is a bug.
        """

        return await over(self._loop, lambda: borrowing(self._lend(), lambda one: work(one, *args, **kwargs)))

    async def transaction(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same in one transaction, which an exception rolls back. One crossing for the whole of it."""

        async def whole(connection: "asyncpg.pool.PoolConnectionProxy[Any]") -> T:
            async with connection.transaction():
                return await work(connection, *args, **kwargs)

        return await over(self._loop, lambda: borrowing(self._lend(), whole))

    async def patiently(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for what grows with the log: its statements may take hours."""

        async def patient(connection: Connection) -> T:
            return await work(_Patient(connection), *args, **kwargs)

        return await self.transaction(patient)

    async def thread_answers(self) -> None:
        """Once the thread of the connections has had a turn; PostgreSQL is not asked. Raises DatabaseThreadDead."""
        await over(self._loop, nothing)

    def _lend(self) -> "AbstractAsyncContextManager[asyncpg.pool.PoolConnectionProxy[Any]]":
        lent: AbstractAsyncContextManager[asyncpg.pool.PoolConnectionProxy[Any]]
        lent = self._pool.acquire(timeout=CONNECT_TIMEOUT_S)
        return lent

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """One view of the database, which nobody's writing changes, on a connection held for it. For readers."""

        async def begin() -> tuple["asyncpg.pool.PoolConnectionProxy[Any]", "asyncpg.transaction.Transaction"]:
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT_S)
            try:
                view = connection.transaction(isolation="repeatable_read", readonly=True)
                await view.start()
                await connection.execute(_MAY_REST)
            except BaseException:
                await self._pool.release(connection)
                raise
            return connection, view

        async def end() -> None:
            with suppress(asyncpg.InterfaceError):  # a connection that was lost has left the pool by itself
                try:
                    await view.rollback()
                finally:
                    await self._pool.release(connection)

        connection, view = await over(self._loop, begin)
        try:
            yield Snapshot(self._loop, _Patient(connection))
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseUnavailable):
                await over(self._loop, end)

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator["News"]:
        """What is told with NOTIFY on `channel`, on a connection held for it. Raises DatabaseUnavailable."""
        token = trio.lowlevel.current_trio_token()
        said = Told()

        def told(_connection: object, _process: int, _channel: str, payload: str) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(said.put, payload)

        def gone() -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(said.end)

        async def listen(connection: Any) -> None:
            await connection.add_listener(channel, told)

        async def leave(connection: Any) -> None:
            await connection.remove_listener(channel, told)

        async with self._kept(listen, leave, gone) as session:
            yield News(session, said)

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        """One connection for as long as the block lasts, for what belongs to it, as a lock does; afterwards it is as
        new. Raises DatabaseUnavailable.
        """
        async with self._kept(nothing, nothing, lambda: None) as session:
            yield session

    @asynccontextmanager
    async def _kept(
        self, enter: Callable[[Any], Awaitable[None]], leave: Callable[[Any], Awaitable[None]], gone: Callable[[], None]
    ) -> AsyncIterator["Session"]:
        """`gone` is called in the other thread, at once, when the connection is lost."""
        cut = Event()

        def lost(*_: object) -> None:
            cut.set()
            gone()

        async def begin() -> "asyncpg.pool.PoolConnectionProxy[Any]":
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT_S)
            try:
                connection.add_termination_listener(lost)
                await enter(connection)
            except BaseException:
                await self._pool.release(connection)
                raise
            return connection

        async def end() -> None:
            with suppress(asyncpg.InterfaceError):  # a connection that was lost has left the pool by itself
                try:
                    connection.remove_termination_listener(lost)
                    await leave(connection)
                finally:
                    await self._pool.release(connection)

        connection = await over(self._loop, begin)
        try:
            yield Session(self._loop, connection, cut)
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseUnavailable):
                await over(self._loop, end)


class Snapshot:
    """The database as it was at one moment, over any number of calls. Made by `Database.snapshot`."""

    def __init__(self, thread: Thread, connection: "_Patient") -> None:
        self._loop = thread
        self._connection = connection

    async def run(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`await work(connection, *args)`; statements may take hours. Raises as `Database.run`."""
        return await over(self._loop, lambda: work(self._connection, *args, **kwargs))


class _Patient:
    """A connection whose statements have hours."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(getattr(self._connection, name), timeout=_LONG_S)


class Session:
    """One connection, held. Made by `Database.session`."""

    def __init__(self, thread: Thread, connection: "asyncpg.pool.PoolConnectionProxy[Any]", cut: Event) -> None:
        self._loop = thread
        self._connection = connection
        self._cut = cut  # set in the other thread, at once

    async def run(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`await work(connection, *args)` on this connection, so that it waits for no other.

        By one task at a time. Raises DatabaseUnavailable.
        """

        async def on_this() -> T:
            if self._cut.is_set():  # the pool has taken the connection back, and asyncpg would call this a wrong use
                raise asyncpg.ConnectionDoesNotExistError("the connection was lost")
            return await borrowing(nullcontext(self._connection), lambda one: work(one, *args, **kwargs))

        return await over(self._loop, on_this)


class News:
    """What is told on a channel, and the connection that hears it. Made by `Database.listening`."""

    def __init__(self, session: Session, told: Told) -> None:
        self.run = session.run
        self._told = told

    async def wait(self) -> Sequence[str]:
        """Until something was told; the payloads since the last call, in the order they were told.

        Raises DatabaseUnavailable where the connection is lost.
        """
        payloads = await self._told.take()
        if not payloads:
            raise DatabaseUnavailable("the connection that listens for news was lost")
        return payloads

    def lost(self) -> int:
        """How many payloads were not taken in time since this was asked last."""
        return self._told.lost()


@asynccontextmanager
async def open_database(address: Address, *, connections: int) -> AsyncIterator[Database]:
    """Connect, and keep up to `connections` open. Raises DatabaseUnavailable or DatabaseRefused.

    On leaving, connections are closed within a few seconds, then cut.
    """
    manager = anyio.from_thread.start_blocking_portal("asyncio", {"use_uvloop": has_uvloop()})
    portal = await trio.to_thread.run_sync(manager.__enter__)
    try:
        thread = Thread(await trio.to_thread.run_sync(portal.call, asyncio.get_running_loop))
        pool = await over(thread, lambda: connect(address, connections))
        try:
            yield Database(thread, pool)
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseThreadDead):  # then nothing is left to be closed
                await over(thread, lambda: close(pool))
    finally:
        # Bounded: a loop that was ended from inside can hang in its own closing, and must not keep the process.
        with trio.move_on_after(CLOSE_TIMEOUT_S, shield=True):
            await trio.to_thread.run_sync(manager.__exit__, None, None, None, abandon_on_cancel=True)


async def borrowing(
    lent: "AbstractAsyncContextManager[asyncpg.pool.PoolConnectionProxy[Any]]",
    work: Callable[["asyncpg.pool.PoolConnectionProxy[Any]"], Awaitable[T]],
) -> T:
    """`work` on a connection that is lent, which ends when the connection does.

    asyncpg alone does not see to that: a COPY that waits for room to write waits for ever if the connection is lost
    meanwhile. And after such an end the rollback and the return to the pool fail for reasons of their own.
    """
    task = asyncio.current_task()
    lost: list[Any] = []

    def gone(connection: Any) -> None:
        lost.append(connection)
        if task is not None:
            task.cancel()

    try:
        async with lent as connection:
            connection.add_termination_listener(gone)
            takes_writes = True
            try:
                return await work(connection)
            except asyncpg.ReadOnlySQLTransactionError:
                takes_writes = False
                raise
            finally:
                with suppress(asyncpg.InterfaceError):  # it has left the pool
                    connection.remove_termination_listener(gone)
                if not takes_writes:  # any more: the next call is to find the server that does
                    connection.terminate()
    except BaseException as error:
        if lost or cut_off(error):
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost") from error
        raise
