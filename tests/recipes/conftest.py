"""The real service, somebody's site on another origin, and a real Chromium that opens the recipes there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage

from server.demo.discography import Artist, Discography, Track
from tests.support.chromium import UNASKED, chromium
from tests.support.service import Service, serving

pytest.register_assert_rewrite("tests.browser.figures", "tests.recipes.listening")

from tests.browser.figures import Figures  # noqa: E402  # after the line that makes its asserts speak
from tests.recipes.bundle import install  # noqa: E402
from tests.recipes.listening import Listen  # noqa: E402
from tests.recipes.site import SECONDS, Site, open_site  # noqa: E402

# Scripts start the sound here: the recipes are about what is counted, and the players' own buttons are theirs.
FLAGS: Final = (
    UNASKED,
    # What Chrome says of itself. Headless Chromium's own word is "HeadlessChrome", by which it is taken for a crawler,
    # and a user agent given to a context alone is not sent with the beacon of a page that goes.
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36",
)


@pytest.fixture(scope="session")
def packages() -> None:
    """The players, from npm."""
    install()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with open_site() as site:
        yield site


@pytest.fixture(scope="session")
def service(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """As an operator sets it up: it takes events from this one site, refuses crawlers and knows the tracks."""
    folder: Path = tmp_path_factory.mktemp("recipes")
    settings = {
        "TONEARM_SITE__ORIGINS": json.dumps([site.address]),
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        "TONEARM_LIMITS__REFUSE_CRAWLERS": "true",
    }
    catalog = folder / "catalog.csv"
    catalog.write_text("track_key,track_title\n" + "".join(f"{key},{key}\n" for key in SECONDS))
    with serving(folder / "data", settings) as running:
        running.command("catalog", "load", str(catalog))
        yield running
        assert "Every counter agrees" in running.command("check").stdout
    assert 0 == running.process.returncode
    assert "Traceback" not in running.said()


@pytest.fixture(scope="module")
def figures(service: Service) -> Iterator[Figures]:
    """The figures of that service; nothing may come after the last change that a test expected."""
    tracks = tuple(Track(key, key, None, 0, seconds, "") for key, seconds in SECONDS.items())
    figures = Figures(service, Discography(Artist("", "", ""), (), tracks))
    yield figures
    figures.unchanged()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module: Playwright's event loop must be gone when the next module's tests run theirs."""
    with chromium(*FLAGS) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def listen(context: BrowserContext, site: Site, service: Service, packages: None) -> Iterator[Listen]:
    """`listen(recipe)`: somebody opens a page that is made after it. Whatever a page logs or throws fails the test."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.extend(complaint(message)))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield lambda recipe: recipe.opened(context, site, service)
    assert [] == complaints


def complaint(message: ConsoleMessage) -> list[str]:
    """What is wrong; React recommends its developer tools as an "info", and whatever is wrong is more than that."""
    return [] if message.type == "info" else [message.text]
