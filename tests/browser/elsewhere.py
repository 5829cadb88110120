"""Somebody else's site: one page with what it pasted, its policy, and four seconds of a tone."""

import io
import math
import struct
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

RATE: Final = 8_000
SECONDS: Final = 4
PAGE: Final = '<!doctype html><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">'


def tone() -> bytes:
    """A WAV file with a quiet 440 Hz tone."""
    samples = (int(3_000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(RATE * SECONDS))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


TONE: Final = tone()


@contextmanager
def site(html: str, policy: str = "", scripts: dict[str, bytes] | None = None) -> Iterator[str]:
    """Its address. `localhost` is another site to a browser than the service's `127.0.0.1`.

    `scripts`: files of its own, by path. `/away` is an empty page.
    """

    class Site(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/song.mp3":  # a browser looks at the sound, not at the name
                self._answer("audio/wav", TONE)
            elif self.path in (scripts or {}):
                self._answer("text/javascript", (scripts or {})[self.path])
            else:
                self._answer("text/html; charset=utf-8", (PAGE + ("" if self.path == "/away" else html)).encode())

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keeps the test's output its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.daemon_threads = True
        server.block_on_close = False  # Chromium keeps idle connections open
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
