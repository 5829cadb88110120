"""What every recipe must hold, whatever the player: the figures of the read API after somebody has listened."""

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listen, Recipe
from tests.recipes.players import HOWLER_WEB_AUDIO, NO_LONG_SONG, PLAYERS

pytestmark = pytest.mark.chromium

SHORT_RUN = HOWLER_WEB_AUDIO  # of all of them, this one alone is part of the short run

every_player = pytest.mark.parametrize("recipe", PLAYERS, ids=str)
every_player_and_one_in_the_short_run = pytest.mark.parametrize(
    "recipe",
    [pytest.param(player, marks=() if player is SHORT_RUN else pytest.mark.full) for player in PLAYERS],
    ids=str,
)


@every_player_and_one_in_the_short_run
def test_heard_to_the_end_is_one_complete_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.play("first")
        listener.end()
    with figures.rise_by({}):
        listener.leave()


@pytest.mark.full
@every_player
def test_another_track_in_the_player_is_another_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"sampled": 1}, "track/second": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2, then="second")
        listener.reach(3)
        listener.leave()


@pytest.mark.full
@every_player
def test_a_pause_and_seeks_are_the_same_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.play("first")
        listener.reach(0.5, then="pause")
        listener.resume()
        listener.reach(0.8)
        listener.seek(3.4)
        listener.reach(3.5)
        listener.seek(0.2)
        listener.reach(0.5, then="pause")
        listener.leave()


@pytest.mark.full
@pytest.mark.parametrize("recipe", [player for player in PLAYERS if player not in NO_LONG_SONG], ids=str)
def test_left_below_the_floor_nothing_is_counted(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({}):
        listener.play("long")
        listener.reach(0.5)
        listener.leave()
