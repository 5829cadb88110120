"""A site of somebody who follows the recipes: pages, scripts and music, on an origin that is not the service's."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from tests.support.local_site import LocalHandler, LocalSite, answering, tone

MEDIA: Final = Path(__file__).parent / "media"
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


class Site(LocalSite):
    """Serves `files`, by path; a test adds its own."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.files = {f"/{name}.wav": tone(seconds) for name, seconds in SECONDS.items()}
        self.files |= {f"/{file.name}": file.read_bytes() for file in MEDIA.iterdir()}
        self.files["/elsewhere.html"] = b'<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">'


def open_site() -> AbstractContextManager[Site]:
    """A site that answers."""
    return answering(Site())


class _Handler(LocalHandler):
    server: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        content = self.server.files.get(path)
        if content is None:
            self.answer("text/plain", b"", 404)
        else:
            self.answer_ranged(KINDS[path.rpartition(".")[2]], content)
