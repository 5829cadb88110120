"""One person at the demo site: a browser context of their own, the pages they open, the player they use.

Everything is done by click and key on what the page shows. Only the tempo is helped along: the real audio element
plays the real file, at up to sixteen times the speed.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Frame, Page, Request, StorageState

STORED_ID: Final = "tonearm.listener"  # the tracker's one key in localStorage
FASTEST: Final = 16  # the playbackRate Chromium goes up to
PATIENCE_MS: Final = 30_000

# What Chrome says of itself; headless Chromium's own word is "HeadlessChrome", by which it is taken for a crawler.
_ORDINARY: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
)
# Which tracks have come to their end, in order.
_WATCH: Final = """
    window.ends = [];
    addEventListener("ended", (event) => ends.push(event.target.dataset.tonearmTrack), true);
"""
_TEMPO: Final = """(rate) => {
    const audio = document.querySelector("audio");
    audio.defaultPlaybackRate = audio.playbackRate = rate;
}"""
# Waits inside the page, where a slow machine cannot make it late, and goes on at the ordinary tempo from there.
# (Playwright's own wait_for_function evaluates a string, which the pages' policy forbids.)
_REACH: Final = """([seconds, patience]) => new Promise((resolve, reject) => {
    const audio = document.querySelector("audio");
    const tick = setInterval(() => {
        if (audio.seeking || audio.paused || audio.currentTime < seconds) return;
        clearInterval(tick);
        audio.playbackRate = 1;
        resolve();
    }, 5);
    setTimeout(() => reject(new Error(`it is at ${audio.currentTime} s, not at ${seconds} s`)), patience);
})"""
_ENDS: Final = """([count, patience]) => new Promise((resolve, reject) => {
    const tick = setInterval(() => {
        if (ends.length < count) return;
        clearInterval(tick);
        resolve(ends);
    }, 5);
    setTimeout(() => reject(new Error(`only these have ended: ${ends}`)), patience);
})"""


class Player:
    """The demo's player on a page or in a frame."""

    def __init__(self, where: Page | Frame) -> None:
        self.where = where

    def tempo(self, rate: float) -> "Player":
        """From now on, also for the sources to come."""
        self.where.evaluate(_TEMPO, rate)
        return self

    def press(self, key: str | None = None) -> "Player":
        """The play button: of this track, or of the only one there is."""
        self.where.click(f'[data-demo-play="{key}"]' if key else "[data-demo-play]")
        return self

    def reach(self, seconds: float) -> "Player":
        """Wait until it sounds at this position or behind it; the tempo is the ordinary one from there."""
        self.where.evaluate(_REACH, [seconds, PATIENCE_MS])
        return self

    def ends(self, count: int) -> list[str]:
        """Wait until so many tracks have come to their end on this page; their keys."""
        return list(self.where.evaluate(_ENDS, [count, PATIENCE_MS]))

    def seek(self, part: float) -> "Player":
        """Click on the slider, at this part of its width."""
        slider = self.where.locator("[data-demo-seek]").first
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": box["width"] * part, "y": box["height"] / 2})
        return self

    @property
    def position_s(self) -> float:
        return float(self.where.evaluate("document.querySelector('audio').currentTime"))

    @property
    def paused(self) -> bool:
        return bool(self.where.evaluate("document.querySelector('audio').paused"))


class Visitor:
    """Made by `visiting`, which also sees to it that no page complained."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context = context
        self.site = site
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        context.add_init_script(_WATCH)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
        context.on("console", lambda message: self.complaints.append(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", lambda request: self.requests.append(request))

    def open(self, path: str) -> Page:
        """A page of the site in a tab of its own."""
        page = self.context.new_page()
        page.goto(self.site + path)
        return page

    def listen(self, path: str, rate: float = 1) -> tuple[Page, Player]:
        """The same, with its player at this tempo."""
        page = self.open(path)
        return page, Player(page).tempo(rate)

    def leave(self, page: Page) -> None:
        """Go on to another page of the site, as one does by a link."""
        page.goto(f"{self.site}/embed-example")

    def copied(self, page: Page) -> str:
        """What is on the clipboard."""
        page.bring_to_front()
        return str(page.evaluate("navigator.clipboard.readText()"))

    def stored_id(self, page: Page) -> str | None:
        """The random id that the tracker keeps, if it does."""
        found = page.evaluate("(key) => localStorage.getItem(key)", STORED_ID)
        return None if found is None else str(found)

    def sent(self, event: str) -> list[dict[str, Any]]:
        """Bodies of the events that the browser has sent: "play" or "share"."""
        address = f"{self.site}/api/event/{event}"
        return [json.loads(request.post_data or "") for request in self.requests if request.url == address]


def ordinary(browser: Browser) -> str:
    """The User-Agent of this browser, without the word that it is headless."""
    return _ORDINARY.format(major=browser.version.partition(".")[0])


@contextmanager
def visiting(
    browser: Browser,
    site: str,
    *,
    headers: Mapping[str, str] | None = None,
    script: str = "",
    stored_id: str = "",
    scripts: bool = True,
) -> Iterator[Visitor]:
    """Somebody with an ordinary browser; `headers` go with every request, `script` runs before every page's own,
    `stored_id` is what the tracker has left there on an earlier visit; without `scripts` none runs at all.
    """
    context = browser.new_context(
        user_agent=ordinary(browser),
        viewport={"width": 1280, "height": 800},
        extra_http_headers=dict(headers or {}),
        storage_state=_storage(site, stored_id),
        java_script_enabled=scripts,
    )
    try:
        if script:
            context.add_init_script(script)
        visitor = Visitor(context, site)
        yield visitor
    finally:
        context.close()
    assert [] == visitor.complaints


def _storage(site: str, stored_id: str) -> StorageState:
    if not stored_id:
        return {}
    return {"origins": [{"origin": site, "localStorage": [{"name": STORED_ID, "value": stored_id}]}]}
