"""Which server, with which settings, and how soon a silent one is noticed. All of it runs on the asyncio side."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from storage import servers
from storage.bridge.errors import TRANSIENT, DatabaseRefused
from storage.servers import Server

CONNECT_TIMEOUT_S: Final = 15
CLOSE_TIMEOUT_S: Final = 5
_COMMAND_TIMEOUT_S: Final = 120  # counting and answering are far shorter; a dead network must not hold a writer
_NEXT_SERVER_AFTER_S: Final = 5  # where there are several, and one does not answer, as a machine that is off

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
# What a pooler has to let through: of these it knows the time zone and the name alone.
POOLER_MUST_IGNORE: Final = ", ".join(sorted(_SESSION.keys() - {"timezone", "application_name"}))

_TCP: Final = {
    "TCP_USER_TIMEOUT": _SILENT_S * 1000,
    "TCP_KEEPIDLE": _ASK_AFTER_S,
    "TCP_KEEPINTVL": _ASK_EVERY_S,
    "TCP_KEEPCNT": _ASK_TIMES,
}

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


async def connect(address: Address, connections: int) -> "asyncpg.Pool[Any]":
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
            timeout=CONNECT_TIMEOUT_S,
            # Whatever the URL says: on a standby nothing can be counted, and not even the salt be read.
            target_session_attrs=None if address.read_only else "read-write",
            server_settings=_SESSION,
        )
        async with pool.acquire(timeout=CONNECT_TIMEOUT_S):  # so that who opens it learns whether there is a server
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


async def close(pool: "asyncpg.Pool[Any]") -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
    except (TimeoutError, *TRANSIENT):
        pool.terminate()
