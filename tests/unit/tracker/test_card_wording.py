"""What the Plays card says: its label, its second line, and the sentence for a screen reader."""

from typing import Any

import pytest

from tests.unit.tracker.tracker_node import Node

FIGURES: dict[str, Any] = {
    "totalPlays": 12_345,
    "completionRate": 0.618,
    "totalShares": 1_234,
    "listeners": 4_321,
    "listenersToday": 1,
}


def test_plays_and_how_many_were_heard_to_the_end(node: Node) -> None:
    said = node.ask("wording", figures=FIGURES)
    assert ("Plays", "62% heard to the end") == (said["label"], said["second"])
    assert "Plays: 12,345; 62% heard to the end" == said["spoken"]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("completion", "62% heard to the end"),
        ("shares", "1,234 shares"),
        ("listeners", "4,321 listeners"),
        ("listeners-today", "1 listener today"),
        ("none", ""),
    ],
)
def test_the_second_line_is_chosen_on_the_element(node: Node, second: str, words: str) -> None:
    assert words == node.ask("wording", figures=FIGURES, attributes={"second": second})["second"]


@pytest.mark.parametrize("asked", [None, "", "plays", "Shares", "__proto__", "constructor", "toString"])
def test_a_second_line_that_does_not_exist_is_the_default(node: Node, asked: str | None) -> None:
    assert "completion" == node.ask("secondLine", asked=asked)


@pytest.mark.parametrize(
    ("second", "field"),
    [("completion", "completionRate"), ("listeners", "listeners"), ("listeners-today", "listenersToday")],
)
def test_a_figure_that_is_not_told_leaves_the_line_out(node: Node, second: str, field: str) -> None:
    said = node.ask("wording", figures=FIGURES | {field: None}, attributes={"second": second})
    assert ("", "Plays: 12,345") == (said["second"], said["spoken"])
    assert said["room"], "its room stays, so that nothing on the page moves"


def test_no_plays_are_said_without_a_rate(node: Node) -> None:
    said = node.ask("wording", figures={"totalPlays": 0, "completionRate": None})
    assert ("Plays: 0", "") == (said["spoken"], said["second"])


@pytest.mark.parametrize(
    ("rate", "told"), [(0, "0%"), (0.004, "0%"), (0.5, "50%"), (0.985, "99%"), (0.9996, "99%"), (1, "100%")]
)
def test_only_all_of_them_are_100_percent(node: Node, rate: float, told: str) -> None:
    assert f"{told} heard to the end" == node.ask("wording", figures=FIGURES | {"completionRate": rate})["second"]


def test_one_is_counted_in_the_singular(node: Node) -> None:
    shares = {"second": "shares"}
    assert "1 share" == node.ask("wording", figures=FIGURES | {"totalShares": 1}, attributes=shares)["second"]
    assert "0 shares" == node.ask("wording", figures=FIGURES | {"totalShares": 0}, attributes=shares)["second"]


def test_another_language_has_its_own_words_and_its_own_numbers(node: Node) -> None:
    words = {"label": "Wiedergaben", "second-label": "{} bis zum Ende gehört"}
    said = node.ask("wording", figures=FIGURES, lang="de", attributes=words)
    percent = "62\N{NO-BREAK SPACE}%"
    assert f"Wiedergaben: 12.345; {percent} bis zum Ende gehört" == said["spoken"]
    assert f"{percent} bis zum Ende gehört" == said["second"]


def test_own_words_may_tell_one_from_several(node: Node) -> None:
    words = {"second": "shares", "second-label": "{} partage|{} partages"}
    for shares, told in ((0, "0 partage"), (2, "2 partages")):
        said = node.ask("wording", figures=FIGURES | {"totalShares": shares}, lang="fr", attributes=words)
        assert told == said["second"]


def test_no_second_line_has_no_room_whatever_its_words(node: Node) -> None:
    said = node.ask("wording", figures=FIGURES, attributes={"second": "none", "second-label": "{} shares"})
    assert ("", "") == (said["second"], said["room"])


def test_words_are_taken_as_they_are(node: Node) -> None:
    words = {"label": "<b>$&</b>", "second-label": "$1 {} {} <i>"}
    said = node.ask("wording", figures=FIGURES, attributes=words)
    assert ("<b>$&</b>", "$1 62% 62% <i>") == (said["label"], said["second"])


def test_while_figures_are_awaited_the_label_alone_is_said(node: Node) -> None:
    assert "Plays" == node.ask("wording", awaited=True)["spoken"]


def test_figures_that_are_not_to_be_had_are_said_so(node: Node) -> None:
    assert "Plays: not available" == node.ask("wording", figures=None)["spoken"]
    own = {"label": "Wiedergaben", "unavailable-label": "nicht bekannt"}
    assert "Wiedergaben: nicht bekannt" == node.ask("wording", figures=None, attributes=own)["spoken"]


@pytest.mark.parametrize(
    ("lang", "known"), [("de", "de"), ("en-gb", "en-GB"), ("", None), ("en_US", None), ("?", None), (None, None)]
)
def test_a_language_that_is_none_is_the_browsers(node: Node, lang: str | None, known: str | None) -> None:
    assert known == node.ask("language", lang=lang)
