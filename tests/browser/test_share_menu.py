"""The share menu of a track or a release: opened, used and closed by keys, and the browser's own share sheet in it."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visiting
from tests.browser.figures import Figures
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.chromium

TRACK: Final = "night-ferry/engine-room"
RELEASE: Final = "night-ferry"

# The browser's part: headless Chromium has no share sheet. What was handed to it is kept in `window.sent`.
_SHEET: Final = """
    window.sent = [];
    navigator.share = (what) => { window.sent.push(what); return %s; };
"""
SENDS: Final = _SHEET % "Promise.resolve()"
ABORTS: Final = _SHEET % 'Promise.reject(new DOMException("closed", "AbortError"))'
FAILS: Final = _SHEET % 'Promise.reject(new DOMException("no", "NotAllowedError"))'
NO_SHEET: Final = "delete Navigator.prototype.share"


def open_menu(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Share {name}", exact=True).click()
    expect(page.get_by_role("dialog", name=f"Share {name}")).to_be_visible()


@pytest.mark.full
def test_the_menu_opens_and_closes_by_keys_and_the_focus_comes_back(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open(f"/track/{TRACK}")
        opener = page.get_by_role("button", name="Share Engine Room")
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Copy link")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Copy embed")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(opener).to_be_focused()


@pytest.mark.full
def test_a_link_copied_by_keys_is_one_share_and_is_said(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        page.get_by_role("button", name="Share Engine Room").press("Enter")
        expect(page.get_by_role("button", name="Copy link")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Copied.")


@pytest.mark.full
def test_the_close_button_closes(visitor: Visitor) -> None:
    page = visitor.open(f"/release/{RELEASE}")
    open_menu(page, "Night Ferry")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.full
def test_a_click_elsewhere_closes(visitor: Visitor) -> None:
    page = visitor.open(f"/release/{RELEASE}")
    open_menu(page, "Night Ferry")
    page.mouse.click(20, 300)
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.full
def test_a_release_offers_no_embed(visitor: Visitor) -> None:
    page = visitor.open(f"/release/{RELEASE}")
    open_menu(page, "Night Ferry")
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    expect(page.get_by_role("button", name="Copy embed")).to_have_count(0)


@pytest.mark.full
@pytest.mark.parametrize("height", [400, 844])
@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_all_of_the_menu_is_in_the_window(visitor: Visitor, width: int, height: int) -> None:
    page = visitor.open("/")
    page.set_viewport_size({"width": width, "height": height})
    for opener in (page.locator(".opener").first, page.locator(".opener").last):
        opener.scroll_into_view_if_needed()
        opener.click()
        for way in ("Copy link", "Copy embed", "Close"):
            expect(page.get_by_role("button", name=way)).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")


def test_a_link_sent_by_the_share_sheet_is_one_share(figures: Figures, visit: Visiting) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}), visit(script=SENDS) as visitor:
        page = visitor.open(f"/track/{TRACK}")
        open_menu(page, "Engine Room")
        page.get_by_role("button", name="Send to…").click()
        page.wait_for_selector("[data-tonearm-state=copied]", state="attached")
        sent = page.evaluate("window.sent.map(({ url }) => url)")
        assert [f"{visitor.site}/track/{TRACK}?tonearm=link"] == sent
    assert [{"targetType": "track", "targetKey": TRACK, "channel": "link"}] == visitor.sent("share")


@pytest.mark.full
def test_a_release_sent_by_the_share_sheet_is_one_share(figures: Figures, visit: Visiting) -> None:
    with figures.rise_by({f"release/{RELEASE}": {"link": 1}}), visit(script=SENDS) as visitor:
        page = visitor.open(f"/release/{RELEASE}")
        open_menu(page, "Night Ferry")
        page.get_by_role("button", name="Send to…").click()
        page.wait_for_selector("[data-tonearm-state=copied]", state="attached")


@pytest.mark.full
@pytest.mark.parametrize("sheet", [ABORTS, FAILS], ids=["aborted", "refused"])
def test_a_share_sheet_that_sends_nothing_counts_nothing(figures: Figures, visit: Visiting, sheet: str) -> None:
    with figures.rise_by({}), visit(script=sheet) as visitor:
        page = visitor.open(f"/track/{TRACK}")
        open_menu(page, "Engine Room")
        page.get_by_role("button", name="Send to…").click()
        page.wait_for_function("() => window.sent.length === 1")


@pytest.mark.full
def test_without_a_share_sheet_none_is_offered(visit: Visiting) -> None:
    with visit(script=NO_SHEET) as visitor:
        page = visitor.open(f"/track/{TRACK}")
        open_menu(page, "Engine Room")
        expect(page.get_by_role("button", name="Send to…")).to_have_count(0)
