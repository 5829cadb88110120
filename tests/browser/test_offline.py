"""Plays made offline, against the real service: sent by two tabs at once, counted once."""

import pytest

from tests.browser.conftest import Visiting
from tests.browser.figures import Figures

pytestmark = [pytest.mark.chromium, pytest.mark.full]

SHORT = "night-ferry/harbour-lights"  # 8 s
BUFFERED = """() => {
    const audio = document.querySelector("audio");
    return audio.buffered.length === 1 && audio.buffered.end(0) >= audio.duration - 0.1;
}"""
WAITING = "() => Object.keys(localStorage).filter((key) => key.startsWith('tonearm.waiting.')).length"


def test_a_play_made_offline_and_sent_by_two_tabs_is_counted_once(figures: Figures, visit: Visiting) -> None:
    with figures.rise_by({f"track/{SHORT}": {"complete": 2}}), visit() as visitor:
        page, player = visitor.listen(f"/track/{SHORT}", rate=4)
        player.press().ends(1)  # now the mode is known, and the whole of it is in the browser
        other = visitor.open("/")
        page.wait_for_timeout(500)
        assert page.evaluate(BUFFERED)
        visitor.context.set_offline(True)
        player.press().ends(2)
        assert 1 == page.evaluate(WAITING)
        visitor.context.set_offline(False)
        for tab in (page, other):
            tab.evaluate("""() => new Promise((resolve) => {
                const tick = setInterval(() => {
                    if (Object.keys(localStorage).some((key) => key.startsWith("tonearm.waiting."))) return;
                    clearInterval(tick);
                    resolve();
                }, 20);
            })""")
    sent = [play for play in visitor.sent("play") if "eventId" in play]
    assert 3 == len(sent)  # the first, made online, once; the second twice
    assert 2 == len({play["eventId"] for play in sent})
