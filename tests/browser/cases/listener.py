"""One person with a browser of their own on the small site, and what they do there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Frame, Page
from playwright.sync_api import Error as BrowserError

from tests.browser.tracker_site import Site

# Waits inside the page, where a slow machine cannot make it late.
_HEARD: Final = """([name, seconds]) => new Promise((resolve, reject) => {
    const audio = window[name];
    const tick = setInterval(() => {
        if (audio.seeking || audio.currentTime < seconds) return;
        clearInterval(tick);
        resolve();
    }, 5);
    setTimeout(() => reject(new Error(`it is at ${audio.currentTime} s, not at ${seconds} s`)), 20_000);
})"""
# What a browser does to a page whose tab is not in front; Playwright's pages are always in front.
_BACKGROUND: Final = """() => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


class Listener:
    """Made by `listening`."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.complaints: list[str] = []
        context.on("console", lambda message: self.complaints.append(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def open(self, path: str = "/", *, site: str = "") -> Page:
        """A page of the site in a tab of its own."""
        page = self.context.new_page()
        page.goto((site or self.site.address) + path)
        return page

    def play(self, page: Page | Frame, until: float, element: str = "a", **properties: Any) -> None:
        """Play on to this position, in seconds; `properties` of the element are set first."""
        page.evaluate(
            "([name, given]) => { Object.assign(window[name], given); return window[name].play() }",
            [element, properties],
        )
        page.evaluate(_HEARD, [element, until])

    def hear(self, page: Page | Frame, until: float, element: str = "a") -> None:
        """Wait while it plays on to this position."""
        page.evaluate(_HEARD, [element, until])

    def leave(self, page: Page) -> None:
        page.goto(f"{self.site.address}/elsewhere")

    def hide(self, page: Page) -> None:
        """Another tab comes to the front."""
        page.evaluate(_BACKGROUND)

    def kill(self, page: Page) -> None:
        """Its process dies without a word, as on a phone that needs the memory."""
        with suppress(BrowserError):  # what it is asked for never comes
            page.goto("chrome://crash")
        page.close()

    def kept(self, page: Page) -> dict[str, str]:
        """What is in localStorage."""
        return dict(page.evaluate("({ ...localStorage })"))

    def waiting(self, page: Page) -> list[dict[str, Any]]:
        """The events that wait in localStorage."""
        return [json.loads(value) for key, value in self.kept(page).items() if key.startswith("tonearm.waiting.")]

    def wait_until_kept(self, page: Page, bucket: str) -> None:
        """Wait for a checkpoint of that bucket."""
        page.wait_for_function(
            "(bucket) => Object.entries(localStorage).some(([key, value]) => "
            "key.startsWith('tonearm.waiting.') && JSON.parse(value).event.bucket === bucket)",
            arg=bucket,
        )


@contextmanager
def listening(
    browser: Browser | BrowserContext, site: Site, *, complaining: bool = False, **options: Any
) -> Iterator[Listener]:
    """Somebody new, or with a context of their own. `complaining`: the browser may log; `options`: of a new context."""
    context = browser.new_context(**options) if isinstance(browser, Browser) else browser
    somebody = Listener(context, site)
    try:
        yield somebody
    finally:
        context.close()
    if not complaining:
        assert [] == somebody.complaints
