"""A small site with the built tracker on its pages, and a service that keeps what is posted and fails as it is told.

For what the tracker does in a browser, case by case; the whole service is tested beside it.
"""

import json
import threading
import time
from contextlib import AbstractContextManager
from typing import Any, Final

from tests.support.local_site import RATE, LocalHandler, LocalSite, answering, tone
from tracker import DIST
from tracker.names import hashed_name

TRACKER: Final = {file.name: file.read_bytes() for file in DIST.glob("*.js")}
TRACKER_FILES: Final = TRACKER | {hashed_name(name, content): content for name, content in TRACKER.items()}

TRACKED: Final = """<!doctype html><meta charset="utf-8"><title>Tracker</title><link rel="icon" href="data:,">
<script type="module" src="/tonearm.js"></script>
<audio id="a" data-tonearm-track="a" src="/4.wav" preload="auto"></audio>"""
ELSEWHERE: Final = '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'


TONES: Final = {seconds: tone(seconds) for seconds in (0, 4, 20, 60)}


class Site(LocalSite):
    """Pages by path, the built tracker, tones by length, and the events that were posted."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.pages = {"/": TRACKED, "/elsewhere": ELSEWHERE}
        self.headers: dict[str, str] = {}  # of every page
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.mode: str | None = "anon-id"
        self.status = 202  # of an event
        self.refused: set[str] = set()  # paths that are answered by nothing
        self.go_on = threading.Event()  # for `/stalling.wav`

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The events, once there are that many; as many as came in ten seconds otherwise."""
        deadline = time.monotonic() + 10
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return list(self.events)


class Handler(LocalHandler):
    server: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if path in self.server.refused:
            self.close_connection = True
        elif path[1:] in TRACKER_FILES:
            self.answer("text/javascript", TRACKER_FILES[path[1:]], headers={"Access-Control-Allow-Origin": "*"})
        elif path in ("/stalling.wav", "/breaking.wav"):
            self._troubled_sound(TONES[60], breaking=path == "/breaking.wav")
        elif path.endswith(".wav") and path[1:-4].isdigit():
            self.answer_ranged("audio/wav", TONES[int(path[1:-4])])
        elif path == "/api/event/config":
            body = b"" if self.server.mode is None else json.dumps({"mode": self.server.mode}).encode()
            self.answer("application/json", body, 200 if body else 503, {"Access-Control-Allow-Origin": "*"})
        elif path == "/api/stats/home":
            self.answer("application/json", json.dumps({"totalPlays": 1234, "completionRate": 0.5}).encode())
        elif path in self.server.pages:
            self.answer("text/html", self.server.pages[path].encode(), headers=self.server.headers)
        else:
            self.answer("text/plain", b"", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"].startswith("text/plain")
        if self.path in self.server.refused:
            self.close_connection = True
            return
        self.server.events.append((self.path, json.loads(body)))
        self.answer("text/plain", b"", self.server.status, {"Access-Control-Allow-Origin": "*"})

    def _troubled_sound(self, content: bytes, *, breaking: bool) -> None:
        """The first 20 seconds; then nothing until it is told to go on: with the rest, or by breaking."""
        if breaking and self.server.go_on.is_set():
            self.answer("text/plain", b"", 500)  # to the browser's second try
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


def serving_site() -> AbstractContextManager[Site]:
    """The site, until it is closed."""
    return answering(Site())


def plays(events: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
    """Track and bucket of the plays among the events."""
    return [(body["trackEntryKey"], body["bucket"]) for path, body in events if path == "/api/event/play"]
