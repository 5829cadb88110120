"""Pages of somebody's site with the Plays card on them, and what a visitor can tell of the card.

The site is another origin than the service, as it is for most: script and figures come from elsewhere, and the page's
policy allows no inline style, no inline script and nothing but the service.
"""

import json
import urllib.request
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser.tracker_site import TRACKER_FILES
from tests.browser.visitor import Visitor
from tests.support.local_site import LocalHandler, LocalSite, answering
from tests.support.service import Service, eventually

STRICT: Final = "default-src 'none'; script-src {service}; connect-src {service}; style-src 'self'; img-src data:"
NOT_MORE_OFTEN_MS: Final = 30_000
ROLL_MS: Final = 1_200
_DRUMS: Final = """(card) => {
    const drums = card.shadowRoot?.querySelectorAll("[part~=drum]") ?? [];
    return [...drums].map((drum) => drum.innerText).join("");
}"""
_LINE: Final = """(card, name) => {
    const line = card.shadowRoot.querySelector(`[part=${name}]`);
    return line.checkVisibility({ visibilityProperty: true }) ? line.innerText : "";
}"""


class Site(LocalSite):
    """Serves the pages it is given, each at its path, all with one policy; and its own copy of the built files."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.pages: dict[str, str] = {}
        self.policy = ""


class _Handler(LocalHandler):
    server: Site

    def do_GET(self) -> None:
        name = self.path.partition("?")[0]
        policy = {"Content-Security-Policy": self.server.policy}
        if name[1:] in TRACKER_FILES:
            self.answer("text/javascript", TRACKER_FILES[name[1:]], headers=policy)
        elif name in self.server.pages:
            kind = "text/css" if name.endswith(".css") else "text/html; charset=utf-8"
            self.answer(kind, self.server.pages[name].encode(), headers=policy)
        else:
            self.send_error(404)


def site() -> AbstractContextManager[Site]:
    """One that answers."""
    return answering(Site())


def page_source(service: str, body: str, *, head: str = "", lang: str = "en") -> str:
    """An ordinary page that loads the tracker, which loads the card."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Band</title>'
        f'<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">{head}'
        f'<script type="module" src="{service}/tonearm.js"></script></head><body>{body}</body></html>'
    )


class Answers:
    """Answers the page's questions in the browser, one way until told another."""

    def __init__(self, page: Page, **first: Any) -> None:
        self._now: dict[str, Any] = {}
        self.are(**first)
        page.route("**/api/stats/**", lambda route: route.fulfill(**self._now))

    def are(self, status: int = 200, headers: dict[str, str] | None = None, **figures: Any) -> None:
        body = json.dumps({"totalPlays": 0, **figures})
        self._now = {"status": status, "headers": {"access-control-allow-origin": "*", **(headers or {})}, "body": body}


class Card:
    """One of the cards on a page; the first, if not told which."""

    def __init__(self, page: Page, selector: str = "tonearm-plays") -> None:
        self.page = page
        self.locator: Locator = page.locator(selector).first

    def until(self, state: str) -> "Card":
        """Wait for `loading`, `live` or `unavailable`."""
        expect(self.locator).to_have_attribute("data-tonearm-state", state)
        return self

    @property
    def drums(self) -> str:
        """What stands on the drums, from left to right; whole strips while they roll."""
        return str(self.locator.evaluate(_DRUMS))

    @property
    def second(self) -> str:
        """The second line as it is seen; empty where it is not."""
        return str(self.locator.evaluate(_LINE, "second"))

    @property
    def spoken(self) -> str:
        """What a screen reader is told, and that it is told nothing else."""
        found = self.locator.aria_snapshot().removeprefix("- ").strip("'")
        assert found.startswith('img "')
        assert "\n" not in found
        return found.removeprefix('img "').removesuffix('"')

    def at_rest(self, figure: str) -> "Card":
        """Wait until the drums stand still and show this figure."""
        eventually(lambda: self.drums == figure)
        return self


def asked(visitor: Visitor) -> list[str]:
    """The targets whose figures were asked for, in order."""
    return [request.url.partition("/api/stats/")[2] for request in visitor.requests if "/api/stats/" in request.url]


def stats(service: Service, target: str) -> dict[str, Any]:
    """The read API's answer; a target that nobody knows has no figures."""
    try:
        with urllib.request.urlopen(f"{service.url}/api/stats/{quote(target)}", timeout=10) as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        if error.code != 404:
            raise
        return {"totalPlays": 0, "totalShares": 0}


def play(service: Service, key: str, *buckets: str, **more: str) -> None:
    """Plays of a track, counted when this returns."""
    before = stats(service, f"track/{key}")["totalPlays"]
    for bucket in buckets:
        _send(service, "play", {"trackEntryKey": key, "bucket": bucket, **more})
    eventually(lambda: stats(service, f"track/{key}")["totalPlays"] == before + len(buckets))


def share(service: Service, key: str) -> None:
    """One share of a track, counted when this returns."""
    before = stats(service, f"track/{key}")["totalShares"]
    _send(service, "share", {"targetType": "track", "targetKey": key, "channel": "link"})
    eventually(lambda: stats(service, f"track/{key}")["totalShares"] == before + 1)


def _send(service: Service, event: str, body: dict[str, str]) -> None:
    request = urllib.request.Request(f"{service.url}/api/event/{event}", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert 202 == answer.status
