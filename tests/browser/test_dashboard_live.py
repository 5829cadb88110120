"""The pages live, health and privacy in a browser: what comes in is shown; without a script they are snapshots."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.dashboard_site import Operator, Scheme, Site, dashboard, operating
from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.service import eventually

pytestmark = pytest.mark.chromium
PAGES = ("live", "health", "privacy")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with dashboard(tmp_path_factory.mktemp("live"), postgres, events=500, seed=3) as filled:
        yield filled


@pytest.fixture
def operator(browser: Browser, site: Site) -> Iterator[Operator]:
    with operating(browser, site) as somebody:
        yield somebody


def post(site: Site, kind: str, **body: str) -> None:
    headers = {"Content-Type": "text/plain"}
    door = Door.at(site.service.beacon)
    assert 202 == ask(door, "POST", f"/api/event/{kind}", headers, json.dumps(body).encode()).status


def play(site: Site, key: str, bucket: str = "complete", **more: str) -> None:
    post(site, "play", trackEntryKey=key, bucket=bucket, **more)


def watched(operator: Operator) -> Page:
    """The live page with its stream open; a page with a stream never comes to rest."""
    page = operator.context.new_page()
    page.on("pageerror", lambda error: operator.complaints.append(str(error)))
    page.on("console", operator._hear)
    page.goto(f"{operator.site.service.url}/dashboard/live")
    expect(page.locator(".live--on")).to_be_visible()
    return page


def plays(page: Page) -> int:
    return int(page.locator(".odometer__drums").inner_text().replace("\n", "").replace(",", ""))


def test_plays_and_shares_come_in_without_a_reload(operator: Operator) -> None:
    page = watched(operator)
    before = plays(page)
    title = operator.site.query("SELECT title FROM track WHERE track_key = 'release-03/track-01'")[0][0]
    play(operator.site, "release-03/track-01", via="link")
    first = page.locator(".coming li").first
    expect(first).to_contain_text(title)
    expect(first).to_contain_text("played to the end, through a copied link")
    assert before + 1 == plays(page)
    expect(page.locator(".live__most")).to_contain_text(title)
    expect(page.locator(".minutes__bars rect.complete")).not_to_have_count(0)
    post(operator.site, "share", targetType="release", targetKey="release-03", channel="embed")
    expect(first).to_contain_text("embed copied")


def test_a_key_that_is_markup_is_text(operator: Operator) -> None:
    page = watched(operator)
    play(operator.site, HOSTILE)
    expect(page.locator(".coming li").first).to_contain_text(HOSTILE)
    expect(page.locator(".live__most")).to_contain_text(HOSTILE)
    assert 0 == page.locator("main img").count()


@pytest.mark.full
def test_a_pause_holds_the_page_and_tells_what_came_meanwhile(operator: Operator) -> None:
    page = watched(operator)
    page.get_by_role("button", name="Pause").click()
    before, listed = plays(page), page.locator(".coming li").count()
    with page.expect_response("**/live/stream") as opened:  # a second look at the same stream knows when it has come
        page.evaluate("() => { window.other = new EventSource(document.querySelector('.live').dataset.stream); "
                      "other.addEventListener('counted', () => { window.came = true; }); }")  # fmt: skip
    assert 200 == opened.value.status
    play(operator.site, "while-paused")
    eventually(lambda: bool(page.evaluate("window.came")))
    assert (before, listed) == (plays(page), page.locator(".coming li").count())
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".coming li").first).to_contain_text("1 more while this was paused")
    assert before + 1 == plays(page)


def test_a_screen_reader_hears_a_sum_now_and_then_and_not_each_play(browser: Browser, site: Site) -> None:
    with operating(browser, site) as operator:
        operator.context.clock.install()
        page = watched(operator)
        assert 1 == page.locator("main [aria-live]").count()
        for _ in range(3):
            play(site, "aloud")
        expect(page.locator(".coming")).to_contain_text("aloud")
        eventually(lambda: "" == page.locator(".live__aloud").inner_text())
        page.wait_for_timeout(0)
        page.clock.run_for(31_000)
        expect(page.locator(".live__aloud")).to_contain_text("in the last half minute.")


def test_without_a_script_the_page_is_a_snapshot_that_says_so(browser: Browser, site: Site) -> None:
    play(site, "for-the-snapshot")
    with operating(browser, site, scripts=False) as operator:
        page = operator.open("live")

        def shown() -> bool:
            page.reload()
            return "for-the-snapshot" in page.locator(".live__most").inner_text()

        eventually(shown)
        expect(page.locator(".live__said")).to_contain_text("Reload this page to see what has come since.")
        expect(page.locator(".live__pause")).to_be_hidden()
        expect(page.locator(".live__coming")).to_be_hidden()


@pytest.mark.full
def test_nothing_moves_where_motion_is_not_wanted(browser: Browser, site: Site) -> None:
    with operating(browser, site) as operator:
        page = operator.context.new_page()
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{site.service.url}/dashboard/live")
        expect(page.locator(".live--on")).to_be_visible()
        play(site, "still")
        expect(page.locator(".coming li").first).to_contain_text("still")
        assert "none" == page.locator(".coming li").first.evaluate("one => getComputedStyle(one).animationName")


def test_health_shows_that_the_ledger_adds_up_and_by_what(operator: Operator) -> None:
    play(operator.site, "healthy")
    page = operator.open("health")
    expect(page.locator(".sum")).to_contain_text("it adds up.")
    expect(page.locator(".well")).to_have_text("All is well.")
    received = int(page.locator(".sum b").first.inner_text().replace(",", ""))
    numbers = [int(cell.replace(",", "")) for cell in page.locator(".ledger tbody td").all_inner_texts()]
    assert received == sum(numbers)
    expect(page.get_by_text("running, leads", exact=True)).to_have_count(1)


def test_privacy_answers_for_the_mode_in_force_and_lists_all_that_the_audit_knows(operator: Operator) -> None:
    page = operator.open("privacy")
    expect(page.locator(".head")).to_contain_text("both")
    expect(page.locator(".lifetimes")).to_contain_text("The code of the day")
    page.get_by_text("Everything that is stored").click()
    expect(page.locator(".facts").first).to_be_visible()
    expect(page.locator(".everything")).to_contain_text("today's salt, sealed with AES-256-GCM")
    assert 0 == page.get_by_text("Not made in the mode in force").count()


@pytest.fixture(scope="module")
def script() -> str:
    return axe.source()


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_barrier_and_is_no_wider_than_its_window(
    browser: Browser, site: Site, script: str, path: str, width: int, scheme: Scheme
) -> None:
    play(site, "for-axe")
    with operating(browser, site, width=width, scheme=scheme, bypass_csp=True) as operator:
        page = operator.context.new_page()
        page.goto(f"{site.service.url}/dashboard/{path}")
        for details in page.locator("summary").all():
            details.click()
        assert [] == axe.barriers(page, script)
        assert 0 >= page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.full
@pytest.mark.parametrize("path", PAGES)
def test_an_empty_page_has_no_barrier(
    browser: Browser, postgres: Postgres, tmp_path: Path, script: str, path: str
) -> None:
    with dashboard(tmp_path, postgres, events=0) as empty, operating(browser, empty, bypass_csp=True) as operator:
        page = operator.context.new_page()
        page.goto(f"{empty.service.url}/dashboard/{path}")
        assert [] == axe.barriers(page, script)
