"""Real sound through the demo's pages, and exactly what the read API may tell of it afterwards."""

import pytest

from server.demo.discography import Discography
from tests.browser.figures import Figures
from tests.browser.visitor import FASTEST, Player, Visitor

pytestmark = pytest.mark.chromium

SHORT = "night-ferry/harbour-lights"  # 8 s
HALF_MINUTE = "night-ferry/engine-room"  # 32 s
LONG = "night-ferry/über-wasser"  # 70 s
LOOSE = "soundcheck"  # 12 s, of no release


def test_a_track_played_to_the_end_is_one_complete_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{SHORT}", rate=8)
        assert [SHORT] == player.press().ends(1)
        page.close(run_before_unload=True)


def test_a_page_closed_in_the_middle_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{HALF_MINUTE}": {"sampled": 1}}):
        page, player = visitor.listen(f"/track/{HALF_MINUTE}", rate=FASTEST)
        player.press().reach(16)
        page.close(run_before_unload=True)


@pytest.mark.full
def test_stopped_below_the_floor_nothing_is_counted(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.press().reach(0.5)
        player.press()
        assert 0.5 <= player.position_s < 3
        visitor.leave(page)
        page.close(run_before_unload=True)


@pytest.mark.full
def test_left_below_30_percent_is_one_partial_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"partial": 1}}):
        page, player = visitor.listen(f"/track/{LONG}", rate=4)
        player.press().reach(5)
        visitor.leave(page)


@pytest.mark.full
def test_left_at_half_is_one_sampled_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"sampled": 1}}):
        page, player = visitor.listen(f"/track/{LONG}", rate=FASTEST)
        player.press().reach(35)
        visitor.leave(page)


@pytest.mark.full
def test_sought_near_the_end_and_back_is_one_complete_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.press().reach(0.3).seek(0.9).reach(60)
        player.seek(0.1).reach(5)
        assert player.position_s < 20
        visitor.leave(page)


@pytest.mark.full
def test_sought_to_the_very_end_and_back_is_one_complete_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.press().reach(0.3)
        page.locator(".listen [data-demo-seek]").press("End")
        assert [LONG] == player.ends(1)
        page.locator(".listen [data-demo-seek]").press("Home")
        assert player.paused
        visitor.leave(page)


@pytest.mark.full
def test_paused_and_resumed_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LOOSE}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{LOOSE}")
        for seconds in (1, 2, 3):
            player.tempo(4).press().reach(seconds)
            player.press()
            assert player.paused
        player.tempo(4).press().ends(1)
        visitor.leave(page)


@pytest.mark.full
def test_the_same_track_twice_is_two_plays(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 2}}):
        page, player = visitor.listen(f"/track/{SHORT}", rate=8)
        player.press().ends(1)
        assert [SHORT, SHORT] == player.press().ends(2)
        visitor.leave(page)


@pytest.mark.full
def test_another_track_in_the_same_player_is_two_plays(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{HALF_MINUTE}": {"sampled": 1}, f"track/{LONG}": {"partial": 1}}):
        page, player = visitor.listen("/", rate=8)
        player.press(HALF_MINUTE).reach(12)
        player.tempo(8).press(LONG).reach(5)
        visitor.leave(page)


@pytest.mark.full
def test_tracks_skipped_in_a_hurry_are_no_plays(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 1}}):
        page, player = visitor.listen("/")
        player.press(LONG).reach(0.2)
        page.click("[data-demo-previous]")
        page.click("[data-demo-previous]")
        assert [SHORT] == player.tempo(8).ends(1)
        visitor.leave(page)


@pytest.mark.full
def test_a_release_played_through_by_itself_adds_up(figures: Figures, visitor: Visitor, music: Discography) -> None:
    tracks = [track.key for track in music.release_by_key["night-ferry"].tracks]
    before = figures.of("release/night-ferry")["complete"]
    with figures.rise_by({f"track/{key}": {"complete": 1} for key in tracks}):
        page, player = visitor.listen("/release/night-ferry", rate=FASTEST)
        assert tracks == player.press(tracks[0]).ends(len(tracks))
        assert player.paused
        visitor.leave(page)
    assert before + len(tracks) == figures.of("release/night-ferry")["complete"]


@pytest.mark.full
def test_the_front_page_does_not_go_on_to_the_next_track(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 1}}):
        page, player = visitor.listen("/", rate=8)
        player.press(SHORT).ends(1)
        page.wait_for_timeout(500)
        assert player.paused
        visitor.leave(page)


@pytest.mark.full
def test_a_place_chosen_before_anything_is_loaded_is_where_the_play_begins(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LONG}": {"sampled": 1}}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.seek(0.5)
        assert pytest.approx(35, abs=1) == player.position_s
        assert "0:35" == page.inner_text("[data-demo-time]")
        player.press().reach(35.5)
        assert player.position_s < 50
        visitor.leave(page)


@pytest.mark.full
def test_a_place_chosen_and_never_played_is_nothing(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen(f"/track/{LONG}")
        player.seek(0.5).seek(0.9)
        visitor.leave(page)


@pytest.mark.full
def test_a_track_played_by_keyboard_alone_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{HALF_MINUTE}": {"sampled": 1}}):
        page, player = visitor.listen(f"/track/{HALF_MINUTE}")
        button = page.locator("[data-demo-play]")
        while not button.evaluate("(button) => button === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        player.reach(0.3)
        page.keyboard.press("Tab")
        for _ in range(5):  # a tenth of the track each
            page.keyboard.press("PageUp")
        player.reach(15)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        assert player.paused
        assert player.position_s < 24
        visitor.leave(page)


@pytest.mark.full
def test_two_tabs_that_play_the_same_track_are_two_plays(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 2}}):
        tabs = [visitor.listen(f"/track/{SHORT}", rate=4) for _ in range(2)]
        for page, player in tabs:
            page.bring_to_front()
            player.press()
        for page, player in tabs:
            player.ends(1)
            page.close(run_before_unload=True)


@pytest.mark.full
def test_a_hidden_tab_plays_on_and_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{LOOSE}": {"complete": 1}}):
        page, player = visitor.listen(f"/track/{LOOSE}", rate=4)
        player.press()
        other = visitor.open("/")
        other.bring_to_front()
        player.ends(1)
        page.close(run_before_unload=True)


@pytest.mark.full
def test_two_players_on_one_page_do_not_take_each_others_plays(figures: Figures, visitor: Visitor) -> None:
    """The demo has one player a page; a site may have as many elements as it likes."""
    with figures.rise_by({f"track/{SHORT}": {"complete": 1}, f"track/{LOOSE}": {"complete": 1}}):
        page, _ = visitor.listen(f"/track/{SHORT}", rate=8)
        page.evaluate(
            """(key) => {
                const second = document.createElement("audio");
                second.dataset.tonearmTrack = key;
                second.src = `/audio/${key}.wav`;
                second.defaultPlaybackRate = second.playbackRate = 8;
                document.body.append(second);
                const button = document.querySelector("[data-demo-play]");
                button.addEventListener("click", () => second.play(), { once: true });
            }""",
            LOOSE,
        )
        assert [SHORT, LOOSE] == Player(page).press().ends(2)
        visitor.leave(page)
