"""Events that wait: what was made offline goes out once the network is back, what a page that died had heard goes out
at the next visit, and nothing waits that nobody may keep.
"""

from typing import Any

import pytest

from tests.unit.tracker.tracker_node import Node

DAY_MS = 86_400_000
PLAY = {"trackEntryKey": "a", "bucket": "partial"}
FURTHER = {"trackEntryKey": "a", "bucket": "complete"}


Step = dict[str, Any]


def wait(node: Node, *steps: Step, **more: Any) -> Any:
    return node.ask("waiting", steps=list(steps), **more)


def event_ids(answer: Any) -> list[str]:
    return [event["eventId"] for _, _, event in answer["sent"]]


def test_what_waits_goes_out_once_with_an_id(node: Node) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY, "flush": True}, {"tab": "one", "flush": True})
    assert [["one", "play", PLAY | {"eventId": event_ids(answer)[0]}]] == answer["sent"]
    assert ([True, True], {}) == (answer["done"], answer["stored"])


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_what_did_not_get_through_waits_on_with_the_same_id(node: Node, status: int) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY, "flush": True, "answers": [status]}, {"tab": "one", "flush": True})
    assert [False, True] == answer["done"]
    assert 1 == len(set(event_ids(answer)))
    assert 2 == len(answer["sent"])
    assert {} == answer["stored"]


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_what_is_refused_for_good_is_given_up(node: Node, status: int) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY, "flush": True, "answers": [status]}, {"tab": "one", "flush": True})
    assert (1, [True, True], {}) == (len(answer["sent"]), answer["done"], answer["stored"])


def test_while_the_first_does_not_get_through_the_others_are_not_tried(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "keep": PLAY}, {"tab": "one", "keep": FURTHER, "flush": True, "answers": [503]}]
    answer = wait(node, *steps, {"tab": "one", "flush": True})
    assert [PLAY["bucket"], PLAY["bucket"], FURTHER["bucket"]] == [event["bucket"] for _, _, event in answer["sent"]]


def test_what_one_visit_could_not_send_the_next_one_sends(node: Node) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY}, {"close": "one"}, {"tab": "two", "flush": True})
    assert [["two", "play", PLAY | {"eventId": event_ids(answer)[0]}]] == answer["sent"]
    assert {} == answer["stored"]


def test_two_tabs_send_the_same_event_by_the_same_id(node: Node) -> None:
    steps: list[Step] = [
        {"tab": "one", "keep": PLAY},
        {"tab": "two", "flush": True, "answers": [0]},
        {"tab": "one", "flush": True},
    ]
    answer = wait(node, *steps)
    assert ["two", "one"] == [tab for tab, _, _ in answer["sent"]]
    assert 1 == len(set(event_ids(answer)))


def test_the_checkpoint_of_a_living_page_is_left_alone(node: Node) -> None:
    steps: list[Step] = [
        {"tab": "one", "keep": PLAY, "owned": True},
        {"tab": "two", "flush": True},
        {"tab": "one", "flush": True},
    ]
    answer = wait(node, *steps, {"now": 10 * DAY_MS}, {"tab": "one", "flush": True})
    assert [] == answer["sent"]
    assert 1 == len(answer["stored"])


def test_the_last_checkpoint_of_a_page_that_died_is_sent_by_the_next_visit_once(node: Node) -> None:
    checkpoints: list[Step] = [{"tab": "one", "id": "i", "keep": event, "owned": True} for event in (PLAY, FURTHER)]
    steps: list[Step] = [*checkpoints, {"close": "one"}, {"tab": "two", "flush": True}, {"tab": "three", "flush": True}]
    assert [["two", "play", FURTHER | {"eventId": "i"}]] == wait(node, *steps)["sent"]


def test_a_checkpoint_that_was_sent_in_the_ordinary_way_is_dropped(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "id": "i", "keep": PLAY, "owned": True, "drop": "i"}, {"close": "one"}]
    answer = wait(node, *steps, {"tab": "two", "flush": True})
    assert ([], {}) == (answer["sent"], answer["stored"])


def test_where_nobody_can_say_which_pages_live_a_checkpoint_is_left_alone_for_a_day(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "id": "i", "keep": PLAY, "owned": True}, {"close": "one"}]
    early: Step = {"now": DAY_MS - 1, "tab": "two", "flush": True}
    assert [] == wait(node, *steps, early, locks=False)["sent"]
    assert ["i"] == event_ids(wait(node, *steps, early, {"now": DAY_MS, "tab": "two", "flush": True}, locks=False))


def test_what_has_waited_for_seven_days_is_given_up(node: Node) -> None:
    steps: list[Step] = [
        {"tab": "one", "keep": PLAY},
        {"now": 7 * DAY_MS - 1},
        {"tab": "one", "flush": True, "answers": [0]},
    ]
    answer = wait(node, *steps, {"now": 7 * DAY_MS}, {"tab": "one", "flush": True})
    assert (1, [False, True], {}) == (len(answer["sent"]), answer["done"], answer["stored"])


def test_the_outbox_is_bounded(node: Node) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY, "times": 120}, {"tab": "one", "flush": True})
    assert 100 == len(answer["sent"])


def test_a_full_outbox_still_takes_who_wants_to_be_forgotten(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "keep": PLAY, "times": 120}]
    answer = wait(node, *steps, {"tab": "one", "path": "forget", "keep": {"anonId": "x"}, "flush": True})
    assert 1 == [path for _, path, _ in answer["sent"]].count("forget")


def test_a_full_outbox_still_takes_the_next_checkpoint_of_a_listen_it_has(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "id": "i", "keep": PLAY}, {"tab": "one", "keep": PLAY, "times": 120}]
    answer = wait(node, *steps, {"tab": "one", "id": "i", "keep": FURTHER, "flush": True})
    assert [FURTHER["bucket"]] == [event["bucket"] for _, _, event in answer["sent"] if event["eventId"] == "i"]


@pytest.mark.parametrize("broken", [["access"], ["get", "set", "remove"], ["set"]])
def test_where_storage_is_blocked_or_full_what_waits_waits_in_the_page(node: Node, broken: list[str]) -> None:
    answer = wait(node, {"tab": "one", "keep": PLAY}, {"tab": "one", "flush": True}, broken=broken)
    assert (1, {}) == (len(answer["sent"]), answer["stored"])


def test_where_nothing_may_be_kept_what_waits_waits_in_the_page(node: Node) -> None:
    assert {} == wait(node, {"tab": "one", "keep": PLAY}, mayKeep=False)["stored"]
    assert 1 == len(wait(node, {"tab": "one", "keep": PLAY, "flush": True}, mayKeep=False)["sent"])


def test_what_is_kept_leaves_the_browser_when_it_may_be_kept_no_more_and_is_sent_all_the_same(node: Node) -> None:
    steps: list[Step] = [
        {"tab": "one", "keep": PLAY},
        {"mayKeep": False},
        {"tab": "one", "flush": True, "answers": [0]},
    ]
    assert {} == wait(node, *steps)["stored"]
    assert 2 == len(wait(node, *steps, {"tab": "one", "flush": True})["sent"])


def test_until_it_is_known_whether_it_may_be_kept_nothing_is_sent_removed_or_added(node: Node) -> None:
    steps: list[Step] = [{"tab": "one", "keep": PLAY}, {"mayKeep": None}, {"tab": "one", "keep": PLAY, "flush": True}]
    answer = wait(node, *steps)
    assert ([], [False], 1) == (answer["sent"], answer["done"], len(answer["stored"]))


@pytest.mark.parametrize("value", ["", "null", "7", "not json", '"text"', "{}", '{"at":"x"}'])
def test_what_another_script_has_left_under_the_name_is_removed_and_not_sent(node: Node, value: str) -> None:
    answer = wait(node, {"stored": {"tonearm.waiting.i": value}}, {"tab": "one", "flush": True})
    assert ([], [True], {}) == (answer["sent"], answer["done"], answer["stored"])


def test_keys_of_other_scripts_are_left_alone(node: Node) -> None:
    theirs = {"tonearm.waitingroom": "1", "volume": "0.5"}
    assert theirs == wait(node, {"stored": theirs}, {"tab": "one", "flush": True})["stored"]
