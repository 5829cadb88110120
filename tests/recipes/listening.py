"""A page that is made after a recipe, and somebody who listens there.

Beside the example's own text the page has a driver (drivers/*.js): it says in the player's own words how somebody
plays, pauses, seeks and goes on to another song, and nothing about counting.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page

from tests.recipes import page as recipes
from tests.recipes.bundle import PACKAGES, bundled
from tests.recipes.site import Site
from tests.support.service import Service

DRIVERS: Final = Path(__file__).parent / "drivers"
PATIENCE_MS: Final = 30_000
FIRST: Final = {"TRACK-KEY": "first", "song.mp3": "/first.wav", "song.m3u8": "/first.m3u8", "audio/mpeg": "audio/wav"}


@dataclass(frozen=True)
class Recipe:
    """Which example, what its reader puts in, and who drives it."""

    name: str
    driver: str
    words: dict[str, str] = field(default_factory=dict)  # of the script -> what this variant says in place of them
    serves: dict[str, str] = field(default_factory=dict)  # path on the site -> file in the npm packages
    markup: str = ""  # what the example takes to be on the page
    module: str = ""  # where the example is a module of its own, served as it stands: its path
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.variant}" if self.variant else self.name

    def opened(self, context: BrowserContext, site: Site, service: Service) -> "Listener":
        """The page, with the tracker heard and the player made."""
        example = filled_in(recipes.changed(recipes.script(self.name), self.words), service)
        if self.module:
            site.files[self.module], example = example.encode(), ""
        bundle = bundled(f"{example}\n{filled_in(self._driver(), service)}")
        site.files |= {f"/recipe.{kind}": content for kind, content in bundle.items()}
        site.files |= {path: (PACKAGES / file).read_bytes() for path, file in self.serves.items()}
        style = '<link rel="stylesheet" href="/recipe.css">' if "css" in bundle else ""
        html = filled_in(recipes.markup(self.name) + self.markup, service)
        site.files["/recipe.html"] = (
            f'<!doctype html><meta charset="utf-8"><title>{self}</title><link rel="icon" href="data:,">{style}'
            f'{html}<script type="module" src="/recipe.js"></script>'
        ).encode()
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{site.address}/recipe.html")
        page.wait_for_function("globalThis.ready")
        return Listener(page, site)

    def _driver(self) -> str:
        return "".join((DRIVERS / name).read_text("utf-8") for name in ("listener.js", f"{self.driver}.js"))


class Listener:
    """Somebody at that page. Songs go by their keys: "first" (4 s), "second" (8 s), "long" (80 s)."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self._site = site

    def play(self, song: str) -> None:
        """Put this song in the player, unless it is the one of the example, and start it."""
        self.page.evaluate("(song) => listener.play(song)", song)

    def reach(self, seconds: float, then: str = "") -> None:
        """Wait until it sounds at this position; then at once, in the page: "pause", or "play SONG"."""
        self.page.evaluate("([seconds, then]) => listener.reach(seconds, then)", [seconds, then])

    def pause(self) -> None:
        self.page.evaluate("listener.pause()")

    def resume(self) -> None:
        self.page.evaluate("listener.resume()")

    def seek(self, seconds: float) -> None:
        self.page.evaluate("(seconds) => listener.seek(seconds)", seconds)

    def end(self) -> None:
        """Wait until the song has been heard to its end."""
        self.page.evaluate("listener.end()")

    def leave(self) -> None:
        """Go on to another page of the site."""
        self.page.goto(f"{self._site.address}/elsewhere.html")

    def run(self, script: str) -> Any:
        """What this one recipe's page is asked beyond that."""
        return self.page.evaluate(script)


def filled_in(text: str, service: Service) -> str:
    """With what the reader puts in place of the page's placeholders: their service, and their first song."""
    for placeholder, value in {recipes.SERVICE: service.url, **FIRST}.items():
        text = text.replace(placeholder, value)
    return text


Listen = Callable[[Recipe], Listener]
