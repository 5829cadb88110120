"""Somebody else's site: one page with what it pasted, its policy, and four seconds of a tone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tests.support.local_site import LocalHandler, LocalSite, answering, tone

SECONDS: Final = 4
PAGE: Final = '<!doctype html><meta charset="utf-8"><title>Site</title><link rel="icon" href="data:,">'
TONE: Final = tone(SECONDS)


class _Site(LocalSite):
    def __init__(self, html: str, policy: str, scripts: Mapping[str, bytes]) -> None:
        super().__init__(_Handler)
        self.html = html
        self.headers = {"Content-Security-Policy": policy} if policy else {}
        self.scripts = scripts


class _Handler(LocalHandler):
    server: _Site

    def do_GET(self) -> None:
        if self.path == "/song.mp3":  # a browser looks at the sound, not at the name
            self.answer("audio/wav", TONE, headers=self.server.headers)
        elif self.path in self.server.scripts:
            self.answer("text/javascript", self.server.scripts[self.path], headers=self.server.headers)
        else:
            html = PAGE + ("" if self.path == "/away" else self.server.html)
            self.answer("text/html; charset=utf-8", html.encode(), headers=self.server.headers)


@contextmanager
def site(html: str, policy: str = "", scripts: Mapping[str, bytes] | None = None) -> Iterator[str]:
    """Its address, which is of another site than the service's. `scripts`: files of its own, by path.

    `/away` is an empty page.
    """
    with answering(_Site(html, policy, scripts or {})) as server:
        yield server.elsewhere
