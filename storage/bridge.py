"""The way from Trio to PostgreSQL: the only file that knows asyncpg and asyncio (DESIGN §7).

asyncpg needs an asyncio loop. One runs in a thread of its own for the life of a `Database`; a call hands a
coroutine function to that loop and parks the Trio task until it is done. Cancelling the Trio task cancels
the coroutine, which makes asyncpg cancel the query on the server, and waits for that to have happened.

The functions in the sibling modules that take a `Connection` are such coroutine functions. They run on the
asyncio side and may await the connection and nothing else.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import anyio.from_thread
import asyncpg
import outcome
import trio

from storage import servers
from storage.servers import Server
from storage.told import Told

T = TypeVar("T")
P = ParamSpec("P")

Row = Sequence[Any]  # a row's values by position; Any because a driver cannot know a statement's types

_COMMAND_TIMEOUT_S: Final = 120  # counting and answering are far shorter; a dead network must not hold a writer
_LONG_S: Final = 6 * 3600  # for what reads or rewrites the whole log, which takes as long as the log is
_CONNECT_TIMEOUT_S: Final = 15
_NEXT_SERVER_AFTER_S: Final = 5  # where there are several, and one does not answer, as a machine that is off
_CLOSE_TIMEOUT_S: Final = 5

# A machine that is cut off closes nothing: both ends have to notice by themselves. Ours does within 12 s, so that its
# callers go on elsewhere; PostgreSQL's does, so that what the session held (rows, the salt's lock) is free again.
_SILENT_S: Final = 10  # what was sent and is not confirmed for so long ends the connection
_ASK_AFTER_S: Final = 5  # with nothing sent, the other end is asked whether it is there
_ASK_EVERY_S: Final = 2
_ASK_TIMES: Final = 3
_SESSION: Final = {
    "jit": "off",
    "timezone": "UTC",
    "application_name": "tonearm",
    "tcp_user_timeout": f"{_SILENT_S}s",
    "tcp_keepalives_idle": str(_ASK_AFTER_S),
    "tcp_keepalives_interval": str(_ASK_EVERY_S),
    "tcp_keepalives_count": str(_ASK_TIMES),
    # Of a process that hangs or is stopped, whose machine still confirms everything.
    "idle_in_transaction_session_timeout": "60s",
}

_TCP: Final = {
    "TCP_USER_TIMEOUT": _SILENT_S * 1000,
    "TCP_KEEPIDLE": _ASK_AFTER_S,
    "TCP_KEEPINTVL": _ASK_EVERY_S,
    "TCP_KEEPCNT": _ASK_TIMES,
}

# What is read is sent on to a client, who may be slow.
_MAY_REST: Final = "SET LOCAL idle_in_transaction_session_timeout = 0"

StatementError: Final = asyncpg.PostgresError
"""What PostgreSQL says to a statement that is wrong: a bug here, but not where the statement is somebody else's."""

# The states in which the same call may succeed later, with nothing done yet or the transaction undone.
_TRANSIENT: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,  # where a statement set itself a limit
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,  # of a session that asked for it (storage/leadership.py)
    asyncpg.ReadOnlySQLTransactionError,  # a failover left us on what is now a standby
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


# With these the next of several servers is asked.
_NEXT_SERVER: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Exception):
    """PostgreSQL cannot do it now; the transaction, if any, did not commit or its answer was lost."""


class PartitionMissing(DatabaseUnavailable):
    """A row's month has no partition: make it (storage/log.py) and try again."""


class LockBusy(DatabaseUnavailable):
    """Somebody else holds a table for longer than the statement wanted to wait, as a dump does."""


class DatabaseThreadDead(DatabaseUnavailable):
    """The thread that holds the connections has ended: no call of this process reaches PostgreSQL any more.

    A reader may take it for an outage. Who waits for the database to come back must not: it would wait for ever.
    """


class DatabaseRefused(Exception):
    """PostgreSQL is there and says no for good (password, missing database, wrong version); a sentence for people."""


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


@dataclass(frozen=True, slots=True)
class Address:
    """Where PostgreSQL is: a URL, or a unix socket's folder with the names that belong to it.

    `read_only`: a standby will do. Otherwise only a server that takes writes is connected to.
    """

    url: str = ""
    host: str = ""
    port: int = 5432
    user: str = ""
    database: str = ""
    read_only: bool = False


class _Thread:
    """The asyncio loop, the calls under way in it, and whether it is gone.

    A call that was handed over a moment before the loop ended would never be picked up, and its Trio task never woken.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: set[Future[Any]] = set()
        self._ended = False
        self._watcher: Future[None] = asyncio.run_coroutine_threadsafe(self._watch(), loop)

    def hand_over(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """The call, which ends in any case. Raises DatabaseThreadDead."""
        try:
            call = asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError as error:
            work.close()
            raise DatabaseThreadDead("the database thread has ended") from error
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        if self._ended:  # set before it looks at the calls: one of the two of us ends this one
            call.cancel()
        return call

    async def _watch(self) -> None:
        """In the loop, for as long as it runs: a loop that ends cancels what still runs in it."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._ended = True
            for call in list(self._calls):
                call.cancel()


class Database:
    """A pool of connections in the asyncio thread. Made by `open_database`."""

    def __init__(self, thread: _Thread, pool: "asyncpg.Pool[Any]") -> None:
        self._loop = thread
        self._pool = pool

    async def run(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`await work(connection, *args)` on a pooled connection, each statement its own transaction.

        Raises DatabaseUnavailable where trying again makes sense; what else comes is a bug.
        """

        return await _over(self._loop, lambda: _borrowing(self._lend(), lambda one: work(one, *args, **kwargs)))

    async def transaction(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same in one transaction, which an exception rolls back. One crossing for the whole of it."""

        async def whole(connection: "asyncpg.pool.PoolConnectionProxy[Any]") -> T:
            async with connection.transaction():
                return await work(connection, *args, **kwargs)

        return await _over(self._loop, lambda: _borrowing(self._lend(), whole))

    async def patiently(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for what grows with the log: its statements may take hours."""

        async def patient(connection: Connection) -> T:
            return await work(_Patient(connection), *args, **kwargs)

        return await self.transaction(patient)

    async def thread_answers(self) -> None:
        """Once the thread of the connections has had a turn; PostgreSQL is not asked. Raises DatabaseThreadDead."""
        await _over(self._loop, _nothing)

    def _lend(self) -> "AbstractAsyncContextManager[asyncpg.pool.PoolConnectionProxy[Any]]":
        lent: AbstractAsyncContextManager[asyncpg.pool.PoolConnectionProxy[Any]]
        lent = self._pool.acquire(timeout=_CONNECT_TIMEOUT_S)
        return lent

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """One view of the database, which nobody's writing changes, on a connection held for it. For readers."""

        async def begin() -> tuple["asyncpg.pool.PoolConnectionProxy[Any]", "asyncpg.transaction.Transaction"]:
            connection = await self._pool.acquire(timeout=_CONNECT_TIMEOUT_S)
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

        connection, view = await _over(self._loop, begin)
        try:
            yield Snapshot(self._loop, _Patient(connection))
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseUnavailable):
                await _over(self._loop, end)

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
        async with self._kept(_nothing, _nothing, lambda: None) as session:
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
            connection = await self._pool.acquire(timeout=_CONNECT_TIMEOUT_S)
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

        connection = await _over(self._loop, begin)
        try:
            yield Session(self._loop, connection, cut)
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseUnavailable):
                await _over(self._loop, end)


class Snapshot:
    """The database as it was at one moment, over any number of calls. Made by `Database.snapshot`."""

    def __init__(self, thread: _Thread, connection: "_Patient") -> None:
        self._loop = thread
        self._connection = connection

    async def run(
        self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`await work(connection, *args)`; statements may take hours. Raises as `Database.run`."""
        return await _over(self._loop, lambda: work(self._connection, *args, **kwargs))


class _Patient:
    """A connection whose statements have hours."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(getattr(self._connection, name), timeout=_LONG_S)


class Session:
    """One connection, held. Made by `Database.session`."""

    def __init__(self, thread: _Thread, connection: "asyncpg.pool.PoolConnectionProxy[Any]", cut: Event) -> None:
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
            return await _borrowing(nullcontext(self._connection), lambda one: work(one, *args, **kwargs))

        return await _over(self._loop, on_this)


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
    manager = anyio.from_thread.start_blocking_portal("asyncio", {"use_uvloop": _has_uvloop()})
    portal = await trio.to_thread.run_sync(manager.__enter__)
    try:
        thread = _Thread(await trio.to_thread.run_sync(portal.call, asyncio.get_running_loop))
        pool = await _over(thread, lambda: _connect(address, connections))
        try:
            yield Database(thread, pool)
        finally:
            with trio.CancelScope(shield=True), suppress(DatabaseThreadDead):  # then nothing is left to be closed
                await _over(thread, lambda: _close(pool))
    finally:
        # Bounded: a loop that was ended from inside can hang in its own closing, and must not keep the process.
        with trio.move_on_after(_CLOSE_TIMEOUT_S, shield=True):
            await trio.to_thread.run_sync(manager.__exit__, None, None, None, abandon_on_cancel=True)


async def _connect(address: Address, connections: int) -> "asyncpg.Pool[Any]":
    where: dict[str, Any] = {"dsn": address.url}
    if not address.url:
        where = {
            "host": address.host,
            "port": address.port,
            "user": address.user,
            "database": address.database,
        }
    try:
        pool = await asyncpg.create_pool(
            **where,
            connect=_Way(servers.several(address.url)).connect,
            min_size=0,  # with more asyncpg restores them in the background, and logs a traceback each time it cannot
            max_size=connections,
            # Long-lived: a fresh connection costs a start of a server process and, on a distributed PostgreSQL,
            # up to 0.65 s for its first array parameter.
            max_inactive_connection_lifetime=0,
            command_timeout=_COMMAND_TIMEOUT_S,
            timeout=_CONNECT_TIMEOUT_S,
            # Whatever the URL says: on a standby nothing can be counted, and not even the salt be read.
            target_session_attrs=None if address.read_only else "read-write",
            server_settings=_SESSION,
        )
        async with pool.acquire(timeout=_CONNECT_TIMEOUT_S):  # so that who opens it learns whether there is a server
            return pool
    except ValueError as error:  # of an address with a port or a parameter that is none, and of nothing else here
        raise DatabaseRefused(f"The database address cannot be used: {error}.") from error


class _Way:
    """To the first of several servers that takes us, each with a time of its own.

    The one that took us last is asked first, so that one that is silent costs its time once and not with each
    connection.
    """

    def __init__(self, several: Sequence[Server]) -> None:
        """`several`: none where there is one, which the other arguments of `connect` name."""
        self._servers = list(several)

    async def connect(self, *args: Any, **kwargs: Any) -> "asyncpg.Connection[Any]":
        """As asyncpg.connect."""
        if not self._servers:
            return _noticing(await asyncpg.connect(*args, **kwargs))
        reasons = []
        for server in list(self._servers):
            own = {"host": server.host, "port": server.port, "timeout": _NEXT_SERVER_AFTER_S}
            try:
                connection = await asyncpg.connect(*args, **{**kwargs, **own})
            except _NEXT_SERVER as error:
                reasons.append(f"{server}: {_why(error)}")
                continue
            self._servers.sort(key=lambda one: one != server)
            return _noticing(connection)
        raise ConnectionError("; ".join(reasons))


def _why(error: Exception) -> str:
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "it takes no writes, as a standby does"
    return str(error) or "it does not answer"


def _noticing(connection: "asyncpg.Connection[Any]") -> "asyncpg.Connection[Any]":
    """Our end of what `_SESSION` says of the server's. asyncpg has no setting for it, and no way to the socket."""
    end = connection._transport.get_extra_info("socket")
    if end is not None and end.family != socket.AF_UNIX:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP.items():
            if (option := getattr(socket, name, None)) is not None:  # not every system has each
                end.setsockopt(socket.IPPROTO_TCP, option, value)
    return connection


async def _close(pool: "asyncpg.Pool[Any]") -> None:
    try:
        await asyncio.wait_for(pool.close(), _CLOSE_TIMEOUT_S)
    except (TimeoutError, *_TRANSIENT):
        pool.terminate()


async def _borrowing(
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
        if lost or _cut_off(error):
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost") from error
        raise


def _cut_off(error: BaseException | None) -> bool:
    """Whether what failed first was the connection: what is then wrong with asyncpg's state hides it from sight."""
    if not isinstance(error, asyncpg.InterfaceError):
        return False
    while error is not None and not isinstance(error, _TRANSIENT):
        error = error.__context__
    return error is not None


async def _over(thread: _Thread, call: Callable[[], Awaitable[T]]) -> T:
    """Run `call` in the asyncio thread and wait for it, passing cancellation on; errors become this module's.

    Not by the portal's own `start_task_soon`: that one stops the calling thread, and with it every actor and every
    client, until the other thread has picked the task up.
    """
    task = trio.lowlevel.current_task()
    token = trio.lowlevel.current_trio_token()
    cancel_raiser: list[Callable[[], Any]] = []
    running: list[asyncio.Task[Any]] = []

    async def guarded() -> outcome.Outcome[T]:
        running.extend(filter(None, [asyncio.current_task()]))
        return await outcome.acapture(call)  # an outcome: `future` then fails only for its own reasons

    future = thread.hand_over(guarded())

    def cancel() -> None:
        """In the asyncio thread. Cancelling `future` itself would end it at once, with the query still running."""
        if running:
            running[0].cancel()
        else:
            future.cancel()

    def done(_: Future[Any]) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(trio.lowlevel.reschedule, task)

    def abort(raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
        cancel_raiser.append(raise_cancel)
        with suppress(RuntimeError):  # the thread has ended, and with it the call
            thread.loop.call_soon_threadsafe(cancel)
        return trio.lowlevel.Abort.FAILED  # we are woken by `done`, once asyncpg has let go of the connection

    future.add_done_callback(done)
    await trio.lowlevel.wait_task_rescheduled(abort)
    try:
        result = future.result()
    except CancelledError:
        if cancel_raiser:
            cancel_raiser[0]()
        raise DatabaseThreadDead("the database thread has ended") from None
    if cancel_raiser and isinstance(result, outcome.Error) and isinstance(result.error, asyncio.CancelledError):
        cancel_raiser[0]()
    return _unwrap(result)


async def _nothing(*_: object) -> None:
    pass


def _unwrap(result: outcome.Outcome[T]) -> T:
    try:
        return result.unwrap()
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise DatabaseRefused(f"PostgreSQL refuses the connection: {error}.") from error
    except asyncpg.ClientConfigurationError as error:
        raise DatabaseRefused(f"The database address cannot be used: {error}.") from error
    except asyncpg.InterfaceError as error:
        # asyncpg has one class for "closed under us" and for wrong use; only its words tell them apart.
        if "clos" not in str(error):
            raise
        raise DatabaseUnavailable(str(error)) from error
    except ssl.SSLCertVerificationError as error:
        raise DatabaseRefused(f"PostgreSQL's certificate is not accepted: {error.verify_message}.") from error
    except asyncio.CancelledError as error:
        raise DatabaseUnavailable("the database thread gave the call up") from error
    except asyncpg.LockNotAvailableError as error:
        raise LockBusy(str(error)) from error
    except _TRANSIENT as error:
        raise DatabaseUnavailable(": ".join(filter(None, [type(error).__name__, str(error)]))) from error
    except asyncpg.CheckViolationError as error:
        error.detail = None  # as below
        if error.constraint_name is not None:
            raise
        raise PartitionMissing(str(error)) from error
    except asyncpg.PostgresError as error:
        error.detail = None  # it may show the row, and with it a pseudonym; this ends in the log
        raise


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
