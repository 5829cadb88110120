"""Counters as images, from the running service: the right number, well-formed whatever the key and the label hold."""

from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from server.badges import drawn
from tests.integration.conftest import Open
from tests.integration.test_read_api import KEYS, read_path, send
from tests.support.http import Answer

SVG = "{http://www.w3.org/2000/svg}"


def badge(service: Open, what: str) -> Answer:
    return read_path(service, f"/badge/{what}")


def texts(svg: str) -> list[str]:
    return [str(element.text) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def spoken(answer: Answer) -> str:
    assert (200, "image/svg+xml") == (answer.status, answer.headers["content-type"])
    image = ElementTree.fromstring(answer.body)
    assert image.attrib["aria-label"] == image.findtext(f"{SVG}title")
    return image.attrib["aria-label"]


@pytest.fixture(scope="module")
def key(open_service: Open) -> str:
    """Of a track with two plays, one of them complete, a share and a listener."""
    key = open_service.new_key()
    send(open_service, "play", trackEntryKey=key, bucket="complete", anonId="6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d12")
    send(open_service, "play", trackEntryKey=key, bucket="partial")
    send(open_service, "share", targetType="track", targetKey=key, channel="link")
    open_service.logged()  # what is sent after all of it is counted after all of it
    return key


@pytest.mark.parametrize("look", ["flat", "odometer"])
@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("plays", "plays: 2"),
        ("complete", "played to the end: 1"),
        ("shares", "shares: 1"),
        ("listeners", "listeners: 1"),
        ("listeners-today", "listeners today: not shown"),
    ],
)
def test_a_figure_is_that_of_the_read_api(open_service: Open, key: str, figure: str, said: str, look: str) -> None:
    assert said == spoken(badge(open_service, f"track/{key}.svg?figure={figure}&look={look}"))


def test_the_sites_and_a_releases_are_shown_too(open_service: Open, key: str) -> None:
    send(open_service, "share", targetType="release", targetKey=f"release-of-{key}", channel="link")
    open_service.logged()
    assert "plays: 0" == spoken(badge(open_service, f"release/release-of-{key}.svg"))
    total = read_path(open_service, "/api/stats/home").json()["totalPlays"]
    assert f"plays: {total:,}" == spoken(badge(open_service, "home.svg"))


@pytest.mark.parametrize("key", [f"x/{key}"[:200] for key in KEYS] + ["cover.svg"])
def test_any_key_has_its_badge(open_service: Open, key: str) -> None:
    send(open_service, "play", trackEntryKey=key, bucket="complete")
    open_service.logged()
    plays = read_path(open_service, f"/api/stats/track/{quote(key, safe='')}").json()["totalPlays"]
    assert f"plays: {plays}" == spoken(badge(open_service, f"track/{quote(key, safe='')}.svg"))


@pytest.mark.parametrize("label", ["spins & <b>bold</b>", 'a "quote"', "再生回数", "x" * 40])
def test_another_label_is_shown_as_it_is(open_service: Open, key: str, label: str) -> None:
    answer = badge(open_service, f"track/{key}.svg?label={quote(label)}")
    assert f"{label}: 2" == spoken(answer)
    assert [label, "2"] == texts(answer.body.decode())


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("figure=minutes", "There is no figure 'minutes'; there are plays, complete, shares, listeners"),
        ("look=round", "There is no look 'round'; there are flat, odometer."),
        ("label=", "A label has 1 to 40 characters"),
        (f"label={'x' * 41}", "A label has 1 to 40 characters"),
        ("label=a%00b", "A label has 1 to 40 characters"),
    ],
)
def test_what_is_no_badge_is_told_in_a_sentence(open_service: Open, query: str, sentence: str) -> None:
    answer = badge(open_service, f"home.svg?{query}")
    assert (400, "/problems/badge") == (answer.status, answer.json()["type"])
    assert sentence in answer.json()["detail"]


def test_an_unknown_key_has_none(open_service: Open) -> None:
    assert 404 == badge(open_service, "track/never-heard-of.svg").status
    assert 404 == badge(open_service, "track/never-heard-of").status


def test_an_image_may_be_kept_for_a_minute_and_shown_anywhere(open_service: Open, key: str) -> None:
    answer = badge(open_service, f"track/{key}.svg")
    assert "public, max-age=60" == answer.headers["cache-control"]
    assert "cross-origin" == answer.headers["cross-origin-resource-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    again = read_path(open_service, f"/badge/track/{key}.svg", {"If-None-Match": answer.headers["etag"]})
    assert (304, b"") == (again.status, again.body)


@pytest.mark.parametrize(
    ("number", "digits"),
    [(0, "00000"), (7, "00007"), (12_345, "12345"), (1_234_567, "1234567"), (None, "\N{EN DASH}" * 5)],
)
def test_the_odometer_has_a_drum_for_each_digit_and_room_to_grow(number: int | None, digits: str) -> None:
    assert [*digits, "plays"] == texts(drawn("plays", number, "odometer"))


def test_a_long_number_is_in_groups_of_three() -> None:
    assert ["plays", "1,234,567"] == texts(drawn("plays", 1_234_567, "flat"))
