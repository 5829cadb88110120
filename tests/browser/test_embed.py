"""The player in a frame: on the demo's own example page, and pasted into somebody else's site."""

import pytest
from playwright.sync_api import Frame, Page

from tests.browser.elsewhere import site
from tests.browser.figures import Figures
from tests.browser.test_shares import copy, way
from tests.browser.visitor import FASTEST, Player, Visitor

pytestmark = pytest.mark.chromium

EMBEDDED = "ebb-and-flow/one-long-tide"  # 95 s, what the example page shows
PASTED = "night-ferry/engine-room"  # 32 s


def frame_of(page: Page) -> Frame:
    """The page's only frame, loaded."""
    iframe = page.wait_for_selector("iframe")
    assert iframe is not None
    iframe.scroll_into_view_if_needed()
    frame = iframe.content_frame()
    assert frame is not None
    frame.wait_for_selector("[data-demo-state]")
    return frame


@pytest.mark.full
@pytest.mark.parametrize(("seconds", "bucket"), [(10, "partial"), (40, "sampled"), (80, "complete")])
def test_a_play_in_the_frame_is_one_play(figures: Figures, visitor: Visitor, seconds: int, bucket: str) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {bucket: 1}}):
        page = visitor.open("/embed-example")
        player = Player(frame_of(page)).tempo(FASTEST)
        player.press().reach(seconds)
        page.goto(f"{visitor.site}/")


@pytest.mark.full
def test_a_frame_played_to_the_end_is_one_complete_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"complete": 1}}):
        page = visitor.open("/embed-example")
        assert [EMBEDDED] == Player(frame_of(page)).tempo(FASTEST).press().ends(1)
        page.close(run_before_unload=True)


@pytest.mark.full
def test_a_frame_that_is_taken_off_the_page_while_it_plays_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"partial": 1}}):
        page = visitor.open("/embed-example")
        Player(frame_of(page)).tempo(4).press().reach(5)
        page.evaluate("document.querySelector('iframe').remove()")


def test_a_link_copied_in_the_frame_is_one_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"link": 1}}):
        page = visitor.open("/embed-example")
        frame = frame_of(page)
        way(frame, f"track:{EMBEDDED}").click()
        frame.wait_for_selector("[data-tonearm-state=copied]")
        assert f"{visitor.site}/track/{EMBEDDED}?tonearm=link" == visitor.copied(page)


@pytest.mark.full
def test_a_copied_embed_plays_on_another_site_and_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{PASTED}": {"embed": 1, "sampled": 1}}):
        page = visitor.open(f"/track/{PASTED}")
        copy(page, f"track:{PASTED}", "embed")
        snippet = visitor.copied(page)
        with site(snippet) as address:
            page.goto(f"{address}/post")
            Player(frame_of(page)).tempo(FASTEST).press().reach(14)
            page.goto("about:blank")
