"""The named cases of DESIGN §2 and of the specification's 1d, each by itself."""

from typing import Any

import pytest

from tests.unit.tracker.tracker_node import Node


def answers(node: Node, *events: list[Any], duration: float | str = 100) -> list[str]:
    """The buckets that a session sends, in order, for these events after its duration is known."""
    answer = node.ask("session", events=[["duration", duration], *events])
    return [bucket for bucket in answer["answers"] if bucket]


def heard(until: float, start: float = 0) -> list[list[Any]]:
    return [["playing", start], ["timeupdate", (start + until) / 2], ["timeupdate", until]]


@pytest.mark.parametrize(
    ("high_water", "duration", "bucket"),
    [
        (2.99, 100, None),
        (3, 100, "partial"),
        (29.99, 100, "partial"),
        (30, 100, "sampled"),
        (80, 100, "sampled"),
        (80.01, 100, "complete"),
        (100, 100, "complete"),
        (101, 100, "complete"),
        (0.19, 4, None),
        (0.2, 4, "partial"),
        (1.25, 25, "partial"),
        (1.24, 25, None),
        (2.99, "NaN", None),
        (3, "NaN", "partial"),
        (7200, "Infinity", "partial"),
        (3, 0, "partial"),
        (3, -1, "partial"),
    ],
)
def test_a_listen_is_worth_its_bucket_from_the_floor_on(
    node: Node, high_water: float, duration: float | str, bucket: str | None
) -> None:
    assert {"bucket": bucket} == node.ask("bucket", highWater=high_water, duration=duration)


def test_a_staged_track_is_no_play(node: Node) -> None:
    assert [] == answers(node, ["seeking", 50], ["pause"], ["close"])


def test_a_track_asked_to_play_that_never_sounds_is_no_play(node: Node) -> None:
    assert [] == answers(node, ["playing", 50], ["timeupdate", 50], ["hide"], ["close"])


def test_seeking_to_the_outro_and_back_is_complete(node: Node) -> None:
    assert ["complete"] == answers(
        node, *heard(5), ["seeking", 99], ["timeupdate", 99.2], ["seeking", 6], ["timeupdate", 7], ["close"]
    )


def test_a_pause_of_any_length_keeps_the_listen(node: Node) -> None:
    assert ["sampled"] == answers(node, *heard(20), ["pause"], *heard(40, start=20), ["close"])


def test_buffering_does_not_open_another_listen(node: Node) -> None:
    assert ["partial"] == answers(node, *heard(5), ["playing", 5], ["playing", 5], ["timeupdate", 6], ["close"])


def test_replaying_after_the_end_is_another_play(node: Node) -> None:
    assert ["complete", "partial"] == answers(node, *heard(99), ["ended"], ["seeking", 0], *heard(10), ["close"])


def test_the_end_was_reached_even_if_the_last_report_is_older(node: Node) -> None:
    assert ["complete"] == answers(node, ["playing", 0], ["timeupdate", 0.25], ["ended"], duration=0.5)


def test_each_lap_of_a_loop_is_a_play(node: Node) -> None:
    lap: list[list[Any]] = [["timeupdate", 50, 1], ["timeupdate", 99.8, 1]]
    actual = answers(node, ["playing", 0], *lap, ["seeking", 0, 1], *lap, ["timeupdate", 0.1, 1], ["close"])
    assert ["complete", "complete"] == actual


def test_a_fast_player_is_seen_farther_from_the_end_of_its_loop(node: Node) -> None:
    lap: list[list[Any]] = [["timeupdate", 50, 8], ["timeupdate", 97, 8], ["seeking", 0, 8]]
    assert ["complete"] == answers(node, ["playing", 0], *lap, ["timeupdate", 2, 8], ["close"])


def test_seeking_to_the_start_from_the_middle_of_a_loop_is_no_lap(node: Node) -> None:
    assert ["sampled"] == answers(node, *heard(50), ["seeking", 0, 1], ["timeupdate", 5, 1], ["close"])


def test_seeking_from_the_end_to_near_the_start_of_a_loop_is_no_lap(node: Node) -> None:
    assert ["complete"] == answers(node, *heard(99.5), ["seeking", 0.4, 1], ["timeupdate", 5, 1], ["close"])


def test_going_back_to_the_start_without_loop_is_no_lap(node: Node) -> None:
    assert ["complete"] == answers(node, *heard(99.5), ["seeking", 0], ["timeupdate", 5], ["close"])


def test_a_restored_page_that_plays_on_has_been_counted(node: Node) -> None:
    assert ["partial"] == answers(node, *heard(10), ["hide"], ["playing", 10], ["timeupdate", 60], ["hide"], ["close"])


def test_a_restored_page_that_plays_to_the_end_and_again_has_another_play(node: Node) -> None:
    again: list[list[Any]] = [["playing", 10], ["timeupdate", 99], ["ended"], *heard(5)]
    assert ["partial", "partial"] == answers(node, *heard(10), ["hide"], *again, ["close"])


def test_a_restored_page_below_the_floor_can_still_become_a_play(node: Node) -> None:
    assert ["sampled"] == answers(node, *heard(2), ["hide"], ["playing", 2], ["timeupdate", 40], ["close"])


def test_a_duration_known_late_decides(node: Node) -> None:
    assert ["complete"] == answers(node, *heard(9), ["duration", 10], ["close"], duration="NaN")


def test_a_duration_that_vanishes_with_its_source_is_not_forgotten(node: Node) -> None:
    assert ["complete"] == answers(node, *heard(90), ["duration", "NaN"], ["close"])


def test_a_live_stream_is_partial_however_long(node: Node) -> None:
    assert ["partial"] == answers(node, *heard(7200), ["close"], duration="Infinity")


@pytest.mark.parametrize("position", ["NaN", "Infinity", -1])
def test_a_position_that_is_none_reaches_nothing(node: Node, position: str | int) -> None:
    assert ["partial"] == answers(node, *heard(5), ["timeupdate", position], ["seeking", position], ["close"])


def test_what_would_be_sent_now_can_be_asked_without_closing(node: Node) -> None:
    answer = node.ask("session", events=[["duration", 100], *heard(40)])
    assert ("sampled", True) == (answer["bucket"], answer["sounds"])


def test_a_last_pause_after_the_close_is_nothing(node: Node) -> None:
    answer = node.ask("session", events=[["duration", 100], *heard(40), ["close"], ["pause"], ["hide"], ["close"]])
    assert (["sampled"], False) == ([bucket for bucket in answer["answers"] if bucket], answer["sounds"])


def test_sound_after_the_close_is_another_play(node: Node) -> None:
    assert ["sampled", "partial"] == answers(node, *heard(40), ["close"], *heard(10), ["close"])
