"""Connections that are cut: a write that nothing else could end, ends."""

import socket

import pytest
import trio
import trio.testing

from server import sockets


async def test_a_write_to_a_client_that_takes_nothing_ends_when_it_is_cut() -> None:
    with sockets.listen("127.0.0.1:0", "HERE") as listener, socket.create_connection(listener.getsockname()) as deaf:
        with trio.socket.from_stdlib_socket(listener.dup()) as door:
            accepted, _ = await door.accept()
        stream = trio.SocketStream(accepted)

        async def cut() -> None:
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert 1 == sockets.cut(listener)

        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cut)
                with trio.CancelScope(shield=True), pytest.raises(trio.BrokenResourceError):
                    await stream.send_all(bytes(64 << 20))
        await stream.aclose()
        deaf.close()


def test_connections_of_others_and_to_others_are_left_alone() -> None:
    with (
        sockets.listen("127.0.0.1:0", "HERE") as listener,
        sockets.listen("127.0.0.1:0", "THERE") as other,
        socket.create_connection(other.getsockname()) as client,
    ):
        assert 0 == sockets.cut(listener)
        client.sendall(b"still there")
