"""Hypercorn with the quart-trio app: the door for pages, the API, and events as well.

Hypercorn's own `serve` closes every idle connection the moment it is told to stop. A proxy may have sent a request
on one of them that very moment, or on a new one that was not read yet; it would see the connection reset, and since
it must not send a POST twice, its client would be refused. So the loop that takes clients in is this one, around
Hypercorn's connections, and its stop has an order (server/farewell.py says which and why).
"""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import structlog
import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Event, Updated
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState, LifespanState
from hypercorn.utils import wrap_app
from quart_trio import QuartTrio

from server.farewell import ANSWER_S, GRACE_S, Farewell

_KEEP_ALIVE_S: Final = 75  # longer than the 60 s a proxy keeps its connection, so that the proxy closes first

_log = structlog.get_logger(__name__)


class _Hypercorn(HypercornConfig):
    """Attributes are set one by one, where the type checker sees a misspelt name."""

    def __init__(self) -> None:
        super().__init__()
        self.leaving = False
        self.accesslog = None  # it would hold addresses
        self.errorlog = logging.getLogger("hypercorn.error")
        self.include_server_header = False
        self.keep_alive_timeout = _KEEP_ALIVE_S

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """While the door is closing, each answer is its connection's last."""
        headers = super().response_headers(protocol)
        return [*headers, (b"connection", b"close")] if self.leaving and protocol == "h11" else headers


class _Connection(TCPServer):
    """One client, of whom it is known whether it waits for an answer, and whether it is owed one."""

    idle = True
    fresh = True  # has not asked for anything yet
    unanswered = False  # has asked, and nothing was sent yet
    owed = False
    moved: Callable[[], None]
    sock: trio.socket.SocketType

    async def protocol_send(self, event: Event) -> None:
        # Shielded (a write is anyway): Quart cancels its task as soon as the answer is given, and that is the task that
        # closes the connection, or says that it is idle again.
        with trio.CancelScope(shield=True):
            await super().protocol_send(event)
        if isinstance(event, Updated):  # afterwards: not before it is busy for Hypercorn too, which closes what is idle
            self.idle, self.fresh, self.unanswered = event.idle, False, not event.idle
            self.moved()
        elif self.unanswered:
            self.unanswered = False
            self.moved()


class Front:
    """The door."""

    def __init__(self, web: QuartTrio, listener: socket.socket, farewell: Farewell) -> None:
        self._config = _Hypercorn()
        self._app: AppWrapper = wrap_app(web, self._config.wsgi_max_body_size, "asgi")
        self._listener = listener
        self._farewell = farewell
        self._context = WorkerContext(None)
        self._state: LifespanState = {}
        self._connections: set[_Connection] = set()
        self._moved = trio.Event()  # one of them has asked for something, was answered or is gone

    async def run(self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `stop`; then as the farewell says."""
        lifespan = Lifespan(self._app, self._config, self._state)
        async with trio.open_nursery() as around:
            await around.start(lifespan.handle_lifespan)
            await lifespan.wait_for_startup()
            async with trio.open_nursery() as connections:
                await self._take_in_until(stop, connections, task_status)
                while len(connections.child_tasks) > len(self._connections):
                    await trio.lowlevel.checkpoint()  # one that was just taken in has yet to begin
                young = {one for one in self._connections if one.owed and one.fresh}
                await self._none(lambda: any(one.idle for one in young & self._connections), GRACE_S)
                await self._context.terminated.set()  # Hypercorn closes what is idle, and the rest once it is answered
                await self._none(lambda: any(one.owed and one.unanswered for one in self._connections), ANSWER_S)
                connections.cancel_scope.deadline = trio.current_time() + GRACE_S
                around.start_soon(self._cut_off)
            await lifespan.wait_for_shutdown()
            around.cancel_scope.cancel()

    async def _take_in_until(
        self, stop: trio.Event, connections: trio.Nursery, task_status: trio.TaskStatus[None]
    ) -> None:
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(self._listener.dup()))
        async with trio.open_nursery() as taking_in:
            taking_in.start_soon(partial(trio.serve_listeners, self._serve, [listener], handler_nursery=connections))
            task_status.started()
            await stop.wait()
            self._config.leaving = True
            kept = {one for one in self._connections if one.owed}
            # Not only the idle: an answer that has begun has not said that it is the last.
            await self._none(
                lambda: any(not one.unanswered for one in kept & self._connections), self._farewell.proxy_idle_s
            )
            taking_in.cancel_scope.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        connection = _Connection(
            self._app,
            self._config,
            self._context,
            ConnectionState(self._state.copy()),
            stream,  # type: ignore[arg-type]  # it says SSLStream, and takes both
        )
        connection.moved, connection.sock = self._tell, stream.socket
        connection.owed = self._farewell.owed_to(_peer(stream))
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._tell()

    async def _none(self, left: Callable[[], bool], patience_s: float) -> None:
        """Until there is nothing left to wait for."""
        with trio.move_on_after(patience_s):
            while left():
                await self._moved.wait()

    async def _cut_off(self) -> None:
        """What is still open once the grace is over. Hypercorn writes shielded from cancellation, so a client that
        takes nothing any more would keep the process from stopping for ever.
        """
        await trio.sleep(GRACE_S)
        if self._connections:
            _log.info("connections are cut that were open when the service stopped", connections=len(self._connections))
        for connection in self._connections:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _tell(self) -> None:
        self._moved.set()
        self._moved = trio.Event()


def _peer(stream: trio.SocketStream) -> str | None:
    """None for a unix socket; nobody's address where it has gone already."""
    if stream.socket.family == socket.AF_UNIX:
        return None
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:
        return ""
