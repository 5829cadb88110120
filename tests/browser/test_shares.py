"""Copies made by the demo's buttons: what is on the clipboard, and what is counted."""

import re

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.figures import Figures
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.chromium

TRACK = "night-ferry/engine-room"
ACCENTED = "night-ferry/über-wasser"
RELEASE = "lamp-room-session"


def copy(page: Page, target: str, channel: str = "link") -> None:
    """Open the menu, click the button and wait for its answer; the menu is closed again."""
    button = way(page, target, channel)
    button.click()
    expect(button).to_have_attribute("data-tonearm-state", "copied")
    expect(button.locator(".share__done")).to_be_visible()
    page.keyboard.press("Escape")


def way(page: Page | Frame, target: str, channel: str = "link") -> Locator:
    """A way to copy, in the menu of this target, which it opens."""
    page.click(f'[popovertarget="share-{target.replace(":", "-", 1)}"][aria-haspopup]')
    return page.locator(f'[data-tonearm-share="{target}"][data-tonearm-channel="{channel}"]:not([data-tonearm-native])')


def test_a_copied_link_is_one_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}")
        assert f"{visitor.site}/track/{TRACK}?tonearm=link" == visitor.copied(page)


@pytest.mark.full
def test_three_quick_copies_are_one_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        for _ in range(3):
            copy(page, f"track:{TRACK}")
        assert 1 == len(visitor.sent("share"))


@pytest.mark.full
def test_link_and_embed_are_a_share_each(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1, "embed": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}", "link")
        copy(page, f"track:{TRACK}", "embed")
        copied = visitor.copied(page)
        assert re.fullmatch(rf'<iframe src="{visitor.site}/embed/{TRACK}\?tonearm=embed" [^<>]+></iframe>', copied), (
            copied
        )


@pytest.mark.full
def test_a_copied_link_of_a_release_is_the_releases_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"release/{RELEASE}": {"link": 1}}):
        page = visitor.open(f"/release/{RELEASE}")
        copy(page, f"release:{RELEASE}")
        assert f"{visitor.site}/release/{RELEASE}?tonearm=link" == visitor.copied(page)


@pytest.mark.full
def test_copies_of_different_tracks_are_a_share_each(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}, "track/soundcheck": {"link": 1, "embed": 1}}):
        page = visitor.open("/")
        copy(page, f"track:{TRACK}")
        copy(page, "track:soundcheck")
        copy(page, "track:soundcheck", "embed")
        copy(page, f"track:{TRACK}")


@pytest.mark.full
def test_a_copy_after_the_page_was_loaded_anew_is_another_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 2}}):
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}")
        page.reload()
        copy(page, f"track:{TRACK}")


@pytest.mark.full
def test_a_link_copied_before_the_page_is_closed_is_counted(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}")
        page.close(run_before_unload=True)


@pytest.mark.full
def test_the_link_of_a_key_with_an_accented_letter_leads_to_its_track(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{ACCENTED}": {"link": 1}}):
        page = visitor.open("/")
        copy(page, f"track:{ACCENTED}")
        copied = visitor.copied(page)
        assert f"{visitor.site}/track/night-ferry/%C3%BCber-wasser?tonearm=link" == copied
        page.goto(copied)
        assert "Über Wasser" == page.inner_text("h1")


@pytest.mark.full
def test_a_browser_that_refuses_the_copy_makes_no_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = visitor.open(f"/track/{TRACK}")
        page.evaluate("""() => {
            navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
            document.execCommand = () => false;
        }""")
        button = way(page, f"track:{TRACK}")
        button.click()
        expect(button.locator(".share__failed")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("Copying failed.")
