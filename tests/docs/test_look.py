"""The site in a browser: nothing is asked of anybody else, nothing is wider than its window, axe finds no barrier."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.docs.site import make_docs
from tests.support.chromium import chromium
from tests.support.local_site import LocalHandler, LocalSite, answering

pytestmark = pytest.mark.chromium

WINDOWS: Final = {"phone": (360, 780), "desktop": (1280, 900)}
KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
LOOKED_AT: Final = ("index", "quick-start", "api", "accuracy")


class Site(LocalSite):
    def __init__(self, folder: Path) -> None:
        super().__init__(Handler)
        self.folder = folder


class Handler(LocalHandler):
    server: Site

    def do_GET(self) -> None:
        file = self.server.folder / self.path.partition("?")[0].lstrip("/")
        if file.is_file():
            self.answer(KINDS.get(file.suffix, "application/octet-stream"), file.read_bytes())
        else:
            self.answer("text/plain", b"", 404)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look") / "docs"
    made = make_docs(folder)
    assert 0 == made.returncode, made.stderr
    return folder


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with answering(Site(built)) as site:
        yield site.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Reader:
    """Somebody with this window and theme; what went wrong is in `complaints`, what was asked for in `asked`."""

    def __init__(self, browser: Browser, window: str, scheme: Literal["light", "dark"]) -> None:
        width, height = WINDOWS[window]
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.context.on("console", lambda message: self.complaints.append(message.text))
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> Page:
        page = self.context.new_page()
        page.goto(address, wait_until="networkidle")
        return page


@pytest.mark.full
def test_no_page_is_wider_than_a_phone_and_none_asks_anybody_else(browser: Browser, built: Path, address: str) -> None:
    reader, wider = Reader(browser, "phone", "light"), []
    page = reader.context.new_page()
    for file in sorted(built.glob("*.html")):
        page.goto(f"{address}/{file.name}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wider.append(file.name)
    assert [] == wider
    assert [] == reader.complaints
    assert [] == [url for url in reader.asked if not url.startswith((f"{address}/", "data:"))]
    reader.context.close()


@pytest.mark.full
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_no_barrier(browser: Browser, address: str, window: str, scheme: Literal["light", "dark"]) -> None:
    script = axe.source()
    reader = Reader(browser, window, scheme)
    for name in LOOKED_AT:
        assert [] == axe.barriers(reader.open(f"{address}/{name}.html"), script), name
    reader.context.close()


@pytest.mark.full
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_theme_of_the_browser_is_the_themes_of_the_pages(
    browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    reader = Reader(browser, "desktop", scheme)
    page = reader.open(f"{address}/index.html")
    red = int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))
    assert red > 200 if scheme == "light" else red < 60
    reader.context.close()


@pytest.mark.full
def test_the_search_finds_a_page_by_a_word_of_it(browser: Browser, address: str) -> None:
    reader = Reader(browser, "phone", "dark")
    page = reader.open(f"{address}/index.html")
    page.get_by_role("searchbox").fill("retention")
    page.keyboard.press("Enter")
    expect(page.locator("ul.search a", has_text="The life of the data").first).to_be_visible()
    assert [] == reader.complaints
    reader.context.close()


def test_on_a_phone_the_list_of_all_pages_is_one_press_away(browser: Browser, address: str) -> None:
    reader = Reader(browser, "phone", "light")
    page = reader.open(f"{address}/quick-start.html")
    page.get_by_role("link", name="All pages").click()
    expect(page.get_by_role("navigation", name="All pages").get_by_role("link", name="Alerts")).to_be_in_viewport()
    reader.context.close()
