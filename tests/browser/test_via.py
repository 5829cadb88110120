"""A copied link or embed leads somebody here: their plays say which, and their address bar is clean."""

import re

import pytest

from tests.browser.figures import Figures
from tests.browser.test_embed import frame_of
from tests.browser.test_shares import copy
from tests.browser.visitor import Player, Visitor

pytestmark = pytest.mark.chromium

TRACK = "night-ferry/harbour-lights"  # 8 s


def test_a_play_through_a_copied_link_says_so(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1, "complete": 1}}):
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}")
        page.goto(visitor.copied(page))
        assert f"{visitor.site}/track/{TRACK}" == page.url
        assert [TRACK] == Player(page).tempo(8).press().ends(1)
        page.close(run_before_unload=True)
    assert ["link"] == [play.get("via") for play in visitor.sent("play")]


@pytest.mark.full
def test_a_play_that_nobody_s_copy_brought_says_nothing(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{TRACK}?from=a-friend", rate=8)
        assert [TRACK] == player.press().ends(1)
        assert page.url.endswith("?from=a-friend")
        page.close(run_before_unload=True)
    assert ["via" in play for play in visitor.sent("play")] == [False]


@pytest.mark.full
def test_a_play_in_a_pasted_embed_says_so(figures: Figures, visitor: Visitor) -> None:
    page = visitor.open(f"/track/{TRACK}")
    with figures.rise_by({f"track/{TRACK}": {"embed": 1}}):
        copy(page, f"track:{TRACK}", "embed")
    snippet = visitor.copied(page)
    assert re.search(r"[?]tonearm=embed\"", snippet)
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}):
        page.set_content(snippet)
        assert [TRACK] == Player(frame_of(page)).tempo(8).press().ends(1)
    assert ["embed"] == [play.get("via") for play in visitor.sent("play")]
