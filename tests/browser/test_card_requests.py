"""When the Plays card asks the service, and what it shows while the service does not answer."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.card_page import (
    NOT_MORE_OFTEN_MS,
    STRICT,
    Answers,
    Card,
    Site,
    asked,
    page_source,
    play,
)
from tests.browser.conftest import Show
from tests.browser.visitor import Visitor
from tests.support.chromium import FLAGS
from tests.support.service import Service, eventually, serving
from tests.support.stoppable_postgres import StoppablePostgres

pytestmark = pytest.mark.chromium

DASHES = "\N{EN DASH}" * 6


def tell_visibility(page: Page, state: str) -> None:
    """As a browser tells it of a tab in the background; headless Chromium has none."""
    page.evaluate(
        """(state) => {
            Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
            Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


@pytest.mark.full
def test_a_service_that_is_away_leaves_the_last_figure_and_a_new_card_a_dash(
    tmp_path: Path, visitor: Visitor, show: Show
) -> None:
    with serving(tmp_path / "data") as service:
        play(service, "stays", "complete")
        page = show('<tonearm-plays track="stays"></tonearm-plays>', address=service.url, clock=True)
        card = Card(page).at_rest("000001")
        service.stop()
        page.clock.fast_forward(NOT_MORE_OFTEN_MS)
        eventually(lambda: len(asked(visitor)) == 2 and bool(page.evaluate("1")))
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<tonearm-plays track=new></tonearm-plays>')")
        new = Card(page, "[track=new]").until("unavailable")
        assert (DASHES, "Plays: not available", "") == (new.drums, new.spoken, new.second)
        assert ("000001", "Plays: 1; 100% heard to the end") == (card.drums, card.spoken)
        page.close()
    assert {"Failed to load resource: net::ERR_CONNECTION_REFUSED"} == set(visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.full
def test_it_comes_back_with_the_service(show: Show, visitor: Visitor) -> None:
    page = show("<p>Nothing yet</p>", clock=True)
    answers = Answers(page, status=502, headers={"content-type": "text/html"})
    page.evaluate("document.body.append(document.createElement('tonearm-plays'))")
    card = Card(page).until("unavailable")
    assert DASHES == card.drums
    answers.are(totalPlays=42)
    page.clock.fast_forward(NOT_MORE_OFTEN_MS * 5 // 4)  # the wait after a failure, and a quarter of it by chance
    card.at_rest("000042")
    visitor.complaints.clear()


@pytest.mark.full
def test_retry_after_is_honoured_also_from_another_origin(show: Show, visitor: Visitor) -> None:
    page = show("<p>Nothing yet</p>", clock=True)
    later = {"retry-after": "300", "access-control-expose-headers": "retry-after"}
    answers = Answers(page, status=503, headers=later)
    page.evaluate("document.body.append(document.createElement('tonearm-plays'))")
    Card(page).until("unavailable")
    answers.are(totalPlays=1)
    page.clock.fast_forward(299_000)
    page.wait_for_timeout(300)
    assert 1 == len(asked(visitor))
    page.clock.fast_forward(1_000)
    Card(page).at_rest("000001")
    visitor.complaints.clear()


@pytest.mark.full
def test_while_the_database_is_away_the_figure_stays_and_the_page_can_tell_when_to_ask_again(
    tmp_path: Path, visitor: Visitor, show: Show
) -> None:
    server = StoppablePostgres(tmp_path / "pg")
    with server as postgres, serving(tmp_path / "data", {"TONEARM_DATABASE_URL": postgres.new_database()}) as service:
        play(service, "outage", "complete")
        page = show('<tonearm-plays track="outage"></tonearm-plays>', address=service.url, clock=True)
        card = Card(page).at_rest("000001")
        server.stop()
        retry_after = "(address) => fetch(address).then((answer) => [answer.status, answer.headers.get('retry-after')])"
        assert [503, "5"] == page.evaluate(retry_after, f"{service.url}/api/stats/track/outage")
        with page.expect_response("**/track/outage") as refused:
            page.clock.fast_forward(NOT_MORE_OFTEN_MS)
        assert 503 == refused.value.status
        assert "Plays: 1; 100% heard to the end" == card.spoken
        server.start()
        play(service, "outage", "complete")
        page.clock.fast_forward(NOT_MORE_OFTEN_MS * 5 // 4)
        card.at_rest("000002")
        page.close()
    assert {"Failed to load resource: the server responded with a status of 503 ()"} == set(visitor.complaints)
    visitor.complaints.clear()


@pytest.mark.full
def test_a_page_that_is_left_is_kept_and_asks_again_once_it_is_back(
    browser: Browser, band: Site, service: Service
) -> None:
    """With the back-forward cache, which the other tests' browser does without, and visibility as browsers tell it."""
    play(service, "card-back", "complete")
    body = '<tonearm-plays track="card-back"></tonearm-plays>'
    band.policy = STRICT.format(service=service.url)
    band.pages = {"/": page_source(service.url, body), "/other": "Other"}
    keeping = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    with keeping:
        page = keeping.new_page()
        page.clock.install()
        page.goto(band.elsewhere)
        card = Card(page).at_rest("000001")
        page.evaluate("addEventListener('pageshow', (event) => (window.kept = event.persisted))")
        page.goto(f"{band.elsewhere}/other")
        play(service, "card-back", "complete")
        page.go_back(wait_until="commit")
        page.clock.fast_forward(NOT_MORE_OFTEN_MS)
        card.at_rest("000002")
        assert page.evaluate("window.kept")


def test_nothing_is_asked_while_the_page_is_hidden(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-hidden", "complete")
    page = show('<tonearm-plays track="card-hidden"></tonearm-plays>', clock=True)
    card = Card(page).at_rest("000001")
    tell_visibility(page, "hidden")
    play(service, "card-hidden", "complete")
    page.clock.fast_forward(10 * NOT_MORE_OFTEN_MS)
    page.wait_for_timeout(300)
    assert 1 == len(asked(visitor))
    tell_visibility(page, "visible")
    card.at_rest("000002")
    assert 2 == len(asked(visitor))


@pytest.mark.full
def test_nothing_is_asked_while_the_card_is_out_of_sight(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-below", "complete")
    tall = "<p>Words</p>" * 200
    page = show(f'{tall}<tonearm-plays track="card-below"></tonearm-plays>{tall}', clock=True)
    card = Card(page).until("loading")
    page.clock.fast_forward(10 * NOT_MORE_OFTEN_MS)
    page.wait_for_timeout(300)
    assert [] == asked(visitor)
    card.locator.scroll_into_view_if_needed()
    card.at_rest("000001")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)  # the browser tells of it a frame or two later
    page.clock.fast_forward(10 * NOT_MORE_OFTEN_MS)
    page.wait_for_timeout(300)
    assert 1 == len(asked(visitor))


@pytest.mark.full
def test_two_cards_of_one_target_make_one_request(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-two", "complete")
    one = '<tonearm-plays track="card-two"></tonearm-plays>'
    page = show(f'<p>{one}</p><p id="second">{one}</p>', clock=True)
    Card(page).at_rest("000001")
    Card(page, "#second tonearm-plays").at_rest("000001")
    assert 1 == len(asked(visitor))
    play(service, "card-two", "partial")
    page.clock.fast_forward(NOT_MORE_OFTEN_MS)
    Card(page).at_rest("000002")
    Card(page, "#second tonearm-plays").at_rest("000002")
    assert 2 == len(asked(visitor))


@pytest.mark.full
def test_a_card_that_is_taken_off_the_page_asks_no_more(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-gone", "complete")
    page = show('<tonearm-plays track="card-gone"></tonearm-plays>', clock=True)
    Card(page).at_rest("000001")
    page.evaluate("window.card = document.querySelector('tonearm-plays'); card.remove()")
    page.clock.fast_forward(20 * NOT_MORE_OFTEN_MS)
    tell_visibility(page, "hidden")
    tell_visibility(page, "visible")
    page.wait_for_timeout(300)
    assert 1 == len(asked(visitor))
    play(service, "card-gone", "complete")
    page.evaluate("document.body.append(card)")
    Card(page).at_rest("000002")


@pytest.mark.full
def test_a_slower_tempo_may_be_chosen_but_no_faster_one(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-slow", "complete")
    play(service, "card-fast", "complete")
    page = show(
        '<tonearm-plays track="card-slow" refresh="120"></tonearm-plays>'
        '<tonearm-plays track="card-fast" refresh="1"></tonearm-plays>',
        clock=True,
    )
    for track in ("card-slow", "card-fast"):
        Card(page, f"[track={track}]").at_rest("000001")
    for rounds in range(4):
        assert (1 + rounds, 1) == (asked(visitor).count("track/card-fast"), asked(visitor).count("track/card-slow"))
        with page.expect_response("**/track/card-fast"):
            page.clock.fast_forward(NOT_MORE_OFTEN_MS)
        page.wait_for_timeout(200)  # for the card to read the answer, from which on it waits
    assert 2 == asked(visitor).count("track/card-slow")


@pytest.mark.full
def test_another_target_is_asked_for_once_its_attributes_are_changed(
    show: Show, service: Service, visitor: Visitor
) -> None:
    play(service, "card-before", "complete")
    play(service, "card-after", "partial", "partial")
    page = show('<tonearm-plays release="x" track="card-before"></tonearm-plays>')
    card = Card(page).at_rest("000001")
    page.evaluate(
        """() => {
            const card = document.querySelector("tonearm-plays");
            card.removeAttribute("track");
            card.removeAttribute("release");
            card.setAttribute("track", "card-after");
            card.setAttribute("second", "shares");
            card.setAttribute("label", "Times played");
        }"""
    )
    card.at_rest("000002")
    assert "Times played: 2; 0 shares" == card.spoken
    assert ["track/card-before", "track/card-after"] == asked(visitor)


@pytest.mark.full
def test_the_figure_of_another_target_is_not_shown_meanwhile(show: Show, service: Service) -> None:
    play(service, "card-meanwhile", "complete")
    page = show('<tonearm-plays track="card-meanwhile"></tonearm-plays>')
    card = Card(page).at_rest("000001")
    held: list[Route] = []
    page.route("**/api/stats/**", lambda route: held.append(route))
    page.evaluate("document.querySelector('tonearm-plays').setAttribute('track', 'other')")
    card.until("loading")
    assert ("000000", "Plays", "") == (card.drums, card.spoken, card.second)


@pytest.mark.full
def test_a_copy_of_the_script_elsewhere_asks_the_service_that_the_page_names(
    visitor: Visitor, band: Site, service: Service
) -> None:
    play(service, "card-named", "complete")
    named = f'<meta data-tonearm-api="{service.url}">'
    source = page_source(band.elsewhere, '<tonearm-plays track="card-named"></tonearm-plays>', head=named)
    band.policy = STRICT.format(service=f"{service.url} {band.elsewhere}")
    band.pages = {"/": source}
    page = visitor.context.new_page()
    page.goto(band.elsewhere)
    Card(page).at_rest("000001")
    assert [f"{service.url}/api/stats/track/card-named"] == [
        request.url for request in visitor.requests if "/api/stats/" in request.url
    ]
