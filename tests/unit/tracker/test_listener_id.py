"""An id exists only where the server has a use for it, the browser does not refuse it, and storage keeps it."""

import re

import pytest

from tests.unit.tracker.tracker_node import Node

KEY, OPT_OUT = "tonearm.listener", "tonearm.optOut"
ID = "0b6f8a3e-6c1d-4d2f-9a70-3f8e5b1c2d4e"
UUID4 = re.compile(r"[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}")


@pytest.mark.parametrize("mode", ["anon-id", "both"])
def test_an_id_is_minted_for_the_first_play_and_kept(node: Node, mode: str) -> None:
    answer = node.ask("listener", mode=mode, steps=["learn", "current", "current"])
    first, second = answer["ids"]
    assert UUID4.fullmatch(first)
    assert first == second
    assert {KEY: first} == answer["stored"]


def test_learning_the_mode_alone_stores_nothing(node: Node) -> None:
    assert {} == node.ask("listener", mode="anon-id", steps=["learn"])["stored"]


@pytest.mark.parametrize("mode", ["daily-salt", "off", "a mode of tomorrow"])
def test_a_mode_without_use_for_an_id_gets_none_and_removes_an_old_one(node: Node, mode: str) -> None:
    answer = node.ask("listener", mode=mode, stored=ID, steps=["learn", "current"])
    assert ([None], {}, False) == (answer["ids"], answer["stored"], answer["mayKeep"])


@pytest.mark.parametrize("steps", [["current"], ["learn-pending", "current"]])
def test_nothing_is_minted_before_the_mode_is_known(node: Node, steps: list[str]) -> None:
    answer = node.ask("listener", mode="anon-id", steps=steps)
    assert ([None], {}) == (answer["ids"], answer["stored"])


@pytest.mark.parametrize("mode", ["unreachable", None])
def test_an_unknown_mode_sends_no_stored_id_and_keeps_it(node: Node, mode: str | None) -> None:
    answer = node.ask("listener", mode=mode, stored=ID, steps=["learn", "current"])
    assert ([None], {KEY: ID}, None) == (answer["ids"], answer["stored"], answer["mayKeep"])


def test_a_failed_question_is_asked_again_and_an_answered_one_is_not(node: Node) -> None:
    answer = node.ask("listener", mode="unreachable", steps=["learn", {"mode": "both"}, "learn", "learn", "current"])
    assert 2 == answer["asked"]
    assert UUID4.fullmatch(answer["ids"][0])


def test_a_browser_that_refuses_is_asked_nothing_gets_nothing_and_loses_an_old_id(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", stored=ID, refused=True, steps=["learn", "current"])
    assert ([None], {}, 0) == (answer["ids"], answer["stored"], answer["asked"])


def test_a_refusal_that_comes_later_ends_the_id(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", steps=["learn", "current", {"refused": True}, "current"])
    assert answer["ids"][0] is not None
    assert (None, {}) == (answer["ids"][1], answer["stored"])


@pytest.mark.parametrize("broken", [["access"], ["get", "set", "remove"], ["set"]])
def test_storage_that_throws_means_no_id(node: Node, broken: list[str]) -> None:
    assert [None] == node.ask("listener", mode="anon-id", broken=broken, steps=["learn", "current"])["ids"]


def test_a_value_of_another_script_is_replaced(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", stored="not-an-id", steps=["learn", "current"])
    assert UUID4.fullmatch(answer["ids"][0])
    assert {KEY: answer["ids"][0]} == answer["stored"]


def test_opting_out_hands_the_id_over_to_be_forgotten_and_leaves_only_the_flag(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", stored=ID, steps=["learn", "optOut", "learn", "current", "optOut"])
    assert ([ID, None, None], {OPT_OUT: "1"}) == (answer["ids"], answer["stored"])


def test_opting_in_again_mints_another_id(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", stored=ID, steps=["learn", "optOut", "optIn", "learn", "current"])
    forgotten, minted = answer["ids"]
    assert ID == forgotten
    assert UUID4.fullmatch(minted)
    assert minted != ID
    assert {KEY: minted} == answer["stored"]


def test_opting_out_holds_in_the_tabs_that_are_open(node: Node) -> None:
    answer = node.ask("listener", mode="anon-id", stored=ID, steps=["learn", "current", "optOut elsewhere", "current"])
    assert ([ID, None], {OPT_OUT: "1"}) == (answer["ids"], answer["stored"])
    steps = ["optOut elsewhere", "learn", "current", "optIn elsewhere", "learn", "current"]
    none, minted = node.ask("listener", mode="anon-id", steps=steps)["ids"]
    assert none is None
    assert UUID4.fullmatch(minted)


def test_opting_in_elsewhere_holds_in_the_tab_that_opted_out(node: Node) -> None:
    steps = ["learn", "optOut", "current", "optIn elsewhere", "learn", "current"]
    _, none, minted = node.ask("listener", mode="anon-id", stored=ID, steps=steps)["ids"]
    assert none is None
    assert UUID4.fullmatch(minted)


@pytest.mark.parametrize("broken", [["access"], ["get", "set", "remove"], ["set"]])
def test_opting_out_holds_for_the_page_where_storage_is_blocked(node: Node, broken: list[str]) -> None:
    answer = node.ask("listener", mode="anon-id", broken=broken, steps=["learn", "optOut", "current"])
    assert [None, None] == answer["ids"]


def test_a_uuid_is_of_version_4(node: Node) -> None:
    made = node.ask("uuid")
    assert "ffffffff-ffff-4fff-bfff-ffffffffffff" == made["fixed"]
    assert UUID4.fullmatch(made["real"])
