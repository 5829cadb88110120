"""Links within the demo while something is on: the page changes, the music goes on, and it stays one play."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.figures import Figures
from tests.browser.visitor import FASTEST, Player, Visitor

pytestmark = [pytest.mark.chromium, pytest.mark.full]

LONG = "ebb-and-flow/one-long-tide"  # 95 s
HALF_MINUTE = "night-ferry/engine-room"  # 32 s


def stays(page: Page) -> None:
    """Mark this document, so that a load would show."""
    page.evaluate("() => { window.sameDocument = true; }")


def same_document(page: Page) -> bool:
    return page.evaluate("() => window.sameDocument === true") is True


def test_music_goes_on_across_pages_and_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}}):
        page, player = visitor.listen("/", rate=4)
        stays(page)
        player.press(LONG).reach(2)
        page.get_by_role("link", name="Night Ferry", exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Night Ferry")
        assert f"{visitor.site}/release/night-ferry" == page.url
        assert same_document(page)
        player.reach(5)
        assert not player.paused
        expect(page.locator(".player__title")).to_have_text("One Long Tide")
        visitor.leave(page)


def test_back_and_forward_change_the_page_and_not_the_music(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}}):
        page, player = visitor.listen("/", rate=4)
        stays(page)
        player.press(LONG).reach(1)
        page.get_by_role("link", name="How we count").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How we count")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Paper Lighthouse")
        page.go_forward()
        expect(page.get_by_role("heading", level=1)).to_have_text("How we count")
        player.reach(4)
        assert same_document(page)
        visitor.leave(page)


def test_a_track_chosen_on_the_next_page_is_the_next_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}, f"track/{HALF_MINUTE}": {"sampled": 1}}):
        page, player = visitor.listen("/", rate=4)
        player.press(LONG).reach(5)
        page.get_by_role("link", name="Engine Room").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Engine Room")
        player.tempo(FASTEST).press(HALF_MINUTE).reach(12)
        expect(page.locator(".player__title")).to_have_text("Engine Room")
        visitor.leave(page)


def test_the_slider_of_another_track_plays_that_track_from_there(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}, f"track/{HALF_MINUTE}": {"sampled": 1}}):
        page, player = visitor.listen("/", rate=4)
        player.press(LONG).reach(5)
        page.get_by_role("link", name="Engine Room").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Engine Room")
        assert "0:00" == page.locator(".listen [data-demo-time]").inner_text()
        player.seek(0.5).reach(17)
        visitor.leave(page)


def test_the_focus_and_the_title_are_those_of_the_new_page(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen("/")
        player.press(LONG).reach(0.1)
        player.press(LONG)
        page.get_by_role("link", name="Engine Room").click()
        expect(page.get_by_role("main")).to_be_focused()
        expect(page).to_have_title("Engine Room · Paper Lighthouse")
        expect(page.get_by_role("status")).to_have_text("Engine Room · Paper Lighthouse")
        visitor.leave(page)


def test_where_nothing_is_on_a_link_is_a_link(visitor: Visitor) -> None:
    page = visitor.open("/")
    stays(page)
    page.get_by_role("link", name="Engine Room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Engine Room")
    assert not same_document(page)


def test_a_page_that_cannot_be_read_is_left_to_the_browser(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen("/")
        player.press(LONG).reach(0.1)
        stays(page)
        refused = iter([True])
        page.route(
            "**/how-we-count",
            lambda route: route.fulfill(status=503) if next(refused, False) else route.continue_(),
        )
        page.get_by_role("link", name="How we count").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How we count")
        assert not same_document(page)
    visitor.complaints.clear()  # the browser names the 503


def test_the_whole_record_plays_from_its_button_and_pauses(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open("/release/night-ferry")
        button = page.get_by_role("button", name="Play", exact=True).first
        button.click()
        page.get_by_role("button", name="Pause", exact=True).first.click()
        assert Player(page).paused
        expect(page.locator(".player__title")).to_have_text("Harbour Lights")
        visitor.leave(page)


def test_space_and_arrows_work_the_player_outside_of_controls(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.press().reach(0.2)
        page.locator("h1").click()
        page.keyboard.press("ArrowRight")
        player.reach(5)
        page.keyboard.press("Space")
        assert player.paused
        page.keyboard.press("ArrowLeft")
        assert player.position_s < 4
        visitor.leave(page)


def test_space_scrolls_while_nothing_is_on(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("Space")
    page.wait_for_function("() => scrollY > 0")
    assert Player(page).paused


def test_a_recording_is_tried_again_when_asked_again(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open("/track/soundcheck")
        page.route("**/audio/*", lambda route: route.abort())
        player = Player(page).press()
        error = page.locator(".listen").get_by_text("This recording could not be loaded.")
        expect(error).to_be_visible()
        page.unroute("**/audio/*")
        player.press().reach(0.1)
        expect(error).to_be_hidden()
        player.press()
        visitor.leave(page)
    visitor.complaints.clear()  # the browser names the request that failed
