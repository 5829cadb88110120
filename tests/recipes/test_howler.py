"""What howler does beyond what every recipe must hold."""

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listen, Recipe
from tests.recipes.players import HOWLER_HTML5, HOWLER_WEB_AUDIO

pytestmark = [pytest.mark.chromium, pytest.mark.full]

both = pytest.mark.parametrize("recipe", [HOWLER_HTML5, HOWLER_WEB_AUDIO], ids=str)


@both
def test_each_lap_of_a_loop_is_a_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"complete": 2}}):
        listener.run("listener.loop(true)")
        listener.play("first")
        listener.end()
        listener.reach(2)
        listener.run("listener.loop(false)")
        listener.reach(3.5)
        listener.page.wait_for_function("!listener.sounds()")
        listener.leave()


@both
def test_stopped_and_played_again_is_another_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({"track/first": {"sampled": 2}}):
        for _ in range(2):
            listener.play("first")
            listener.reach(2)
            listener.run("listener.stop()")
        listener.leave()
