"""The demo as a visitor finds it: silent until asked, complete, and without a complaint from the browser."""

import re

import pytest
from playwright.sync_api import expect

from server.demo.discography import Discography
from tests.browser.figures import Figures
from tests.browser.visitor import Player, Visitor

pytestmark = [pytest.mark.chromium, pytest.mark.full]

NOT_FOUND = "Failed to load resource: the server responded with a status of 404 ()"


def test_the_demo_makes_no_plays_by_itself(figures: Figures, visitor: Visitor, music: Discography) -> None:
    paths = ["/", "/embed-example", "/how-we-count"]
    paths += [f"/release/{release.key}" for release in music.releases]
    paths += [f"/{kind}/{track.key}" for kind in ("track", "embed") for track in music.tracks]
    with figures.rise_by({}):
        pages = [visitor.open(path) for path in paths]
        pages[0].wait_for_timeout(2_000)  # for whatever would start by itself
        for page in pages:
            assert page.evaluate("[...document.querySelectorAll('audio')].every((a) => a.paused && !a.currentTime)")
            page.close(run_before_unload=True)
    assert [] == [request.url for request in visitor.requests if request.method == "POST"]


def test_everything_comes_from_the_site_itself(visitor: Visitor, music: Discography) -> None:
    for path in (
        "/",
        "/embed-example",
        "/how-we-count",
        f"/release/{music.releases[0].key}",
        f"/track/{music.tracks[0].key}",
    ):
        visitor.open(path).wait_for_load_state("networkidle")
    outside = [request.url for request in visitor.requests if not request.url.startswith((f"{visitor.site}/", "data:"))]
    assert [] == outside


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "home"),
        ("/release/night-ferry", "release/night-ferry"),
        ("/track/night-ferry/über-wasser", "track/night-ferry/über-wasser"),
    ],
)
def test_the_plays_card_tells_the_plays_of_what_its_page_is_about(
    figures: Figures, visitor: Visitor, path: str, target: str
) -> None:
    card = visitor.open(path).locator("tonearm-plays")
    expect(card).to_have_attribute("data-tonearm-state", "live")
    plays = figures.of(target)["totalPlays"]
    expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile(f"^Plays: {plays:,}(;|$)"))
    expect(card.locator("[part=label]")).to_have_text("Plays")


def test_an_address_that_does_not_exist_says_so(visitor: Visitor) -> None:
    page = visitor.open("/track/never-recorded")
    assert "The tide took it" == page.inner_text("h1")
    assert [NOT_FOUND] == visitor.complaints
    visitor.complaints.clear()


def test_the_button_says_what_it_will_do(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen("/track/ebb-and-flow/one-long-tide")
        button = page.locator("[data-demo-play]")
        expect(button).to_have_attribute("aria-label", "Play One Long Tide")
        player.press()
        expect(button).to_have_attribute("aria-label", "Pause One Long Tide")
        player.press()
        expect(button).to_have_attribute("aria-label", "Play One Long Tide")
        assert player.position_s < 3  # the floor


def test_the_first_tab_stop_leads_past_the_menu(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the music")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_a_recording_that_cannot_be_loaded_is_said_and_not_counted(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open("/track/soundcheck")
        page.route("**/audio/*", lambda route: route.abort())
        Player(page).press()
        expect(page.locator(".listen").get_by_text("This recording could not be loaded.")).to_be_visible()
        visitor.leave(page)
    assert ["net::ERR_FAILED"] == [complaint.rpartition(" ")[2] for complaint in visitor.complaints]
    visitor.complaints.clear()
