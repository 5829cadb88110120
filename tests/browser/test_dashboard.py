"""The dashboard in a browser: numbers as SQL counts them, its links, keys, downloads and hints."""

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import measures
from tests.browser.dashboard_site import Operator, Site, dashboard, operating
from tests.support.postgres import Postgres

pytestmark = pytest.mark.chromium

RELEASE: Final = "release-03"
PAGES: Final = ("", "tracks", "releases", "shares", f"track/{RELEASE}%2Ftrack-01", f"release/{RELEASE}")
_PLAYS: Final = "SELECT count(*) FROM play_event WHERE day > $1::date - $2::integer AND day <= $1"


@pytest.fixture(scope="module")
def site(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with dashboard(tmp_path_factory.mktemp("dashboard"), postgres, events=6_000, seed=7) as filled:
        yield filled


@pytest.fixture
def operator(browser: Browser, site: Site) -> Iterator[Operator]:
    with operating(browser, site) as somebody:
        yield somebody


def figure(page: Page, name: str) -> str:
    """What stands under a name in the row of figures."""
    cell = page.locator(".figure", has=page.get_by_text(name, exact=True)).locator("dd").first
    return cell.inner_text()


def today() -> object:
    return datetime.now(UTC).date()


def test_the_dashboard_is_walked_from_page_to_page_and_tells_what_the_log_tells(operator: Operator) -> None:
    [(plays, complete)] = operator.site.query(
        "SELECT count(*), count(*) FILTER (WHERE bucket = 'complete') FROM play_event WHERE day > $1::date - 30",
        today(),
    )
    [(ever,)] = operator.site.query("SELECT count(*) FROM play_event")
    page = operator.open("")
    expect(page.locator(".odometer__label .visually-hidden")).to_have_text(f"{ever:,}")
    assert f"{ever:,}" == page.locator(".odometer__drums").inner_text().replace("\n", "").lstrip("0,")
    assert (f"{plays:,}", f"{complete / plays:.0%}") == (figure(page, "Plays"), figure(page, "Played to the end"))
    for name, title in (("Tracks", "Tracks"), ("Releases", "Releases"), ("Shares", "Shares that worked")):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_role("navigation", name="Pages").locator("[aria-current]")).to_have_text(name)


@pytest.mark.full
@pytest.mark.parametrize(("link", "days"), [("Today", 1), ("7 days", 7), ("90 days", 90), ("A year", 365)])
def test_a_range_that_is_picked_counts_its_days_and_goes_along(operator: Operator, link: str, days: int) -> None:
    page = operator.open("")
    page.get_by_role("link", name=link, exact=True).click()
    [(plays,)] = operator.site.query(_PLAYS, today(), days)
    assert f"{plays:,}" == figure(page, "Plays")
    page.get_by_role("link", name="Tracks", exact=True).click()
    expect(page.locator(".choices [aria-current]")).to_have_text(link)


@pytest.mark.full
def test_other_days_are_picked_with_a_form(operator: Operator) -> None:
    last = datetime.now(UTC).date() - timedelta(40)
    page = operator.open("")
    page.get_by_text("Other days").click()
    page.get_by_label("From").fill((last - timedelta(20)).isoformat())
    page.get_by_label("To").fill(last.isoformat())
    page.get_by_label("In steps of").select_option("week")
    page.get_by_role("button", name="Show").click()
    [(plays,)] = operator.site.query(_PLAYS, last, 21)
    assert f"{plays:,}" == figure(page, "Plays")
    expect(page.locator(".choices--quiet [aria-current]")).to_have_text("Weeks")
    expect(page.get_by_label("From")).to_have_value((last - timedelta(20)).isoformat())


@pytest.mark.full
def test_the_board_is_in_the_logs_order_sorted_by_links_searched_and_paged(operator: Operator) -> None:
    page = operator.open("tracks?range=all")
    expected = operator.site.query("SELECT track_key, count(*) FROM play_event GROUP BY 1 ORDER BY 2 DESC, 1")
    shown = page.locator(".board tbody tr td:nth-of-type(2)")
    assert [f"{plays:,}" for _, plays in expected[:25]] == shown.all_inner_texts()
    page.get_by_role("link", name="Next").click()
    assert [f"{plays:,}" for _, plays in expected[25:50]] == shown.all_inner_texts()
    page.get_by_role("link", name="Shares", exact=True).last.click()
    expect(page.locator("[aria-sort]")).to_have_attribute("aria-sort", "descending")
    page.locator("[aria-sort] a").click()
    expect(page.locator("[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Title or key").fill(f"{RELEASE}/TRACK-01")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".board tbody tr")).to_have_count(1)
    page.locator(".board__title").click()
    expect(page.locator("code")).to_have_text(f"{RELEASE}/track-01")


@pytest.mark.full
def test_a_medium_narrows_the_board(operator: Operator) -> None:
    page = operator.open("releases")
    page.get_by_label("Medium").select_option("ep")
    page.get_by_role("button", name="Find").click()
    expected = operator.site.query("SELECT count(*) FROM release WHERE medium = 'ep'")
    assert [(page.locator(".board tbody tr").count(),)] == expected


@pytest.mark.full
def test_a_release_shows_its_tracks_side_by_side_and_where_people_drop_out(operator: Operator) -> None:
    page = operator.open(f"release/{RELEASE}?range=all")
    counted = dict(
        operator.site.query("SELECT track_key, count(*) FROM play_event WHERE release_key = $1 GROUP BY 1", RELEASE)
    )
    assert operator.site.music
    tracks = [track for track in operator.site.music.tracks if track.release == RELEASE]
    plays = [counted.get(track.key, 0) for track in tracks]
    assert [f"{number:,}" for number in plays] == page.locator(".board tbody td:nth-of-type(2)").all_inner_texts()
    lost = [before - now for before, now in pairwise(plays)]
    drop = lost.index(max(lost))
    expect(page.locator(".answer")).to_contain_text(f"from “{tracks[drop].title}” to “{tracks[drop + 1].title}”")
    expect(page.locator(".answer")).to_contain_text(f"{max(lost):,} fewer plays")
    assert str(drop + 2) == page.locator(".board__drop td").first.inner_text()


@pytest.mark.full
def test_columns_of_the_picture_are_the_table_behind_it(operator: Operator) -> None:
    page = operator.open("")
    picture = page.locator("[data-picture=plays]")
    hints = [
        re.search(r"^([\d,]+) plays a day$", text, re.M) for text in picture.locator(".hint title").all_text_contents()
    ]
    picture.get_by_text("Show as a table").click()
    cells = picture.locator("tbody td:nth-of-type(1)").all_inner_texts()
    assert cells == [hint and hint.group(1) for hint in hints]
    assert 30 == len(cells)


@pytest.mark.full
def test_arrow_keys_walk_the_steps_of_a_picture(operator: Operator) -> None:
    page = operator.open("")
    picture = page.locator("[data-picture=plays]")
    canvas, told = picture.locator(".picture__canvas"), picture.locator(".picture__told")
    titles = [text.replace("\n", " · ") for text in picture.locator(".hint title").all_text_contents()]
    canvas.focus()
    for key, expected in (
        ("ArrowRight", titles[0]),
        ("ArrowRight", titles[1]),
        ("End", titles[-1]),
        ("ArrowLeft", titles[-2]),
        ("Home", titles[0]),
        ("Escape", ""),
    ):
        page.keyboard.press(key)
        expect(told).to_have_text(expected)


@pytest.mark.full
def test_a_step_that_is_pointed_at_tells_its_figures(operator: Operator) -> None:
    page = operator.open("")
    picture = page.locator("[data-picture=plays]")
    picture.locator(".hint").nth(3).hover()
    expect(picture.locator(".picture__told")).to_contain_text("Played to the end:")
    expect(picture.locator(".hint--on")).to_have_count(1)


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_is_kept_as_png_in_the_colours_of_the_theme(
    browser: Browser, site: Site, scheme: str, tmp_path: Path
) -> None:
    with operating(browser, site, scheme="dark" if scheme == "dark" else "light") as operator:
        page = operator.open("")
        with page.expect_download() as download:
            page.locator("[data-picture=plays]").get_by_role("button", name="PNG").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        assert "tonearm-overview-plays.png" == file.name
        width, height = struct.unpack(">II", file.read_bytes()[16:24])
        assert (1_920, True) == (width, height > 600)
        corner = page.evaluate(_FIRST_PIXEL, list(file.read_bytes()))
        assert ([16, 23, 28] if scheme == "dark" else [250, 248, 243]) == corner


_FIRST_PIXEL: Final = """async (bytes) => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


@pytest.mark.full
def test_every_file_of_a_page_is_kept_by_its_link(operator: Operator) -> None:
    page = operator.open("")
    links = page.locator(".files a")
    for number in range(links.count()):
        with page.expect_download() as download:
            links.nth(number).click()
        assert re.fullmatch(r"tonearm-overview-\w+\.(svg|csv)", download.value.suggested_filename)


@pytest.mark.full
@pytest.mark.parametrize("path", PAGES)
def test_without_scripts_a_page_says_the_same(browser: Browser, site: Site, path: str) -> None:
    with operating(browser, site, scripts=False) as operator:
        page = operator.open(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert 0 == page.get_by_role("button", name="PNG").count()


@pytest.mark.full
@pytest.mark.parametrize("path", PAGES)
def test_tab_goes_through_all_of_the_page_in_its_order(operator: Operator, path: str) -> None:
    assert [] == measures.lost_on_tab(operator.open(path))
