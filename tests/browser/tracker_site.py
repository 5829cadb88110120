"""A small site with the built tracker on its pages, and a service that keeps what is posted and fails as it is told.

For what the tracker does in a browser, case by case; the whole service is tested beside it.
"""

import io
import json
import math
import struct
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tracker import DIST
from tracker.names import hashed_name

CHROMIUM: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)
RATE: Final = 8_000
TRACKER: Final = {file.name: file.read_bytes() for file in DIST.glob("*.js")}
TRACKER_FILES: Final = TRACKER | {hashed_name(name, content): content for name, content in TRACKER.items()}

TRACKED: Final = """<!doctype html><meta charset="utf-8"><title>Tracker</title><link rel="icon" href="data:,">
<script type="module" src="/tonearm.js"></script>
<audio id="a" data-tonearm-track="a" src="/4.wav" preload="auto"></audio>"""
ELSEWHERE: Final = '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'


def tone(seconds: int) -> bytes:
    """A WAV file with a quiet 440 Hz tone."""
    samples = (int(3_000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(RATE * seconds))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


TONES: Final = {seconds: tone(seconds) for seconds in (0, 4, 20, 60)}


class Site(ThreadingHTTPServer):
    """Pages by path, the built tracker, tones by length, and the events that were posted."""

    daemon_threads = True
    block_on_close = False  # Chromium keeps idle connections open

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {"/": TRACKED, "/elsewhere": ELSEWHERE}
        self.headers: dict[str, str] = {}  # of every page
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.mode: str | None = "anon-id"
        self.status = 202  # of an event
        self.refused: set[str] = set()  # paths that are answered by nothing
        self.go_on = threading.Event()  # for `/stalling.wav`

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def elsewhere(self) -> str:
        """The same server under another name: to a browser another site."""
        return f"http://localhost:{self.server_port}"

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The events, once there are that many; as many as came in ten seconds otherwise."""
        deadline = time.monotonic() + 10
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return list(self.events)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes in the middle of an answer is no error."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if path in self.server.refused:
            self.close_connection = True
        elif path[1:] in TRACKER_FILES:
            self._answer("text/javascript", TRACKER_FILES[path[1:]], extra={"Access-Control-Allow-Origin": "*"})
        elif path in ("/stalling.wav", "/breaking.wav"):
            self._troubled_sound(TONES[60], breaking=path == "/breaking.wav")
        elif path.endswith(".wav") and path[1:-4].isdigit():
            self._sound(TONES[int(path[1:-4])])
        elif path == "/api/event/config":
            body = b"" if self.server.mode is None else json.dumps({"mode": self.server.mode}).encode()
            self._answer("application/json", body, 200 if body else 503, {"Access-Control-Allow-Origin": "*"})
        elif path == "/api/stats/home":
            self._answer("application/json", json.dumps({"totalPlays": 1234, "completionRate": 0.5}).encode())
        elif path in self.server.pages:
            self._answer("text/html", self.server.pages[path].encode(), extra=self.server.headers)
        else:
            self._answer("text/plain", b"", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"].startswith("text/plain")
        if self.path in self.server.refused:
            self.close_connection = True
            return
        self.server.events.append((self.path, json.loads(body)))
        self._answer("text/plain", b"", self.server.status, {"Access-Control-Allow-Origin": "*"})

    def log_message(self, *_: object) -> None:
        """Keeps the test's output its own."""

    def _sound(self, content: bytes) -> None:
        """Ranges, without which Chromium cannot seek."""
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        extra = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self._answer("audio/wav", content[start:], 206, extra)

    def _troubled_sound(self, content: bytes, *, breaking: bool) -> None:
        """The first 20 seconds; then nothing until it is told to go on: with the rest, or by breaking."""
        if breaking and self.server.go_on.is_set():
            self._answer("text/plain", b"", 500)  # to the browser's second try
            return
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        first = 44 + 20 * 2 * RATE
        self.wfile.write(content[:first])
        self.wfile.flush()
        self.server.go_on.wait(20)
        if breaking:
            self.close_connection = True
        else:
            self.wfile.write(content[first:])

    def _answer(self, kind: str, body: bytes, status: int = 200, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(extra or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_site() -> Iterator[Site]:
    """The site, until it is closed."""
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def plays(events: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
    """Track and bucket of the plays among the events."""
    return [(body["trackEntryKey"], body["bucket"]) for path, body in events if path == "/api/event/play"]
