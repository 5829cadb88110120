"""How the Plays card moves and fits: the roll, reduced motion, narrow places, themes, a page that stays put.

Figures larger than a test can play, and answers that come late, are made in the browser.
"""

import json

import pytest
from playwright.sync_api import Route

from tests.browser.card_page import (
    NOT_MORE_OFTEN_MS,
    ROLL_MS,
    Answers,
    Card,
    Site,
)
from tests.browser.conftest import Show
from tests.support.service import eventually

pytestmark = pytest.mark.chromium


WATCH = """() => {
    const drums = document.querySelector("tonearm-plays").shadowRoot.querySelectorAll("[part~=drum] > .strip");
    window.seen = [];
    const look = () => {
        const stands = [...drums].map((strip) => strip.style.translate.split(" ")[1]);
        if (stands.every(Boolean)) seen.push(stands.map((percent) => parseFloat(percent) * -11 / 100));
        requestAnimationFrame(look);
    };
    look();
}"""
"""Notes, frame by frame while they roll, on which digit each drum stands."""


def test_only_the_drums_that_turn_roll_to_the_next_figure(show: Show) -> None:
    page = show("<p>Nothing yet</p>", clock=True)
    answers = Answers(page, totalPlays=1299)
    page.evaluate("document.body.append(document.createElement('tonearm-plays'))")
    card = Card(page).at_rest("001299")
    page.evaluate(WATCH)
    answers.are(totalPlays=1300)
    page.clock.fast_forward(NOT_MORE_OFTEN_MS)
    card.at_rest("001300")
    seen = page.evaluate("seen")
    assert len(seen) > 5
    for *still, hundreds, tens, units in seen:
        assert [0, 0, 1] == pytest.approx(still, abs=1e-4)
        assert 1.999 < hundreds < 3
        assert [hundreds + 7] * 2 == pytest.approx([tens, units], abs=1e-4)
    units = [stands[-1] for stands in seen]
    assert units == sorted(units), "they never roll back"


@pytest.mark.full
def test_who_wants_no_motion_gets_none(show: Show) -> None:
    page = show("<p>Nothing yet</p>", clock=True)
    page.emulate_media(reduced_motion="reduce")
    answers = Answers(page, totalPlays=7)
    page.evaluate(
        """() => {
            const card = document.createElement("tonearm-plays");
            document.body.append(card);
            window.seen = new Set();
            const look = () => {
                for (const drum of card.shadowRoot?.querySelectorAll("[part~=drum] > .strip") ?? []) {
                    seen.add(drum.style.translate);
                    if (drum.innerText.length > 1) seen.add("a strip");
                }
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    card = Card(page).at_rest("000007")
    answers.are(totalPlays=12_345)
    page.clock.run_for(NOT_MORE_OFTEN_MS + 2 * ROLL_MS)
    card.at_rest("012345")
    assert [""] == page.evaluate("[...seen]")


@pytest.mark.full
@pytest.mark.parametrize("figure", [0, 12_345, 1_234_567_890])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_moves_on_the_page_when_the_figure_arrives(show: Show, figure: int, width: int) -> None:
    page = show("<p>Nothing yet</p>")
    page.set_viewport_size({"width": width, "height": 800})
    held: list[Route] = []
    page.route("**/api/stats/**", lambda route: held.append(route))
    page.evaluate("document.body.innerHTML = '<p>A <tonearm-plays></tonearm-plays> <b>B</b></p><p id=after>C</p>'")
    card = Card(page).until("loading")
    where = """() => [...document.querySelectorAll("tonearm-plays, b, #after")]
        .map((element) => JSON.stringify(element.getBoundingClientRect()))"""
    before = page.evaluate(where)
    eventually(lambda: bool(page.evaluate("1")) and len(held) == 1)
    body = json.dumps({"totalPlays": figure, "completionRate": 0.5 if figure else None})
    held[0].fulfill(body=body, headers={"access-control-allow-origin": "*"})
    card.at_rest(f"{figure:06}")
    assert before == page.evaluate(where)


@pytest.mark.full
@pytest.mark.parametrize("width", [40, 120, 250])
def test_a_narrow_place_makes_smaller_drums_and_no_wider_page(show: Show, width: int) -> None:
    page = show("<p>Nothing yet</p>")
    page.set_viewport_size({"width": 320, "height": 800})
    Answers(page, totalPlays=1_234_567_890, completionRate=0.5)
    page.evaluate(
        """(width) => {
            document.body.innerHTML = "<div id=narrow><tonearm-plays></tonearm-plays></div>";
            narrow.style.width = `${width}px`;
        }""",
        width,
    )
    card = Card(page).at_rest("1234567890")
    odometer = card.locator.locator("[part=odometer]").bounding_box()
    assert odometer is not None
    assert odometer["width"] <= width
    assert page.evaluate("narrow.scrollWidth <= narrow.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= 320")


@pytest.mark.full
def test_the_drums_are_the_same_in_both_themes_and_the_words_take_the_pages_colour(show: Show, band: Site) -> None:
    band.pages["/theme.css"] = ""
    page = show('<meta name="color-scheme" content="light dark"><tonearm-plays></tonearm-plays>')
    colours = """(card) => ["odometer", "drum", "label"].map((name) => {
        const style = getComputedStyle(card.shadowRoot.querySelector(`[part~=${name}]`));
        return [style.color, style.backgroundColor];
    })"""
    card = Card(page).until("live")
    page.emulate_media(color_scheme="light")
    *light, light_label = card.locator.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    *dark, dark_label = card.locator.evaluate(colours)
    assert light == dark
    assert ("rgb(0, 0, 0)", "rgb(255, 255, 255)") == (light_label[0], dark_label[0])


@pytest.mark.full
def test_forced_colours_leave_it_readable(show: Show) -> None:
    page = show("<tonearm-plays></tonearm-plays>")
    page.emulate_media(forced_colors="active")
    card = Card(page).until("live")
    drum = """(card) => {
        const drum = card.shadowRoot.querySelector("[part~=drum]");
        const { color, backgroundColor, outlineStyle } = getComputedStyle(drum);
        return [color !== backgroundColor, outlineStyle, getComputedStyle(drum, "::after").backgroundImage];
    }"""
    assert [True, "solid", "none, none"] == card.locator.evaluate(drum)
