"""When the Plays card asks for figures, and what it makes of the answers."""

from typing import Any

import pytest

from tests.unit.tracker.tracker_node import Node

SERVICE = "https://t.example"
FAILED: dict[str, Any] = {"answer": {"retryAfter": None}}


def plays(number: int) -> dict[str, Any]:
    return {"answer": {"figures": {"totalPlays": number}}}


def asked(node: Node, *steps: dict[str, Any], **more: Any) -> list[int]:
    """At which seconds the service was asked."""
    return [ms / 1000 for ms in node.ask("feed", steps=steps, **more)["asked"]]


def test_it_is_asked_at_once_and_then_every_30_seconds(node: Node) -> None:
    assert [0, 30, 60, 90] == asked(node, {"look": "a", "pass": 90_000})


def test_nothing_is_asked_for_what_nobody_sees(node: Node) -> None:
    assert [] == asked(node, {"away": "a", "pass": 3_600_000})


def test_out_of_sight_it_stops_and_back_in_sight_it_asks_at_once(node: Node) -> None:
    away = {"away": "a", "pass": 100_000}
    assert [0, 30, 140] == asked(node, {"look": "a", "pass": 40_000}, away, {"look": "a", "pass": 1_000})


def test_coming_and_going_does_not_make_it_ask_more_often(node: Node) -> None:
    flicker = [{"look": "a", "pass": 1_000}, {"away": "a", "pass": 1_000}] * 20
    assert [0, 30] == asked(node, *flicker)


def test_several_cards_of_a_target_make_one_request_and_are_all_told(node: Node) -> None:
    found = node.ask("feed", steps=[plays(7), {"look": "a"}, {"look": "b"}, {"away": "c"}, {"pass": 30_000}])
    assert [0, 30_000] == found["asked"]
    assert [7] == found["told"]["b"]
    assert [7] == found["told"]["c"], "one that is out of sight learns what the others asked for"


def test_a_card_that_comes_while_an_answer_is_awaited_waits_for_that_one(node: Node) -> None:
    found = node.ask("feed", steps=[{"hold": True}, {"look": "a"}, {"look": "b"}, plays(3), {"release": True}])
    assert ([0], {"a": [3], "b": [3]}) == (found["asked"], found["told"])


def test_nothing_runs_once_the_last_card_has_left(node: Node) -> None:
    found = node.ask("feed", steps=[{"look": "a", "pass": 1_000}, {"leave": "a", "pass": 3_600_000}])
    assert ([0], 0) == (found["asked"], found["timers"])


def test_a_card_that_left_is_not_told_of_a_late_answer(node: Node) -> None:
    steps = [{"hold": True}, {"look": "a"}, {"leave": "a"}, {"release": True, "pass": 60_000}]
    found = node.ask("feed", steps=steps)
    assert ([0], {}, 0) == (found["asked"], found["told"], found["timers"])


def test_the_most_eager_card_in_sight_sets_the_pace(node: Node) -> None:
    slow = {"look": "slow", "with": {"refresh": 120_000}}
    assert [0, 120] == asked(node, slow, {"pass": 130_000})
    assert [0, 30, 60, 180] == asked(node, slow, {"look": "b", "pass": 60_000}, {"away": "b", "pass": 120_000})


def test_a_service_that_fails_is_asked_half_as_often_each_time(node: Node) -> None:
    assert [0, 30, 90, 210, 450, 930, 1530, 2130] == asked(node, FAILED, {"look": "a", "pass": 2_500_000})


def test_one_answer_ends_the_backing_off(node: Node) -> None:
    recovered = asked(node, FAILED, {"look": "a", "pass": 80_000}, plays(1), {"pass": 70_000})
    assert [0, 30, 90, 120, 150] == recovered


def test_coming_back_into_sight_does_not_shorten_the_backing_off(node: Node) -> None:
    flicker = [{"look": "a", "pass": 5_000}, {"away": "a", "pass": 5_000}] * 9
    assert [0, 30] == asked(node, FAILED, *flicker)


def test_the_last_figures_stay_while_the_service_is_away(node: Node) -> None:
    found = node.ask("feed", steps=[plays(5), {"look": "a"}, FAILED, {"pass": 40_000}])
    assert ([5, 5], {"totalPlays": 5}) == (found["told"]["a"], found["figures"])


def test_without_any_figures_a_card_is_told_that_there_are_none(node: Node) -> None:
    assert [None] == node.ask("feed", steps=[FAILED, {"look": "a"}])["told"]["a"]


def test_retry_after_is_waited_for(node: Node) -> None:
    assert [0, 100, 200] == asked(node, {"answer": {"retryAfter": "100"}}, {"look": "a", "pass": 250_000})


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, 30),
        ("", 30),
        ("5", 30),
        ("90", 90),
        ("-90", 30),
        ("soon", 30),
        ("99999999", 86_400),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 120),
        ("Wed, 31 Dec 1969 00:00:00 GMT", 30),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_shortens_the_wait(
    node: Node, retry_after: str | None, seconds: int
) -> None:
    assert 1000 * seconds == node.ask("backoff", failures=1, retryAfter=retry_after)


def test_readers_do_not_all_come_back_at_once(node: Node) -> None:
    assert [30_000, 37_500] == [node.ask("backoff", failures=1, chance=chance) for chance in (0, 1)]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (None, 30),
        ("", 30),
        ("x", 30),
        ("1", 30),
        ("-5", 30),
        ("NaN", 30),
        ("60", 60),
        ("1e9", 86_400),
        ("Infinity", 86_400),
    ],
)
def test_a_card_may_ask_less_often_but_not_more_often(node: Node, written: str | None, seconds: int) -> None:
    assert 1000 * seconds == node.ask("refresh", seconds=written)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({}, "home"),
        ({"track": "a"}, "track/a"),
        ({"release": "a"}, "release/a"),
        ({"track": "t", "release": "r"}, "track/t"),
        ({"track": "a b/ü?#%"}, "track/a%20b%2F%C3%BC%3F%23%25"),
        ({"track": "../home"}, "track/..%2Fhome"),
    ],
)
def test_each_target_has_its_address(node: Node, target: dict[str, str], path: str) -> None:
    assert f"{SERVICE}/api/stats/{path}" == node.ask("addressOf", stats=f"{SERVICE}/api/stats/", **target)


@pytest.mark.parametrize("target", [{"track": ""}, {"release": ""}, {"track": "", "release": "r"}])
def test_an_empty_key_is_asked_of_nobody(node: Node, target: dict[str, str]) -> None:
    assert None is node.ask("addressOf", stats=f"{SERVICE}/api/stats/", **target)


def test_half_a_character_is_no_key_and_no_error(node: Node) -> None:
    assert None is node.ask("brokenKey")


def test_figures_are_read_without_credentials_and_through_the_cache(node: Node) -> None:
    found = node.ask("readFigures", body='{"totalPlays": 3, "completionRate": 0.5}')
    assert {"figures": {"totalPlays": 3, "completionRate": 0.5}} == found["answer"]
    assert [[f"{SERVICE}/api/stats/home", "omit", None]] == found["asked"]


def test_a_target_that_nobody_knows_was_played_0_times(node: Node) -> None:
    problem = {"content-type": "application/problem+json"}
    assert {"figures": {"totalPlays": 0}} == node.ask("readFigures", status=404, headers=problem)["answer"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "headers": {"content-type": "text/html"}},
        {"body": "<!doctype html>"},
        {"body": "null"},
        {"body": "[]"},
        {"body": '{"totalPlays": null}'},
        {"body": '{"totalPlays": "3"}'},
        {"body": '{"totalPlays": -1}'},
        {"body": '{"totalPlays": 1.5}'},
        {"body": '{"totalPlays": 1e300}'},
        {"status": 500, "body": '{"totalPlays": 3}'},
    ],
)
def test_what_is_no_answer_of_tonearm_is_a_failure(node: Node, answer: dict[str, Any]) -> None:
    assert {"retryAfter": None} == node.ask("readFigures", **answer)["answer"] | {"retryAfter": None}
    assert "figures" not in node.ask("readFigures", **answer)["answer"]


def test_a_failure_tells_when_to_come_again(node: Node) -> None:
    found = node.ask("readFigures", status=503, headers={"retry-after": "7"})
    assert {"retryAfter": "7"} == found["answer"]


def test_no_answer_at_all_is_a_failure_and_no_error(node: Node) -> None:
    assert {} == node.ask("readFigures", error="offline")["answer"]
