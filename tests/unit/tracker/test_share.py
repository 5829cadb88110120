"""A share is a deed that succeeded, at most one per target and channel in a minute."""

from typing import Any

import pytest

from tests.unit.tracker.tracker_node import Node

A = "track:a"


def share(at: int, target: str = A, channel: str = "link", deed: str = "done") -> dict[str, Any]:
    return {"at": at, "target": target, "channel": channel, "deed": deed}


def test_a_share_names_its_target_and_its_channel_and_nobody(node: Node) -> None:
    answer = node.ask("shares", steps=[share(0, "release:an:odd key", "link"), share(0, A, "embed")])
    assert ["sent", "sent"] == answer["outcomes"]
    assert [
        {"targetType": "release", "targetKey": "an:odd key", "channel": "link"},
        {"targetType": "track", "targetKey": "a", "channel": "embed"},
    ] == answer["sent"]


def test_three_quick_copies_are_one_share(node: Node) -> None:
    assert ["sent", "repeated", "repeated"] == node.ask("shares", steps=[share(t) for t in (0, 1, 2)])["outcomes"]


def test_the_minute_runs_from_the_share_that_counted(node: Node) -> None:
    steps = [share(t) for t in (0, 59_999, 60_000, 60_001)]
    assert ["sent", "repeated", "sent", "repeated"] == node.ask("shares", steps=steps)["outcomes"]


def test_other_targets_and_channels_have_a_minute_of_their_own(node: Node) -> None:
    steps = [share(0), share(1, A, "embed"), share(2, "track:b"), share(3, "release:a")]
    assert ["sent"] * 4 == node.ask("shares", steps=steps)["outcomes"]


@pytest.mark.parametrize(
    ("deed", "outcome"), [("aborted", "aborted"), ("refused", "failed"), ("nothing", "failed"), ("past", "sent")]
)
def test_only_a_deed_that_succeeded_counts(node: Node, deed: str, outcome: str) -> None:
    answer = node.ask("shares", steps=[share(0, deed=deed)])
    assert ([outcome], int(outcome == "sent")) == (answer["outcomes"], len(answer["sent"]))


def test_a_failed_deed_does_not_use_up_the_minute(node: Node) -> None:
    steps = [share(0, deed="refused"), share(1, deed="aborted"), share(2)]
    assert ["failed", "aborted", "sent"] == node.ask("shares", steps=steps)["outcomes"]


@pytest.mark.parametrize(
    ("target", "channel"), [("a", "link"), ("track:", "link"), ("album:a", "link"), ("release:a", "embed"), (A, "mail")]
)
def test_what_no_share_can_be_is_not_sent(node: Node, target: str, channel: str) -> None:
    answer = node.ask("shares", steps=[share(0, target, channel)])
    assert (["invalid"], []) == (answer["outcomes"], answer["sent"])
