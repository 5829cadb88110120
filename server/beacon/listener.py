"""All clients of the beacon listener, in one Trio task: taking them in, keeping their times, letting them go.

A selector of its own holds every client's socket, and the task waits for the selector as for any one socket. So a
request costs no task switch and no registration, and a thousand slow clients cost nothing while they are slow.

Strangers knock here, so everything has a limit (`[beacon]` in server/config.py says why each is what it is).
"""

import errno
import selectors
import socket
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Final

import structlog
import trio

from actors.meters import Meters
from server.beacon.connection import Connection, Phase
from server.config import Beacon
from server.events import Events
from server.farewell import ANSWER_S, GRACE_S, Farewell
from server.probes import Probe

_LOOK_EVERY_S: Final = 1.0  # how late a limit on time may strike; a timer per request would cost more than it is worth
_LINGER_S: Final = 2.0
_NO_FILES: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_ACCEPTS: Final = 64  # clients taken in before those that are there get a turn

_log = structlog.get_logger(__name__)


class Listener:
    """The door. `now` gives seconds since 1970, for the Date header."""

    def __init__(
        self,
        listener: socket.socket,
        events: Events,
        limits: Beacon,
        farewell: Farewell,
        now: Callable[[], float],
        probes: Mapping[str, Probe],
        meters: Meters,
    ) -> None:
        self.events = events
        self.probes = probes
        self.took = meters.beacon_seconds
        self._meters = meters
        self.date = b""
        self.time = 0.0
        self._listener = listener
        # Clients' sockets inherit it. By itself the kernel takes megabytes of answers for a client that never reads,
        # which would be served thousands of requests, at the cost of others, before any limit here strikes.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.answer_bytes)
        self._limits = limits
        self._farewell = farewell
        self._now = now
        self._selector: selectors.BaseSelector = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # in the order in which they became idle
        self._accepting = False
        self._leaving = False  # the next answer of each client is its last
        self._stopping = False  # nobody is taken in any more
        self._owed: set[Connection] = set()  # from before the stop, which their proxies close
        self._paid = trio.Event()  # there is none of them any more
        self._empty = trio.Event()  # renewed whenever a client comes in
        self._patience_s = {
            Phase.IDLE: limits.idle_s,
            Phase.HEAD: limits.header_s,
            Phase.BODY: limits.body_s,
            Phase.WRITE: limits.write_s,
            Phase.LINGER: _LINGER_S,
        }

    async def run(self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `stop`; then as the farewell says (server/farewell.py)."""
        self._tell_time()
        self._accept_more()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep_times)
                nursery.start_soon(self._serve)
                task_status.started()
                await stop.wait()
                await self._take_leave()
                nursery.cancel_scope.cancel()
        finally:
            for connection in list(self._connections):
                connection.close()
            self._selector.close()

    async def _take_leave(self) -> None:
        self._leaving = True
        self._owed = {connection for connection in self._connections if connection.owed}
        for connection in list(self._connections):
            connection.drain()
        if self._owed:
            with trio.move_on_after(self._farewell.proxy_idle_s):
                await self._paid.wait()
        self._stopping = True
        self._accept_no_more()
        for connection in list(self._connections):
            connection.drain(at_once=connection in self._owed)
        await self._emptied(GRACE_S)
        if any(connection.owed and connection.phase is Phase.WORK for connection in self._connections):
            await self._emptied(ANSWER_S)

    async def _emptied(self, patience_s: float) -> None:
        if self._connections:
            with trio.move_on_after(patience_s):
                await self._empty.wait()

    async def _serve(self) -> None:
        selector = self._selector
        while True:
            await trio.lowlevel.wait_readable(selector.fileno())  # type: ignore[attr-defined]  # all but SelectSelector
            for key, events in selector.select(0):
                connection: Connection | None = key.data
                if connection is None:
                    self._accept()
                    continue
                if events & selectors.EVENT_WRITE and connection.open:
                    connection.writable()
                if events & selectors.EVENT_READ and connection.open:
                    connection.readable()

    # What a connection asks of its door.

    def watch(self, connection: Connection, *, reading: bool, writing: bool) -> None:
        """Call it when its socket is ready for these. For neither, a connection waits for ingest alone."""
        events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if writing else 0)
        registered = connection.sock.fileno() in self._selector.get_map()
        if not events:
            if registered:
                self._selector.unregister(connection.sock)
        elif registered:
            self._selector.modify(connection.sock, events, connection)
        else:
            self._selector.register(connection.sock, events, connection)

    def moved(self, connection: Connection) -> None:
        """Its phase is another."""
        self._idle.pop(connection, None)
        if connection.phase is Phase.IDLE:
            self._idle[connection] = None

    def forget(self, connection: Connection) -> None:
        """It is about to close."""
        self.watch(connection, reading=False, writing=False)
        self._idle.pop(connection, None)
        self._connections.discard(connection)
        self._meters.beacon_connections = len(self._connections)
        self._owed.discard(connection)
        if self._leaving and not self._owed:
            self._paid.set()
        if not self._connections:
            self._empty.set()

    # Taking clients in.

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in _NO_FILES:
                    raise
                _log.warning("no more connections can be opened", reason=error.strerror)
                self._make_room()
                self._accept_no_more()  # until the next look
                return
            if len(self._connections) >= self._limits.connections and not self._make_room():
                sock.close()
            else:
                self._take_in(sock, address)

    def _take_in(self, sock: socket.socket, address: object) -> None:
        sock.setblocking(False)
        peer = None
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # an answer is one small packet; send it now
            peer = address[0] if isinstance(address, tuple) else None
        owed = self._farewell.owed_to(peer)
        connection = Connection(sock, peer, self, self._limits.header_bytes, owed=owed, draining=self._leaving)
        if not self._connections:
            self._empty = trio.Event()
        self._connections.add(connection)
        self._meters.beacon_connections = len(self._connections)
        self._idle[connection] = None
        self.watch(connection, reading=True, writing=False)

    def _make_room(self) -> bool:
        """Let the client go that has been idle longest; False where none is idle."""
        for connection in self._idle:
            connection.close()
            return True
        return False

    def _accept_more(self) -> None:
        if not self._accepting and not self._stopping:
            self._accepting = True
            self._selector.register(self._listener, selectors.EVENT_READ, None)

    def _accept_no_more(self) -> None:
        if self._accepting:
            self._accepting = False
            self._selector.unregister(self._listener)

    # Keeping times.

    async def _keep_times(self) -> None:
        while True:
            await trio.sleep(_LOOK_EVERY_S)
            self._tell_time()
            self._accept_more()  # in case there were no descriptors left
            for connection in list(self._connections):
                patience = self._patience_s.get(connection.phase)
                if patience is not None and self.time - connection.since > patience:
                    connection.too_late()

    def _tell_time(self) -> None:
        self.time = trio.current_time()
        self.date = f"date: {formatdate(self._now(), usegmt=True)}\r\n".encode()
