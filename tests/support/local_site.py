"""What the small sites of the browser tests share: a server that answers until it is closed, ranges, and a tone."""

import io
import math
import struct
import threading
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeVar

RATE: Final = 8_000  # samples of a tone a second, each two bytes, behind a head of 44
PERIOD: Final = 20  # samples: 400 Hz


class LocalSite(ThreadingHTTPServer):
    """On a free port of loopback; a kind of site is a subclass with a handler of its own."""

    daemon_threads = True
    block_on_close = False  # Chromium keeps idle connections open

    def __init__(self, handler: "type[LocalHandler]") -> None:
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def elsewhere(self) -> str:
        """The same server under another name: to a browser another site."""
        return f"http://localhost:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes in the middle of an answer is no error."""


class LocalHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, kind: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; `kind` is its media type."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_ranged(self, kind: str, content: bytes) -> None:
        """The part that is asked for: without ranges Chromium cannot seek."""
        headers = {"Accept-Ranges": "bytes"}
        if "Range" not in self.headers:
            self.answer(kind, content, headers=headers)
            return
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content) - 1), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        self.answer(kind, content[start : end + 1], 206, headers)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output its own."""


S = TypeVar("S", bound=LocalSite)


@contextmanager
def answering(site: S) -> Iterator[S]:
    """The site, which answers until the context is left."""
    with site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


def tone(seconds: int) -> bytes:
    """A WAV file with a quiet tone."""
    period = [int(3_000 * math.sin(2 * math.pi * i / PERIOD)) for i in range(PERIOD)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{PERIOD}h", *period) * (RATE * seconds // PERIOD))
    return file.getvalue()
