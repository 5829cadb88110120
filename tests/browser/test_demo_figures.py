"""What the demo tells of its counting: how far people listen, and the page where one chooses to be left out."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visiting
from tests.browser.figures import Figures
from tests.browser.visitor import Player, Visitor

pytestmark = [pytest.mark.chromium, pytest.mark.full]

TRACK = "night-ferry/harbour-lights"  # 8 s
UNHEARD = "lamp-room-session/foghorn-waltz"
ID = "6f1c9a52-3c1f-4f0e-9a53-0d6f2f8f3a11"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })"


def answer(route: Route, partial: int, sampled: int, complete: int) -> None:
    figures = {"partial": partial, "sampled": sampled, "complete": complete, "totalPlays": partial + sampled + complete}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(figures))


def depth(page: Page) -> str:
    section = page.locator(".depth")
    expect(section).to_be_visible()
    return " ".join(section.inner_text().split())


def test_the_bar_tells_the_counted_figures(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{TRACK}", rate=8)
        player.press().ends(1)
        visitor.leave(page)
    found = figures.of(f"track/{TRACK}")
    words = depth(visitor.open(f"/track/{TRACK}"))
    percent = round(100 * found["complete"] / found["totalPlays"])
    assert f"to the end {found['complete']} {percent}%" in words


def test_the_bar_is_shared_out_as_the_buckets_are(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.route("**/api/stats/track/**", lambda route: answer(route, 10, 30, 60))
    page.goto(f"{visitor.site}/track/{TRACK}")
    assert "How far people listen only the start 10 10% a good part 30 30% to the end 60 60%" == depth(page)
    widths = page.evaluate("[...document.querySelectorAll('[data-demo-part]')].map((part) => part.offsetWidth)")
    assert [10, 30, 60] == [round(100 * width / sum(widths)) for width in widths]


def test_a_track_nobody_has_heard_says_so(figures: Figures, visitor: Visitor) -> None:
    assert 0 == figures.of(f"track/{UNHEARD}")["totalPlays"]
    words = depth(visitor.open(f"/track/{UNHEARD}"))
    assert "How far people listen Nobody has listened yet. Three seconds of it make a play." == words


def test_figures_that_cannot_be_read_are_said_to_be_so(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    page.route("**/api/stats/track/**", lambda route: route.fulfill(status=503))
    with page.expect_console_message(lambda message: "503" in message.text):  # the browser's own word on it
        page.goto(f"{visitor.site}/track/{TRACK}")
    assert "How far people listen The figures cannot be read just now." == depth(page)
    visitor.complaints.clear()


def test_who_is_in_can_be_left_out_and_come_back(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open("/how-we-count")
        expect(page.get_by_text("You are in.")).to_be_visible()
        page.get_by_role("button", name="Leave me out").press("Enter")
        expect(page.get_by_text("You are left out.").first).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("You are left out.")
        page.reload()
        page.get_by_role("button", name="Count me in again").click()
        expect(page.get_by_text("You are in.").first).to_be_visible()


def test_leaving_erases_the_browsers_number(figures: Figures, visit: Visiting) -> None:
    with figures.rise_by({}), visit(stored_id=ID) as visitor:
        page = visitor.open("/how-we-count")
        assert ID == visitor.stored_id(page)
        with page.expect_request("**/api/event/forget") as asked:
            page.get_by_role("button", name="Leave me out").click()
        assert ID == json.loads(asked.value.post_data or "")["anonId"]
        assert visitor.stored_id(page) is None


def test_a_play_of_who_is_left_out_counts_without_a_listener(figures: Figures, visitor: Visitor) -> None:
    listeners = figures.of("home")["listeners"]
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}):
        page = visitor.open("/how-we-count")
        page.get_by_role("button", name="Leave me out").click()
        page.goto(f"{visitor.site}/track/{TRACK}")
        Player(page).tempo(8).press().ends(1)
        visitor.leave(page)
    [play] = visitor.sent("play")
    assert play["optOut"] is True
    assert "anonId" not in play
    assert listeners == figures.of("home")["listeners"]


def test_a_browser_that_objects_is_told_it_is_left_out(visit: Visiting) -> None:
    with visit(script=GPC) as visitor:
        page = visitor.open("/how-we-count")
        expect(page.get_by_text("Your browser asks sites not to follow you")).to_be_visible()
        expect(page.get_by_role("button", name="Leave me out")).to_have_count(0)


def test_the_page_tells_what_is_made_of_listeners_in_the_mode_in_force(visitor: Visitor) -> None:
    page = visitor.open("/how-we-count")
    expect(page.get_by_text("A random number, made by your browser once a play counts")).to_be_visible()
