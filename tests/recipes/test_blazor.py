"""The interop module as .NET drives it, and elements under enhanced navigation; the driver plays the half of .NET.

Enhanced navigation is what it does to a document: it fetches a page, changes attributes in place, inserts and removes
elements, leaves `data-permanent` ones alone, and puts the address into the history.
"""

import pytest

from tests.browser.figures import Figures
from tests.recipes.listening import Listen, Recipe
from tests.recipes.players import BLAZOR, TRACKER

pytestmark = [pytest.mark.chromium, pytest.mark.full]

ELEMENT = Recipe(
    "", driver="element", markup=f'{TRACKER}<main><audio data-tonearm-track="first" src="/first.wav"></audio></main>'
)
PERMANENT = Recipe("", driver="element", markup=ELEMENT.markup.replace("<audio", '<audio id="player" data-permanent'))
GO_ON = "history.pushState({}, '', '/songs/2');"


def test_a_disposed_tracker_closes_its_play(figures: Figures, listen: Listen) -> None:
    listener = listen(BLAZOR)
    with figures.rise_by({"track/first": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2, then="pause")
        listener.run("listener.disposeAsync()")
    with figures.rise_by({}):
        listener.leave()


def test_what_was_heard_before_the_circuit_was_lost_counts(figures: Figures, listen: Listen) -> None:
    listener = listen(BLAZOR)
    with figures.rise_by({"track/first": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2)
        listener.run("listener.loseCircuit()")
        listener.end()
        listener.leave()


def test_a_duration_that_becomes_known_late_decides(figures: Figures, listen: Listen) -> None:
    listener = listen(BLAZOR)
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.run("listener.learnDurationLate()")
        listener.play("first")
        listener.end()
        listener.leave()


def test_the_same_track_played_again_after_its_end_is_another_play(figures: Figures, listen: Listen) -> None:
    listener = listen(BLAZOR)
    with figures.rise_by({"track/first": {"complete": 1, "sampled": 1}}):
        listener.play("first")
        listener.end()
        listener.resume()
        listener.reach(2)
        listener.leave()


def test_an_element_changed_in_place_is_another_play(figures: Figures, listen: Listen) -> None:
    listener = listen(ELEMENT)
    with figures.rise_by({"track/first": {"sampled": 1}, "track/second": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2)
        listener.run(f"""() => {{
            const audio = document.querySelector("audio");
            audio.setAttribute("src", "/second.wav");
            audio.setAttribute("data-tonearm-track", "second");
            {GO_ON}
        }}""")
        listener.resume()
        listener.reach(3)
        listener.leave()


def test_an_element_taken_away_closes_its_play_and_a_new_one_has_its_own(figures: Figures, listen: Listen) -> None:
    listener = listen(ELEMENT)
    with figures.rise_by({"track/first": {"sampled": 1}, "track/second": {"sampled": 1}}):
        listener.play("first")
        listener.reach(2)
        listener.run(f"""() => {{
            const audio = new Audio("/second.wav");
            audio.dataset.tonearmTrack = "second";
            document.querySelector("main").replaceChildren(audio);
            {GO_ON}
        }}""")
        listener.resume()
        listener.reach(3)
        listener.leave()


def test_a_permanent_element_plays_on_as_one_play(figures: Figures, listen: Listen) -> None:
    listener = listen(PERMANENT)
    with figures.rise_by({"track/first": {"complete": 1}}):
        listener.play("first")
        listener.reach(1)
        listener.run(f"""() => {{
            document.querySelector("audio").before(document.createElement("h1"));
            document.title = "The next page";
            {GO_ON}
        }}""")
        listener.end()
        listener.leave()
