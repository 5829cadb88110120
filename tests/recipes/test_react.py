"""What React does to elements, beyond what every recipe must hold; all under Strict Mode."""

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listen, Recipe
from tests.recipes.players import REACT, REACT_ATTRIBUTE

pytestmark = [pytest.mark.chromium, pytest.mark.full]

both = pytest.mark.parametrize("recipe", [REACT, REACT_ATTRIBUTE], ids=str)


@both
def test_a_player_unmounted_while_it_plays_closes_its_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2)
        listener.run("listener.unmount()")
    with figures.rise_by({}):
        listener.leave()


@both
def test_a_new_key_is_a_new_player_and_another_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"sampled": 1}, "track/second": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2)
        listener.run("listener.remount('second')")
        listener.reach(3)
        listener.leave()


@both
def test_the_same_song_mounted_again_is_another_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"sampled": 2}}):
        listener.play("first")
        listener.reach(2)
        listener.run("listener.unmount()")
        listener.run("listener.remount('first')")
        listener.reach(2)
        listener.leave()
