"""The real service with its demo, a real Chromium, and the figures before and after."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from server.demo.discography import Discography, load
from tests.support.chromium import chromium
from tests.support.service import Service, serving

pytest.register_assert_rewrite("tests.browser.card_page", "tests.browser.figures", "tests.browser.visitor")

from tests.browser.card_page import STRICT, Site, page_source, site  # noqa: E402
from tests.browser.figures import Figures  # noqa: E402  # after the line that makes its asserts speak
from tests.browser.visitor import Visitor, visiting  # noqa: E402

DEMO: Final = {"TONEARM_DEMO": "true", "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}

Show = Callable[..., Page]
Visiting = Callable[..., AbstractContextManager[Visitor]]


@pytest.fixture(scope="session")
def music() -> Discography:
    """What the demo has to play."""
    return load()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, demo_music: Path) -> Iterator[Service]:
    """One service for all browser tests of a process."""
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    data_dir.mkdir(mode=0o700)
    (data_dir / "demo-audio").symlink_to(demo_music)
    with serving(data_dir, DEMO) as running:
        yield running
    assert 0 == running.process.returncode
    assert "Traceback" not in running.said()


@pytest.fixture(scope="module")
def figures(service: Service, music: Discography) -> Iterator[Figures]:
    """The figures of that service; held against each other and against the log when the module is through."""
    figures = Figures(service, music)
    yield figures
    figures.unchanged()
    assert "Every counter agrees" in service.command("check").stdout


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module: Playwright's event loop must be gone when the next module's tests run theirs.

    Clicks start the sound, so that the browser's autoplay policy stays what it is for everybody.
    """
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, service: Service) -> Visiting:
    """`with visit() as visitor`: somebody comes to the demo."""
    return partial(visiting, browser, service.url)


@pytest.fixture
def visitor(visit: Visiting) -> Iterator[Visitor]:
    """Somebody who is at the demo already."""
    with visit() as somebody:
        yield somebody


@pytest.fixture(scope="module")
def band() -> Iterator[Site]:
    with site() as server:
        yield server


@pytest.fixture
def show(visitor: Visitor, band: Site, service: Service) -> Show:
    """`show('<tonearm-plays></tonearm-plays>')`: a visitor opens a page with that on it. No page may complain."""

    def show(body: str, *, address: str = service.url, clock: bool = False, **page_has: str) -> Page:
        band.policy = STRICT.format(service=address)
        band.pages = {"/": page_source(address, body, **page_has)}
        page = visitor.context.new_page()
        if clock:
            page.clock.install()
        page.goto(band.elsewhere)
        return page

    return show
