"""Copied links and embeds carry a marker; a visit through one says so, and its address does not keep it."""

import pytest

from tests.unit.tracker.tracker_node import Node

SITE = "https://band.example"


@pytest.mark.parametrize(
    ("address", "via", "left"),
    [
        ("/a?tonearm=link", "link", "/a"),
        ("/a?tonearm=embed#b", "embed", "/a#b"),
        ("/?tonearm=link&x=1", "link", "/?x=1"),
        ("/?x=1&tonearm=link", "link", "/?x=1"),
        ("/?x=1&tonearm=link&y=%20+%2F&z", "link", "/?x=1&y=%20+%2F&z"),
        ("/%C3%BC/b?tonearm=embed", "embed", "/%C3%BC/b"),
    ],
)
def test_a_marker_is_read_and_taken_out_and_the_rest_is_left_as_it_was(
    node: Node, address: str, via: str, left: str
) -> None:
    answer = node.ask("visit", address=SITE + address)
    assert (via, [[{"of": "the page"}, left]]) == (answer["first"], answer["replaced"])


@pytest.mark.parametrize(
    "query",
    ["", "?x=1", "?tonearm=", "?tonearm=mail", "?tonearm=links", "?xtonearm=link", "?x=tonearm=link", "#?tonearm=link"],
)
def test_an_address_without_a_marker_is_left_alone(node: Node, query: str) -> None:
    assert (None, []) == (
        node.ask("visit", address=f"{SITE}/a{query}")["first"],
        node.ask("visit", address=f"{SITE}/a{query}")["replaced"],
    )


def test_another_page_that_the_site_shows_is_another_visit(node: Node) -> None:
    answer = node.ask("visit", address=f"{SITE}/a?tonearm=link", later="/b")
    assert ("link", None) == (answer["first"], answer["then"])


def test_an_address_that_cannot_be_changed_is_no_obstacle(node: Node) -> None:
    assert "embed" == node.ask("visit", address=f"{SITE}/a?tonearm=embed", fixed=True)["first"]


@pytest.mark.parametrize(
    ("address", "copied"),
    [
        ("/a", "/a?tonearm=link"),
        ("/a?x=1#b", "/a?x=1&tonearm=link#b"),
        ("/a?tonearm=embed", "/a?tonearm=link"),
    ],
)
def test_a_copy_is_marked_once(node: Node, address: str, copied: str) -> None:
    assert SITE + copied == node.ask("marked", address=SITE + address, channel="link")["address"]


def test_what_was_marked_is_read(node: Node) -> None:
    for channel in ("link", "embed"):
        copied = node.ask("marked", address=f"{SITE}/a?x=1", channel=channel)["address"]
        assert channel == node.ask("visit", address=copied)["first"]
