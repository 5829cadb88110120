"""The examples of docs/tracker.md and README.md, as they stand there, against the real service and its figures."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import Visiting
from tests.browser.figures import Figures
from tests.browser.test_share_menu import SENDS
from tests.browser.tracker_site import ELSEWHERE, Site, serving_site
from tests.browser.visitor import Visitor
from tests.support.blocks import DOCS, blocks
from tests.support.service import Service

pytestmark = pytest.mark.chromium

TRACK: Final = "night-ferry/engine-room"
RELEASE: Final = "night-ferry"
EXAMPLES: Final = blocks(DOCS / "tracker.md")
[README] = [text for kind, text in blocks(Path(DOCS.parent / "README.md")) if kind == "html"]
HTML: Final = [README, *(text for kind, text in EXAMPLES if kind == "html")]
[PLAYER_PAGE] = [text for text in HTML if text.startswith("<!doctype html>")]
[EMBED_BUTTON] = [text for text in HTML if "<iframe" in text]
[OWN_SCRIPT] = [text for text in HTML if "window.tonearm" in text]
[MODULE] = [text for kind, text in EXAMPLES if kind == "js"]
[LOOKS] = [text for kind, text in EXAMPLES if kind == "css"]
TAG: Final = '<script type="module" src="https://YOUR-TONEARM/tonearm.js"></script>'
# Presses play and hears the whole of it. A player that a script keeps for itself is found by its name.
_PLAY: Final = """(audio) => new Promise((resolve, reject) => {
    audio.addEventListener("ended", resolve);
    audio.defaultPlaybackRate = audio.playbackRate = 4;
    audio.play().catch(reject);
})"""


@pytest.fixture
def somewhere() -> Iterator[Site]:
    with serving_site() as site:
        yield site


@pytest.fixture
def visitor(visit: Visiting, somewhere: Site) -> Iterator[Visitor]:
    """Somebody whose browser has a share sheet, which sends."""
    with visit(script=SENDS) as visitor:
        visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=somewhere.elsewhere)
        yield visitor


def filled_in(example: str, site: Site, service: Service) -> str:
    """The example with what a reader would put in the place of its placeholders."""
    for placeholder, own in {
        r"https://(YOUR-TONEARM|plays\.example\.org)": service.url,
        r"https://YOUR-SITE": site.elsewhere,
        r"/?(song|harbour-lights)\.mp3": "/4.wav",
        r"TRACK-KEY|(?<=[\":])harbour-lights": TRACK,
        r"RELEASE-KEY": RELEASE,
    }.items():
        example = re.sub(placeholder, own, example)
    return example


def pasted(visitor: Visitor, site: Site, service: Service, example: str) -> Page:
    """A page with the example on it, and with the tag where the example leaves it out."""
    if "/tonearm" not in example:
        example = f"{TAG}{example}"
    site.pages["/"] = filled_in(f'{ELSEWHERE}<meta charset="utf-8">{example}', site, service)
    page = visitor.context.new_page()
    page.goto(site.elsewhere)
    page.mouse.click(300, 300)  # a browser lets no page play before that
    return page


def use(where: Page | Frame) -> dict[str, int]:
    """Plays all players and clicks all buttons; what of the track this must have counted."""
    counted: dict[str, int] = {}
    for player in where.locator("[data-tonearm-track]").all():
        player.evaluate(_PLAY)
        counted["complete"] = counted.get("complete", 0) + 1
    for button in where.locator("[data-tonearm-share]").all():
        button.click()
        expect(button).to_have_attribute("data-tonearm-state", "copied")
        counted[button.get_attribute("data-tonearm-channel") or "link"] = 1
    return counted


@pytest.mark.parametrize("example", [README, *(pytest.param(text, marks=pytest.mark.full) for text in HTML[1:])])
def test_an_example_counts_what_it_declares_and_shows_its_figures(
    figures: Figures, visitor: Visitor, somewhere: Site, service: Service, example: str
) -> None:
    changes: dict[str, int] = {}
    with figures.rise_by({f"track/{TRACK}": changes}):
        page = pasted(visitor, somewhere, service, example)
        changes |= use(page)
        for card in page.locator("tonearm-plays").all():
            expect(card).to_have_attribute("data-tonearm-state", "live")
        for image in page.locator("img").all():
            assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 20
        page.close(run_before_unload=True)
    declared = re.findall(r"data-tonearm-(?:track|share)=|<tonearm-plays|<img|window\.tonearm", example)
    assert declared, "an example that declares nothing tests nothing"


@pytest.mark.full
def test_the_classic_scripts_example_counts_its_player(
    figures: Figures, visitor: Visitor, somewhere: Site, service: Service
) -> None:
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}):
        page = pasted(visitor, somewhere, service, OWN_SCRIPT)
        page.get_by_role("button", name="Play").click()
        page.evaluate(f"({_PLAY})(player)")


def test_the_example_of_a_pages_own_script_counts_each_play_and_the_share(
    figures: Figures, visitor: Visitor, somewhere: Site, service: Service
) -> None:
    program = f"{MODULE}\nObject.assign(window, {{ player, told: await status() }});"
    with figures.rise_by({f"track/{TRACK}": {"complete": 2}, f"release/{RELEASE}": {"link": 1}}):
        page = pasted(visitor, somewhere, service, f'<script type="module">{program}</script>')
        told = page.wait_for_function("window.told").json_value()
        page.evaluate(f"({_PLAY})(player)")
        sent = page.evaluate("window.sent.map(({ url }) => url)")
    assert [f"{somewhere.elsewhere}/?tonearm=link"] == sent
    assert {"api", "rule", "refused", "optedOut"} <= set(told)
    assert (f"{service.url}/api/event/", False) == (told["api"], told["optedOut"])


@pytest.mark.full
def test_a_copied_link_leads_to_the_page_that_the_button_names(
    figures: Figures, visitor: Visitor, somewhere: Site, service: Service
) -> None:
    [button] = [text for text in HTML if "YOUR-SITE/song" in text and text.startswith("<button")]
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}):
        page = pasted(visitor, somewhere, service, f"<style>{LOOKS}</style>{button}")
        use(page)
    assert f"{somewhere.elsewhere}/song?tonearm=link" == visitor.copied(page)
    after = "(button) => getComputedStyle(button, '::after').content"
    assert '" ✓"' == page.locator("button").evaluate(after)


@pytest.mark.full
def test_a_copied_embed_pasted_into_another_site_counts_its_play_and_its_own_share(
    figures: Figures, visitor: Visitor, somewhere: Site, service: Service
) -> None:
    """The address of the test's site under its other name is another site to a browser."""
    somewhere.pages["/player.html"] = filled_in(PLAYER_PAGE, somewhere, service)
    with figures.rise_by({f"track/{TRACK}": {"embed": 1}}):
        page = pasted(visitor, somewhere, service, EMBED_BUTTON)
        use(page)
    somewhere.pages["/blog"] = ELSEWHERE + visitor.copied(page)
    with figures.rise_by({f"track/{TRACK}": {"link": 1, "complete": 1}}):
        page.goto(f"{somewhere.address}/blog")
        [_, frame] = page.frames
        assert {"link": 1, "complete": 1} == use(frame)
        expect(frame.locator("tonearm-plays")).to_have_attribute("data-tonearm-state", "live")
        assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the frame is too small"
    assert ["embed"] == [play.get("via") for play in visitor.sent("play")]
    # What a browser without a share sheet says of the frame's attribute is not the example's.
    visitor.complaints[:] = [text for text in visitor.complaints if text != "Unrecognized feature: 'web-share'."]


@pytest.mark.full
def test_without_a_share_sheet_the_example_shows_no_button_for_it(
    visitor: Visitor, somewhere: Site, service: Service
) -> None:
    [example] = [text for text in HTML if "data-tonearm-native" in text]
    visitor.context.add_init_script("navigator.share = undefined")
    page = pasted(visitor, somewhere, service, example)
    expect(page.locator("[data-tonearm-native]")).to_be_hidden()
