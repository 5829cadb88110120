"""The dashboard for everybody: axe finds no barrier, nothing is wider than its window; full, empty, with one play."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator

from tests.browser import axe, measures
from tests.browser.dashboard_site import Scheme, Site, dashboard, operating
from tests.browser.test_dashboard import PAGES
from tests.support.postgres import Postgres

pytestmark = pytest.mark.chromium

WIDTHS = (320, 390, 768, 1280)
FULL = (*PAGES, "?range=today", "?range=365d", "tracks?q=nothing-has-this", "?range=fortnight", "track/nobody-knows")
EMPTY = ("", "tracks", "releases", "shares", "?range=all")


@pytest.fixture(scope="module")
def script() -> str:
    return axe.source()


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with dashboard(tmp_path_factory.mktemp("filled"), postgres, events=3_000, seed=11) as site:
        yield site


@pytest.fixture(scope="module")
def empty(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with dashboard(tmp_path_factory.mktemp("empty"), postgres, events=0) as site:
        yield site


@pytest.fixture(scope="module")
def one_play(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with dashboard(tmp_path_factory.mktemp("one"), postgres, events=1, seed=2) as site:
        yield site


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", FULL)
def test_a_page_has_no_barrier(
    browser: Browser, filled: Site, script: str, path: str, width: int, scheme: Scheme
) -> None:
    refused = path in ("?range=fortnight", "track/nobody-knows")
    with operating(browser, filled, width=width, scheme=scheme, bypass_csp=True) as operator:
        page = operator.open(path)
        for details in page.locator("summary").all():
            details.click()
        assert [] == axe.barriers(page, script)
        if refused:  # the browser itself notes in its console that the answer was 400 or 404
            operator.complaints.clear()


@pytest.mark.full
@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_has_no_barrier(browser: Browser, empty: Site, script: str, path: str) -> None:
    with operating(browser, empty, bypass_csp=True) as operator:
        assert [] == axe.barriers(operator.open(path), script)


@pytest.mark.full
@pytest.mark.parametrize("path", ["", "?range=today", "tracks", "releases", "shares"])
def test_a_page_with_one_play_has_no_barrier(browser: Browser, one_play: Site, script: str, path: str) -> None:
    with operating(browser, one_play, width=390, bypass_csp=True) as operator:
        assert [] == axe.barriers(operator.open(path), script)


@pytest.mark.full
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", FULL[:-2])
def test_a_page_is_no_wider_than_its_window(browser: Browser, filled: Site, path: str, width: int) -> None:
    with operating(browser, filled, width=width) as operator:
        page = operator.open(path)
        assert 0 >= page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_words_stand_out(browser: Browser, filled: Site, path: str, scheme: Scheme) -> None:
    with operating(browser, filled, scheme=scheme) as operator:
        assert [] == measures.faint(operator.open(path))


@pytest.mark.full
@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves(browser: Browser, filled: Site, path: str) -> None:
    with operating(browser, filled) as operator:
        assert [] == measures.moving(operator.open(path))


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_every_page_is_one_tap_away(browser: Browser, filled: Site, width: int) -> None:
    """Unseen entries of a row that can be pushed sideways are found by nobody."""
    with operating(browser, filled, width=width) as operator:
        for link in operator.open("tracks").locator(".top__pages a").all():
            assert_is_in_sight(link, width)


def test_on_a_phone_completion_stands_beside_the_plays(browser: Browser, filled: Site) -> None:
    with operating(browser, filled, width=390) as operator:
        assert_is_in_sight(operator.open("tracks").get_by_role("columnheader", name="To the end"), 390)


def assert_is_in_sight(what: Locator, width: int) -> None:
    box = what.bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width
