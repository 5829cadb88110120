"""A site of somebody who follows the recipes: pages, scripts and music, on an origin that is not the service's."""

import io
import math
import struct
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

MEDIA: Final = Path(__file__).parent / "media"
RATE: Final = 8_000
SECONDS: Final = {"first": 4, "second": 8, "long": 80}  # 5 % of the last is more than the floor's three seconds
KINDS: Final = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "audio/mp4",
    "mp4": "audio/mp4",
    "svg": "image/svg+xml",
    "wav": "audio/wav",
}


def tone(seconds: int) -> bytes:
    """A WAV file with a quiet tone of 400 Hz."""
    period = [int(3_000 * math.sin(2 * math.pi * i / 20)) for i in range(20)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack("<20h", *period) * (RATE * seconds // 20))
    return file.getvalue()


class Site(ThreadingHTTPServer):
    """Serves `files`, by path; a test adds its own."""

    daemon_threads = True
    block_on_close = False  # Chromium keeps idle connections open

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {f"/{name}.wav": tone(seconds) for name, seconds in SECONDS.items()}
        self.files |= {f"/{file.name}": file.read_bytes() for file in MEDIA.iterdir()}
        self.files["/elsewhere.html"] = b'<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def open_site() -> Iterator[Site]:
    """A site that answers."""
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        content = self.server.files.get(path)
        if content is None:
            self._answer(404, "text/plain", b"")
        elif "Range" in self.headers:
            self._answer_part(KINDS[path.rpartition(".")[2]], content)
        else:
            self._answer(200, KINDS[path.rpartition(".")[2]], content)

    def log_message(self, *_: object) -> None:
        """Keeps the test's output its own."""

    def _answer_part(self, kind: str, content: bytes) -> None:
        """Without ranges Chromium cannot seek."""
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content) - 1), len(content) - 1)
        self._answer(206, kind, content[start : end + 1], {"Content-Range": f"bytes {start}-{end}/{len(content)}"})

    def _answer(self, status: int, kind: str, body: bytes, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Accept-Ranges": "bytes", **(extra or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
