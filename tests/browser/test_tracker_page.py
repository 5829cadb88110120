"""The built tracker on a page of its own, in Chromium, with sound: what it sends, and what it leaves alone.

The service is a local server that keeps what is posted; the tests of the whole service stand beside this file.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.tracker_site import Site, plays, serving_site
from tests.support import chromium as support

pytestmark = pytest.mark.chromium

PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Tracker</title><link rel="icon" href="data:,">
<script type="module" src="/tonearm.js"></script>
<script type="module" src="/tonearm.js?again"></script>
<audio id="a" data-tonearm-track="a" src="/4.wav" preload="auto"></audio>
<button id="link" data-tonearm-share="release:r" data-tonearm-url="/releases/r">Copy link</button>
<button id="embed" data-tonearm-share="track:a" data-tonearm-channel="embed"
  data-tonearm-text="&lt;iframe src=x>&lt;/iframe>">Copy embed</button>
<button id="empty" data-tonearm-share="track:a" data-tonearm-channel="embed">Nothing to copy</button>
<tonearm-plays></tonearm-plays>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        site.pages["/"] = PAGE
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium(support.UNASKED) as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.address)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """The page, loaded; whatever it logs or throws fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site.address)
    page.wait_for_function("a.readyState >= 3")
    yield page
    assert [] == complaints


def leave(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/elsewhere")


def play_until(page: Page, seconds: float, element: str = "a") -> None:
    page.evaluate(f"{element}.play()")
    page.wait_for_function(f"{element}.currentTime >= {seconds}")


def test_a_play_to_the_end_is_sent_once_with_a_minted_id(page: Page, site: Site) -> None:
    page.evaluate("a.currentTime = 3")
    play_until(page, 4)
    [(path, body)] = site.wait_for(1)
    stored = page.evaluate("localStorage.getItem('tonearm.listener')")
    assert "/api/event/play" == path
    assert ("a", "complete", stored) == (body["trackEntryKey"], body["bucket"], body["anonId"])
    leave(page, site)
    assert [("a", "complete")] == plays(site.events)


def test_a_page_left_in_the_middle_sends_its_play(page: Page, site: Site) -> None:
    play_until(page, 1.5)
    leave(page, site)
    assert [("a", "sampled")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_skip_sends_nothing(page: Page, site: Site) -> None:
    page.evaluate("a.src = '/60.wav'")
    play_until(page, 0.5)
    page.evaluate("a.dataset.tonearmTrack = 'b'")
    leave(page, site)
    page.wait_for_timeout(300)
    assert [] == site.events


@pytest.mark.full
def test_each_lap_of_a_loop_is_sent(page: Page, site: Site) -> None:
    page.evaluate("a.loop = true; a.playbackRate = 8")
    play_until(page, 0.1)
    assert [("a", "complete")] * 2 == plays(site.wait_for(2))


@pytest.mark.full
def test_a_seek_to_the_outro_and_back_is_one_complete_play(page: Page, site: Site) -> None:
    page.evaluate("a.src = '/60.wav'")
    play_until(page, 0.5)
    page.evaluate("a.currentTime = 57")
    page.wait_for_function("!a.seeking && a.currentTime > 57.2")
    page.evaluate("a.currentTime = 1")
    page.wait_for_function("!a.seeking && a.currentTime > 1.2")
    leave(page, site)
    assert [("a", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_new_source_and_a_new_track_are_another_play(page: Page, site: Site) -> None:
    play_until(page, 1.5)
    page.evaluate("a.dataset.tonearmTrack = 'b'; a.src = '/60.wav'")
    play_until(page, 3.2)
    leave(page, site)
    assert [("a", "sampled"), ("b", "partial")] == plays(site.wait_for(2))


@pytest.mark.full
def test_an_element_added_later_and_removed_while_it_plays_is_counted(page: Page, site: Site) -> None:
    page.evaluate("""() => {
        window.late = new Audio('/4.wav');
        late.dataset.tonearmTrack = 'late';
        document.body.append(late);
    }""")
    play_until(page, 1.5, "late")
    page.evaluate("late.remove()")
    assert [("late", "sampled")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_detached_player_is_counted_by_name(page: Page, site: Site) -> None:
    page.evaluate("""async () => {
        const { observe } = await import('/tonearm.js');
        window.loose = new Audio('/4.wav');
        observe(loose, { track: 'loose' });
    }""")
    play_until(page, 1.5, "loose")
    leave(page, site)
    assert [("loose", "sampled")] == plays(site.wait_for(1))


def test_a_player_without_an_element_is_counted(page: Page, site: Site) -> None:
    page.evaluate("""async () => {
        const { openPlay } = await import('/tonearm.js');
        const play = openPlay({ track: 'web-audio' });
        play.progress(20); play.duration(24); play.end(); play.close(); play.progress(3); openPlay();
    }""")
    assert [("web-audio", "complete")] == plays(site.wait_for(1))


def test_three_quick_copies_are_one_share_and_are_on_the_clipboard(page: Page, site: Site) -> None:
    page.evaluate("addEventListener('tonearm:shared', (e) => (window.told = [...window.told ?? [], e.detail.target]))")
    for _ in range(3):
        page.click("#link")
    page.wait_for_function("window.told?.length === 3")
    assert ["release:r"] * 3 == page.evaluate("told")
    assert f"{site.address}/releases/r?tonearm=link" == page.evaluate("navigator.clipboard.readText()")
    assert "copied" == page.get_attribute("#link", "data-tonearm-state")
    page.wait_for_function("!link.dataset.tonearmState")
    share = {"targetType": "release", "targetKey": "r", "channel": "link"}
    assert [("/api/event/share", share)] == site.wait_for(1)


@pytest.mark.full
def test_an_embed_is_copied_as_given(page: Page, site: Site) -> None:
    page.click("#embed")
    share = {"targetType": "track", "targetKey": "a", "channel": "embed"}
    assert [("/api/event/share", share)] == site.wait_for(1)
    assert "<iframe src=x></iframe>" == page.evaluate("navigator.clipboard.readText()")


@pytest.mark.full
def test_a_copy_without_the_clipboard_interface_is_a_share_too(page: Page, site: Site) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click("#embed")
    assert 1 == len(site.wait_for(1))


@pytest.mark.full
def test_a_copy_that_failed_is_no_share(page: Page, site: Site) -> None:
    page.click("#empty")
    page.wait_for_selector("#empty[data-tonearm-state=failed]")
    leave(page, site)
    page.wait_for_timeout(300)
    assert [] == site.events


def test_a_browser_that_refuses_sends_its_play_without_an_id(context: BrowserContext, site: Site) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    page = context.new_page()
    page.goto(site.address)
    play_until(page, 1.5)
    assert 0 == page.evaluate("localStorage.length")
    leave(page, site)
    refusing = {"trackEntryKey": "a", "bucket": "sampled", "optOut": True}
    assert [("/api/event/play", refusing)] == site.wait_for(1)
    assert "/api/event/config" not in site.asked


def test_the_page_gets_its_card_with_the_figures_of_the_service_its_script_came_from(page: Page, site: Site) -> None:
    page.wait_for_selector("tonearm-plays[data-tonearm-state=live]")
    assert 1 == page.get_by_role("img", name=re.compile("^Plays: 1.234; 50")).count()
    assert 1 == sum(path.startswith("/tonearm-plays.") for path in site.asked)
    assert 1 == site.asked.count("/api/stats/home")


@pytest.mark.full
def test_a_page_without_a_card_loads_nothing_of_it(page: Page, site: Site) -> None:
    site.pages["/without"] = PAGE.replace("<tonearm-plays></tonearm-plays>", "")
    page.wait_for_selector("tonearm-plays[data-tonearm-state=live]")
    site.asked.clear()
    page.goto(f"{site.address}/without")
    page.wait_for_load_state("networkidle")
    assert [] == [path for path in site.asked if "plays" in path or "stats" in path]


def test_storage_that_is_blocked_stops_neither_the_play_nor_the_page(context: BrowserContext, site: Site) -> None:
    blocked = (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    context.add_init_script(blocked)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.address)
    play_until(page, 1.5)
    leave(page, site)
    assert [("a", "sampled")] == plays(site.wait_for(1))
    assert "anonId" not in site.events[0][1]
    assert [] == errors
