"""`make docs`: every link of every built page leads somewhere, nothing is loaded from elsewhere, a mistake fails it."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.claims import pages
from tests.docs.site import make_docs, small_checkout

INDEX: Final = "# Small\n"
LOADS: Final = {"src", "srcset", "poster", "data", "action"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "docs"
    made = make_docs(folder)
    assert (0, "") == (made.returncode, made.stderr)
    return folder


class Html(HTMLParser):
    """Its ids, and (tag, attribute, address) of all it links to or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name in LOADS | {"href"} and value is not None:
                self.links.append((tag, name, value))


@cache
def html(file: Path) -> Html:
    return Html(file.read_text("utf-8"))


def test_every_page_of_the_documentation_is_on_the_site(site: Path) -> None:
    built = {file.stem for file in site.glob("*.html")} - {"search"}
    assert {Path(page).stem for page in pages() if page.startswith("docs/")} == built


def test_every_page_is_in_the_navigation_of_each(site: Path) -> None:
    for file in site.glob("*.html"):
        listed = re.findall(r'class="reference internal" href="([\w-]+)\.html', navigation(file))
        own = {file.stem} if file.stem != "index" else set()
        assert {each.stem for each in site.glob("*.html")} == {*listed, *own, "index", "search"}, file.name


def navigation(file: Path) -> str:
    return file.read_text("utf-8").partition('<nav id="contents"')[2]


def test_every_link_of_a_built_page_leads_somewhere(site: Path) -> None:
    nowhere = [(file.name, link) for file in site.glob("*.html") for link in links(file) if not there(file, link)]
    assert [] == nowhere


def links(file: Path) -> Iterator[str]:
    return (value for _, _, value in html(file).links if not urlsplit(value).scheme)


def there(page: Path, link: str) -> bool:
    parts = urlsplit(link)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return target.is_file() and (not parts.fragment or unquote(parts.fragment) in html(target).ids)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for file in site.glob("*.html"):
        loaded = [value for tag, name, value in html(file).links if name in LOADS or tag == "link"]
        assert [] == [value for value in loaded if urlsplit(value).scheme or urlsplit(value).netloc], file.name
    for style in site.glob("_static/*.css"):
        assert not re.search(r"@import|url\(", style.read_text("utf-8")), style.name


def test_architecture_is_the_file_above_with_its_links_on_the_site(site: Path) -> None:
    page = (site / "architecture.html").read_text("utf-8")
    assert "An event's way" in page
    assert "[ARCHITECTURE.md]" not in page
    index = (site / "index.html").read_text("utf-8")
    assert 'href="architecture.html"' in index.partition("<main")[2].partition("</main>")[0]


def test_a_page_that_is_not_written_yet_is_left_out_of_the_navigation(tmp_path: Path) -> None:
    checkout = small_checkout(tmp_path, {"docs/index.md": INDEX, "docs/faq.md": "# Asked\n"})
    made = make_docs(tmp_path / "site", checkout)
    assert (0, "") == (made.returncode, made.stderr)
    assert "quick-start" not in navigation(tmp_path / "site" / "index.html")
    assert 'href="faq.html"' in navigation(tmp_path / "site" / "index.html")


@pytest.mark.parametrize(
    ("faq", "said"),
    [
        ("[gone](gone.md)", "'gone.md'"),
        ("[gone](index.md#gone)", "'gone'"),
        ("[gone](#gone)", "'gone'"),
        ("![gone](images/gone.png)", "images/gone.png"),
        ("[gone](../deploy/gone.conf)", "gone.conf"),
    ],
)
@pytest.mark.full
def test_what_leads_nowhere_fails_the_build(tmp_path: Path, faq: str, said: str) -> None:
    checkout = small_checkout(tmp_path, {"docs/index.md": INDEX, "docs/faq.md": f"# Asked\n\n{faq}\n"})
    made = make_docs(tmp_path / "site", checkout)
    assert 0 != made.returncode
    assert "faq.md:3" in made.stderr
    assert said in made.stderr


def test_a_page_outside_the_navigation_fails_the_build(tmp_path: Path) -> None:
    checkout = small_checkout(tmp_path, {"docs/index.md": INDEX, "docs/forgotten.md": "# Forgotten\n"})
    made = make_docs(tmp_path / "site", checkout)
    assert 0 != made.returncode
    assert "forgotten.md" in made.stderr
    assert "toctree" in made.stderr
