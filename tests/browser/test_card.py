"""The Plays card on somebody's page, against the real service: whose figure it shows, and what it says."""

from pathlib import Path

import pytest

from tests.browser.card_page import (
    NOT_MORE_OFTEN_MS,
    Answers,
    Card,
    asked,
    play,
    share,
    stats,
)
from tests.browser.conftest import Show
from tests.browser.visitor import Visitor
from tests.support.service import Service, serving

pytestmark = pytest.mark.chromium

DASHES = "\N{EN DASH}" * 6
LISTENER = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
RELEASE, ITS_TRACK = "night-ferry", "night-ferry/harbour-lights"
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 ()"


def test_it_shows_the_figure_of_the_read_api_under_a_strict_policy(show: Show, service: Service) -> None:
    play(service, "card-figure", "complete", "complete", "partial")
    card = Card(show('<tonearm-plays track="card-figure"></tonearm-plays>')).at_rest("000003")
    assert 3 == stats(service, "track/card-figure")["totalPlays"]
    assert "67% heard to the end" == card.second
    assert "Plays: 3; 67% heard to the end" == card.spoken


def test_it_goes_up_after_a_play(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-rise", *["complete"] * 9)
    page = show('<tonearm-plays track="card-rise"></tonearm-plays>', clock=True)
    card = Card(page).at_rest("000009")
    play(service, "card-rise", "partial")
    page.clock.fast_forward(NOT_MORE_OFTEN_MS)
    card.at_rest("000010")
    assert "Plays: 10; 90% heard to the end" == card.spoken
    assert ["track/card-rise"] * 2 == asked(visitor)


@pytest.mark.full
def test_site_release_and_track_have_cards_of_their_own(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, ITS_TRACK, "sampled")
    page = show(
        "<tonearm-plays></tonearm-plays>"
        f'<tonearm-plays release="{RELEASE}"></tonearm-plays><tonearm-plays track="{ITS_TRACK}"></tonearm-plays>'
    )
    for selector, target in (
        ("tonearm-plays:not([track], [release])", "home"),
        ("[release]", f"release/{RELEASE}"),
        ("[track]", f"track/{ITS_TRACK}"),
    ):
        plays = stats(service, target)["totalPlays"]
        assert plays
        Card(page, selector).at_rest(f"{plays:06}")
    assert {"home", f"release/{RELEASE}", f"track/{ITS_TRACK.replace('/', '%2F')}"} == set(asked(visitor))


@pytest.mark.full
def test_of_two_targets_the_track_is_shown(show: Show, service: Service, visitor: Visitor) -> None:
    play(service, "card-both", "complete")
    page = show(f'<tonearm-plays release="{RELEASE}" track="card-both"></tonearm-plays>')
    Card(page).at_rest("000001")
    assert ["track/card-both"] == asked(visitor)


@pytest.mark.full
def test_an_empty_key_is_no_target_rather_than_the_whole_site(show: Show, visitor: Visitor) -> None:
    card = Card(show('<tonearm-plays track=""></tonearm-plays>')).until("unavailable")
    assert DASHES == card.drums
    assert "Plays: not available" == card.spoken
    assert [] == asked(visitor)


@pytest.mark.full
def test_a_track_that_was_never_played_has_0_plays(show: Show, visitor: Visitor) -> None:
    card = Card(show('<tonearm-plays track="never-played"></tonearm-plays>')).until("live")
    assert "000000" == card.drums
    assert "Plays: 0" == card.spoken
    assert "" == card.second
    assert [NOT_FOUND] == visitor.complaints, "the browser's own word; the card has none"
    visitor.complaints.clear()


@pytest.mark.full
@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("completion", "50% heard to the end"),
        ("shares", "1 share"),
        ("listeners", "1 listener"),
        ("none", ""),
        ("misspelt", "50% heard to the end"),
    ],
)
def test_the_second_line_is_chosen_on_the_card(show: Show, service: Service, second: str, words: str) -> None:
    key = f"card-second-{second}"
    play(service, key, "complete", "partial", anonId=LISTENER)
    share(service, key)
    card = Card(show(f'<tonearm-plays track="{key}" second="{second}"></tonearm-plays>')).at_rest("000002")
    assert words == card.second
    assert f"Plays: 2; {words}".removesuffix("; ") == card.spoken


@pytest.mark.full
def test_too_few_listeners_and_those_a_mode_does_not_count_leave_the_line_out(
    tmp_path: Path, visitor: Visitor, show: Show
) -> None:
    with serving(tmp_path / "data", {"TONEARM_STATS__MIN_LISTENERS": "5"}) as service:
        play(service, "quiet", "complete", anonId=LISTENER)
        found = stats(service, "track/quiet")
        assert (None, None) == (found["listeners"], found["listenersToday"])
        page = show(
            '<tonearm-plays track="quiet" second="listeners"></tonearm-plays>'
            '<tonearm-plays track="quiet" second="listeners-today"></tonearm-plays>',
            address=service.url,
        )
        for second in ("listeners", "listeners-today"):
            card = Card(page, f"[second={second}]").at_rest("000001")
            assert ("", "Plays: 1") == (card.second, card.spoken)
        page.close()


@pytest.mark.full
def test_listeners_today_are_told_where_the_mode_counts_them(tmp_path: Path, visitor: Visitor, show: Show) -> None:
    with serving(tmp_path / "data", {"TONEARM_PRIVACY__MODE": "daily-salt"}) as service:
        play(service, "today", "complete")
        page = show('<tonearm-plays track="today" second="listeners-today"></tonearm-plays>', address=service.url)
        assert "1 listener today" == Card(page).at_rest("000001").second
        page.close()


@pytest.mark.full
def test_nothing_in_it_is_announced_by_itself(show: Show, service: Service) -> None:
    play(service, "card-quiet", "complete")
    page = show('<tonearm-plays track="card-quiet"></tonearm-plays>')
    card = Card(page).at_rest("000001")
    live = "(card) => card.shadowRoot.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]').length"
    assert 0 == card.locator.evaluate(live)


@pytest.mark.full
def test_words_are_never_html(show: Show, service: Service) -> None:
    play(service, "card-words", "complete")
    markup = "&lt;img src=x onerror=alert(1)>"
    page = show(f'<tonearm-plays track="card-words" label="{markup}" second-label="{markup} {{}}"></tonearm-plays>')
    card = Card(page).at_rest("000001")
    assert "<img src=x onerror=alert(1)> 100%" == card.second
    assert 0 == card.locator.evaluate("(card) => card.shadowRoot.querySelectorAll('img').length")


@pytest.mark.full
def test_numbers_are_written_as_the_nearest_language_writes_them(show: Show, service: Service) -> None:
    page = show("<p>Nothing yet</p>")
    Answers(page, totalPlays=1_234_567, completionRate=0.5)
    page.evaluate(
        """() => {
            document.body.innerHTML = "<p lang=de></p><p lang=ar-EG></p><p lang='not a language'></p>";
            for (const p of document.querySelectorAll("p")) {
                const inner = p.attachShadow({ mode: "open" });
                inner.append(document.createElement("tonearm-plays"));
            }
        }"""
    )
    # Within a shadow tree the tracker sees no card, so the page loads its file by itself.
    page.evaluate(
        "import(document.querySelector('script').src.replace('tonearm.js', 'tonearm-plays.js')).then(() => 0)"
    )
    german, arabic = Card(page, "[lang=de] tonearm-plays"), Card(page, "[lang=ar-EG] tonearm-plays")
    german.at_rest("1234567")
    assert "Plays: 1.234.567; 50 % heard to the end" == german.spoken
    arabic.at_rest("١٢٣٤٥٦٧")
    Card(page, "[lang='not a language'] tonearm-plays").at_rest("1234567")
