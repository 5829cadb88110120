"""The examples of docs/card.md, as they stand there, against the real service."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Route

from tests.browser.card_page import Card, Site, page_source, play, site, stats
from tests.browser.visitor import Visitor
from tests.support.blocks import DOCS, blocks
from tests.support.service import Service, eventually

pytestmark = pytest.mark.chromium

EXAMPLES: Final = blocks(DOCS / "card.md")
HTML: Final = [text for kind, text in EXAMPLES if kind == "html"]
[LOOKS] = [text for kind, text in EXAMPLES if kind == "css" and "::part" in text]
[ROOM] = [text for kind, text in EXAMPLES if kind == "css" and ":not(:defined)" in text]
KEYS: Final = {"TRACK-KEY": "night-ferry/harbour-lights", "RELEASE-KEY": "night-ferry"}


@pytest.fixture(scope="module")
def somewhere() -> Iterator[Site]:
    with site() as server:
        yield server


@pytest.mark.parametrize("example", HTML)
def test_every_card_of_an_example_shows_its_figure(
    visitor: Visitor, somewhere: Site, service: Service, example: str
) -> None:
    play(service, KEYS["TRACK-KEY"], "complete")
    for name, key in KEYS.items():
        example = example.replace(name, key)
    somewhere.pages = {
        "/": f"<!doctype html><link rel=icon href=data:,>{example}".replace("https://YOUR-TONEARM", service.url)
    }
    page = visitor.context.new_page()
    page.goto(somewhere.elsewhere)
    cards = page.locator("tonearm-plays").count()
    assert cards == example.count("<tonearm-plays")
    for index in range(cards):
        card = Card(page, f"tonearm-plays >> nth={index}")
        track, release = (card.locator.get_attribute(name) for name in ("track", "release"))
        target = f"track/{track}" if track else f"release/{release}" if release else "home"
        card.at_rest(f"{stats(service, target)['totalPlays']:06}")


def test_the_css_of_the_page_reaches_the_card(visitor: Visitor, somewhere: Site, service: Service) -> None:
    body = "<tonearm-plays></tonearm-plays><tonearm-plays track=''></tonearm-plays>"
    somewhere.pages = {"/": page_source(service.url, body, head=f"<style>{LOOKS}</style>")}
    page = visitor.context.new_page()
    page.goto(somewhere.elsewhere)
    live, dash = Card(page).until("live"), Card(page, "[track]").until("unavailable")
    style = (
        "(card, name) => { const s = getComputedStyle(card.shadowRoot.querySelector(`[part~=${name}]`)); return [%s] }"
    )
    assert ["uppercase", "rgb(0, 128, 128)"] == live.locator.evaluate(style % "s.textTransform, s.color", "label")
    assert ["hidden"] == dash.locator.evaluate(style % "s.visibility", "idle")
    assert [pytest.approx(28, abs=0.1)] == live.locator.evaluate(style % "parseFloat(s.fontSize)", "odometer")
    assert "0.6" == dash.locator.evaluate("(card) => getComputedStyle(card).opacity")


def test_the_room_that_the_page_keeps_is_the_cards(visitor: Visitor, somewhere: Site, service: Service) -> None:
    body = "<p>A <tonearm-plays></tonearm-plays> <b>B</b></p><p id=after>C</p>"
    somewhere.pages = {"/": page_source(service.url, body, head=f"<style>{ROOM}</style>")}
    page = visitor.context.new_page()
    held: list[Route] = []
    page.route("**/tonearm-plays.*", lambda route: held.append(route))
    page.goto(somewhere.elsewhere)
    where = """() => [...document.querySelectorAll("tonearm-plays, b, #after")]
        .map((element) => element.getBoundingClientRect()).map(({ x, y, width }) => [x, y, width].map(Math.round))"""
    before = page.evaluate(where)
    eventually(lambda: bool(page.evaluate("1")) and bool(held))
    held[0].continue_()
    Card(page).until("live")
    assert before == page.evaluate(where)
