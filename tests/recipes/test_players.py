"""What every recipe must hold, whatever the player: the figures of the read API after somebody has listened."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listener, Recipe

pytestmark = pytest.mark.chromium

Listen = Callable[[Recipe], Listener]

HOWLER_HTML5 = Recipe("howler", driver="howler", variant="html5")
HOWLER_WEB_AUDIO = Recipe("howler", driver="howler", variant="web-audio", words={"html5: true": "html5: false"})
WAVESURFER = Recipe("wavesurfer", driver="wavesurfer", markup='<div id="waveform"></div>')
WAVESURFER_WEB_AUDIO = Recipe("wavesurfer-web-audio", driver="wavesurfer", markup='<div id="waveform"></div>')
WAVESURFER_BY_EVENTS = replace(WAVESURFER_WEB_AUDIO, variant="media-element", words={', backend: "WebAudio"': ""})
PLYR = Recipe("plyr", driver="plyr", serves={"/plyr.svg": "plyr/dist/plyr.svg"})
VIDEO_JS = Recipe("video-js", driver="video-js")
VIDSTACK = Recipe("vidstack", driver="vidstack")
HLS = Recipe("hls", driver="hls")
MEDIA_CHROME = Recipe("media-chrome", driver="media-chrome")
MEDIA_ELEMENTS = Recipe("media-elements", driver="media-elements")
PLAYERS = (
    HOWLER_HTML5,
    HOWLER_WEB_AUDIO,
    WAVESURFER,
    WAVESURFER_WEB_AUDIO,
    WAVESURFER_BY_EVENTS,
    PLYR,
    VIDEO_JS,
    VIDSTACK,
    HLS,
    MEDIA_CHROME,
    MEDIA_ELEMENTS,
)

every_player = pytest.mark.parametrize("recipe", PLAYERS, ids=str)


def test_heard_to_the_end_is_one_complete_play(figures: Figures, listen: Listen) -> None:
    """The one recipe of the short run; the others have the same test below."""
    heard_to_the_end(figures, listen(HOWLER_WEB_AUDIO))


@pytest.mark.full
@every_player
def test_every_player_heard_to_the_end_is_one_complete_play(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    heard_to_the_end(figures, listen(recipe))


def heard_to_the_end(figures: Figures, listener: Listener) -> None:
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.play("first")
        listener.end()
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
@pytest.mark.parametrize("recipe", [player for player in PLAYERS if player not in (HLS, MEDIA_ELEMENTS)], ids=str)
def test_left_below_the_floor_nothing_is_counted(figures: Figures, listen: Listen, recipe: Recipe) -> None:
    listener = listen(recipe)
    with figures.rise_by({}):
        listener.play("long")
        listener.reach(0.5)
        listener.leave()
