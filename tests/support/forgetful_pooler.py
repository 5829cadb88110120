"""In front of a PostgreSQL, and like a pooler in transaction mode: what one connection tells, no other hears."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TOLD = ord("A")  # NotificationResponse


@contextmanager
def forgetful_pooler(server: Path, folder: Path) -> Iterator[Path]:
    """Hands everything on to the unix socket `server` but that; listens in `folder`, which it returns."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / ".s.PGSQL.5432"))
    listener.listen()
    threading.Thread(target=_accept, args=(listener, server), daemon=True).start()
    try:
        yield folder
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, server: Path) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(str(server))
        threading.Thread(target=_hand_on, args=(client, upstream), daemon=True).start()
        threading.Thread(target=_hand_back, args=(upstream, client), daemon=True).start()


def _hand_on(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while data := client.recv(65536):
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)


def _hand_back(server: socket.socket, client: socket.socket) -> None:
    """Each message is a byte for its kind, and its length in four."""
    with suppress(OSError), client, server, server.makefile("rb") as messages:
        while head := messages.read(5):
            body = messages.read(int.from_bytes(head[1:]) - 4)
            if head[0] != _TOLD:
                client.sendall(head + body)
