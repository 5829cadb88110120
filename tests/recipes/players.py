"""The recipes of the page, and what is peculiar to their pages; test_page.py sees to it that none is missing."""

from dataclasses import replace
from typing import Final

from tests.recipes.listening import Recipe

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
TRACKER = '<script type="module" src="https://YOUR-TONEARM/tonearm.js"></script>'
REACT = Recipe("react", driver="react", markup='<div id="root"></div>')
REACT_ATTRIBUTE = Recipe("react-attribute", driver="react", markup=f'{TRACKER}<div id="root"></div>')
BLAZOR = Recipe("blazor", driver="blazor", module="/js/play-tracker.js")
PLAYERS: Final = (
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
    REACT,
    REACT_ATTRIBUTE,
    BLAZOR,
)

NO_LONG_SONG: Final = (HLS, MEDIA_ELEMENTS)  # the tone of media/ has eight seconds
