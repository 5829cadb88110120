"""A client of server-sent events, in a thread of its own: a test waits for what it has received."""

import json
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR
from threading import Condition, Thread
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 20


class Events:
    """Open while the context is; `ended` once the service has ended the stream."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.received: list[tuple[str, Any]] = []
        self.comments = 0
        self.ended = False
        self.complete = False  # the service has said that this is the end of the answer
        self._change = Condition()
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.netloc, timeout=60)
        self._connection.request("GET", parts.path, headers=dict(headers))
        assert self._connection.sock is not None
        self._socket = self._connection.sock
        self._answer = self._connection.getresponse()
        self.headers = self._answer.headers
        self._thread = Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Events":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the service has ended it
            self._socket.shutdown(SHUT_RDWR)  # only so does a reader in another thread end
        self._thread.join(PATIENCE_S)
        self._connection.close()

    def wait(self, condition: Any) -> None:
        """Until `condition()` holds; it is asked after each event."""
        with self._change:
            assert self._change.wait_for(condition, PATIENCE_S), self.received

    def plays(self) -> int:
        """How many plays were told since the stream began."""
        return sum(play["plays"] for name, data in list(self.received) if name == "counted" for play in data["plays"])

    def last(self, name: str) -> Any:
        """What the last event of this name said."""
        return [data for event, data in list(self.received) if event == name][-1]

    def _read(self) -> None:
        name = ""
        try:
            for line in self._answer:
                text = line.decode().rstrip("\n")
                with self._change:
                    if text.startswith("event: "):
                        name = text.removeprefix("event: ")
                    elif text.startswith("data: "):
                        self.received.append((name, json.loads(text.removeprefix("data: "))))
                    elif text.startswith(":"):
                        self.comments += 1
                    self._change.notify_all()
            self.complete = True
            self._socket.shutdown(SHUT_RDWR)  # as a browser does with a connection it has no more use for
        except (OSError, HTTPException, ValueError):
            pass
        with self._change:
            self.ended = True
            self._change.notify_all()
