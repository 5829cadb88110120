"""An event goes out by sendBeacon, else by fetch, else not at all; never an exception."""

import pytest

from tests.unit.tracker.tracker_node import Node

BODY = '{"bucket":"partial"}'
URL = "https://t.example/api/event/play"


def test_a_beacon_carries_a_string_and_leaves_out_what_is_undefined(node: Node) -> None:
    assert [["sendBeacon", URL, BODY]] == node.ask("beacons", sendBeacon=True, fetch="works")["calls"]


@pytest.mark.parametrize("fault", ["missing", False, "throws"])
def test_a_beacon_that_cannot_go_is_fetched(node: Node, fault: str | bool) -> None:
    calls = node.ask("beacons", sendBeacon=fault, fetch="works")["calls"]
    assert [
        "fetch",
        URL,
        {
            "method": "POST",
            "body": BODY,
            "keepalive": True,
            "credentials": "omit",  # and a string's own type, text/plain
        },
    ] == calls[-1]


@pytest.mark.parametrize("fault", ["missing", "throws", "rejects"])
def test_a_fetch_that_fails_is_silent(node: Node, fault: str) -> None:
    calls = node.ask("beacons", sendBeacon="missing", fetch=fault)["calls"]
    assert int(fault != "missing") == len(calls)
