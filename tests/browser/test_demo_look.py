"""The demo's pages for eyes, fingers and keys: measured at a phone's and a desktop's width, light and dark."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import measures
from tests.browser.conftest import Visiting
from tests.browser.figures import Figures
from tests.browser.visitor import Player, Visitor

pytestmark = pytest.mark.chromium

TRACK = "night-ferry/engine-room"
LONGEST = "ebb-and-flow/one-long-tide"
PATHS = [
    "/",
    "/release/night-ferry",
    "/release/lamp-room-session",
    f"/track/{LONGEST}",
    "/track/soundcheck",
    "/how-we-count",
    "/embed-example",
    f"/embed/{TRACK}",
]
PHONE, DESKTOP = 390, 1280
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitän and other songs about very long words " * 2

Scheme = Literal["light", "dark"]


def seen(visitor: Visitor, path: str, width: int = PHONE, scheme: Scheme = "light") -> Page:
    page = visitor.open(path)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    return page


def too_wide(page: Page) -> float:
    return float(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_front_page_is_fit_for_a_phone(visitor: Visitor) -> None:
    page = seen(visitor, "/")
    assert 0 >= too_wide(page)
    assert [] == measures.nameless(page)
    assert [] == measures.faint(page)
    assert [] == measures.small(page)


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_words_stand_out_and_controls_have_names(visitor: Visitor, path: str, scheme: Scheme) -> None:
    for width in (PHONE, DESKTOP):
        page = seen(visitor, path, width, scheme)
        page.wait_for_load_state("networkidle")
        assert [] == measures.faint(page)
        assert [] == measures.nameless(page)
        page.close()


@pytest.mark.full
@pytest.mark.parametrize("path", PATHS)
def test_a_finger_hits_every_control(visitor: Visitor, path: str) -> None:
    assert [] == measures.small(seen(visitor, path))


@pytest.mark.full
@pytest.mark.parametrize("path", PATHS)
def test_tab_goes_through_all_of_the_page_in_its_order(visitor: Visitor, path: str) -> None:
    if "embed" in path:
        pytest.skip("a frame's player and its example have no link past the menu, which this counts")
    assert [] == measures.lost_on_tab(seen(visitor, path, DESKTOP))


@pytest.mark.full
@pytest.mark.parametrize("width", [320, PHONE, 768, DESKTOP])
@pytest.mark.parametrize("path", PATHS)
def test_no_page_is_wider_than_its_window(visitor: Visitor, path: str, width: int) -> None:
    assert 0 >= too_wide(seen(visitor, path, width))


@pytest.mark.full
@pytest.mark.parametrize("width", [260, 300, 480])
def test_the_player_in_a_frame_shows_all_of_itself(visitor: Visitor, width: int) -> None:
    page = visitor.open(f"/embed/{TRACK}")
    page.set_viewport_size({"width": width, "height": 140})
    assert 0 >= too_wide(page)
    for control in (".play", ".opener", ".wave__seek", "h1 a"):
        box = page.locator(control).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 140
    page.click(".opener")
    for way in ("Copy link", "Copy embed", "Close"):
        expect(page.get_by_role("button", name=way)).to_be_in_viewport(ratio=1)


@pytest.mark.full
@pytest.mark.parametrize("path", ["/", "/release/night-ferry", f"/track/{TRACK}", f"/embed/{TRACK}"])
def test_a_very_long_title_breaks_nothing(visitor: Visitor, path: str) -> None:
    page = seen(visitor, path, 320)
    page.evaluate(
        """(title) => {
            const titles = ".row__title, h1, h1 a, .card__title, .neighbour b, .menu__title b, .player__title";
            for (const element of document.querySelectorAll(titles)) {
                if (!element.querySelector("a")) element.textContent = title;
            }
        }""",
        LONG_TITLE,
    )
    assert 0 >= too_wide(page)


@pytest.mark.full
def test_the_bar_hides_nothing_that_has_the_focus(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page = seen(visitor, "/")
        page.emulate_media(reduced_motion="reduce")  # there at once, not after a glide
        Player(page).press("soundcheck").reach(0.1)
        Player(page).press("soundcheck")
        page.locator(".foot a").last.focus()
        link = page.locator(".foot a").last.bounding_box()
        bar = page.locator(".player").bounding_box()
        assert link is not None
        assert bar is not None
        assert link["y"] + link["height"] <= bar["y"]
        assert [] == measures.small(page)
        assert [] == measures.faint(page)
        visitor.leave(page)


@pytest.mark.full
@pytest.mark.parametrize("path", PATHS)
def test_nothing_moves_before_it_is_asked(visitor: Visitor, path: str) -> None:
    assert [] == measures.moving(seen(visitor, path))


@pytest.mark.full
@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_the_light_turns_only_with_the_music_and_only_for_who_likes_motion(
    figures: Figures, visitor: Visitor, motion: Literal["no-preference", "reduce"], moves: bool
) -> None:
    with figures.rise_by({}):
        page = seen(visitor, "/", DESKTOP)
        page.emulate_media(reduced_motion=motion)
        Player(page).press(LONGEST).reach(0.2)
        assert moves == any("breathe" in each for each in measures.moving(page))
        Player(page).press(LONGEST)
        expect(page.locator("html[data-demo-sounding]")).to_have_count(0)
        assert not [each for each in measures.moving(page) if "breathe" in each]
        visitor.leave(page)


@pytest.mark.full
@pytest.mark.parametrize("path", PATHS)
def test_without_scripts_a_page_can_be_read_and_has_no_dead_button(visit: Visiting, path: str) -> None:
    with visit(scripts=False) as visitor:
        page = visitor.open(path)
        assert page.locator("h1").inner_text()
        assert 0 == page.locator("button:visible, input:visible").count()


@pytest.mark.full
def test_without_scripts_a_track_leads_to_its_recording(visit: Visiting) -> None:
    with visit(scripts=False) as visitor:
        link = visitor.open(f"/track/{TRACK}").get_by_role("link", name="Engine Room (WAV)")
        expect(link).to_have_attribute("href", f"/audio/{TRACK}.wav")
