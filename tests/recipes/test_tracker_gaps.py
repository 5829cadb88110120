"""What players do and the tracker does not take as it should. A case that holds at last fails here, and moves."""

from dataclasses import replace

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listen
from tests.recipes.players import HLS

pytestmark = [pytest.mark.chromium, pytest.mark.full]

PLAYER = replace(HLS, driver="gaps")


@pytest.mark.xfail(strict=True, reason="`emptied` of a media source that is attached anew is taken for another song")
def test_a_recovered_media_error_is_the_same_play(figures: Figures, listen: Listen) -> None:
    listener = listen(PLAYER)
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.play("first")
        listener.reach(1, then="pause")
        listener.run("listener.recover()")
        listener.resume()
        listener.end()
        listener.leave()
