"""Hypercorn's door as it closes: nobody keeps it open, and who asked for the end of a connection gets it."""

import socket

import trio
from quart import Response
from quart_trio import QuartTrio

from privacy.address import TrustedProxies
from server import sockets
from server.farewell import Farewell
from server.front import Front

NOBODY = Farewell(TrustedProxies(), 10)


def site() -> QuartTrio:
    app = QuartTrio("site")

    @app.get("/much")
    async def much() -> Response:
        return Response(bytes(64 << 20))

    @app.get("/little")
    async def little() -> str:
        return "little"

    return app


def asking(listener: socket.socket, path: str, *headers: str) -> socket.socket:
    client = socket.create_connection(listener.getsockname(), 10)
    lines = [f"GET {path} HTTP/1.1", "Host: site", *headers, "", ""]
    client.sendall("\r\n".join(lines).encode())
    return client


async def test_a_client_that_takes_nothing_does_not_keep_it_open() -> None:
    stop = trio.Event()
    with sockets.listen("127.0.0.1:0", "HERE") as listener, trio.fail_after(15):
        async with trio.open_nursery() as nursery:
            await nursery.start(Front(site(), listener, NOBODY).run, stop)
            deaf = await trio.to_thread.run_sync(asking, listener, "/much")
            assert b"HTTP" == await trio.to_thread.run_sync(deaf.recv, 4)  # it is being answered
            stop.set()
        deaf.close()


async def test_a_client_that_asks_for_the_end_of_its_connection_gets_it() -> None:
    stop = trio.Event()
    with sockets.listen("127.0.0.1:0", "HERE") as listener:
        async with trio.open_nursery() as nursery:
            await nursery.start(Front(site(), listener, NOBODY).run, stop)
            client = await trio.to_thread.run_sync(asking, listener, "/little", "Connection: close")
            said = await trio.to_thread.run_sync(lambda: b"".join(iter(lambda: client.recv(1000), b"")))
            stop.set()
        client.close()
    assert said.endswith(b"little")
