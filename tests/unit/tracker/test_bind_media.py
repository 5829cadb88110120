"""What players of a page say becomes plays of the right track, also when players change, leave and go on."""

from typing import Any

from tests.unit.tracker.tracker_node import Node

Step = dict[str, Any]


def sound(start: float, until: float, player: int = 0, **more: Any) -> list[Step]:
    begin = {"currentTime": start, "duration": 100, "paused": False, **more}
    return [
        {"player": player, "fire": "playing", "set": begin},
        {"player": player, "fire": "timeupdate", "set": {"currentTime": until}},
    ]


def closed(node: Node, *steps: Step) -> list[list[str]]:
    answer = node.ask("players", steps=list(steps))
    return [[track, bucket] for _, track, bucket in answer["closed"]]


def test_a_new_source_closes_the_play_of_the_old_one(node: Node) -> None:
    emptied = {"fire": "emptied", "set": {"currentTime": 0, "duration": "NaN"}}
    assert [["a", "sampled"]] == closed(node, {"observe": "a"}, *sound(0, 50), emptied, *sound(0, 1))


def test_a_new_track_on_the_same_element_closes_the_play_of_the_old_one(node: Node) -> None:
    steps: list[Step] = [{"attribute": "a", "observe": None}, *sound(0, 50), {"attribute": "b"}]
    more: list[Step] = [{"fire": "timeupdate", "set": {"currentTime": at}} for at in (60, 60.25)]
    assert [["a", "sampled"], ["b", "sampled"]] == closed(node, *steps, *more, {"fire": "pagehide"})


def test_an_element_observed_while_it_plays_is_counted_from_there(node: Node) -> None:
    playing = {"set": {"currentTime": 20, "duration": 100, "paused": False}}
    later: list[Step] = [{"fire": "timeupdate", "set": {"currentTime": at}} for at in (20.25, 31)]
    assert [["a", "sampled"]] == closed(node, playing, {"observe": "a"}, *later, {"fire": "pagehide"})


def test_the_last_word_of_the_song_before_is_not_heard_of_the_next_one(node: Node) -> None:
    pause = {"fire": "pause", "set": {"paused": True, "currentTime": 51}}
    steps: list[Step] = [{"observe": "a"}, *sound(0, 50), {"observe": "b"}, pause, {"fire": "pagehide"}]
    assert [["a", "sampled"]] == closed(node, *steps)


def test_players_do_not_disturb_each_other(node: Node) -> None:
    steps: list[Step] = [
        {"player": 0, "observe": "a"},
        {"player": 1, "observe": "b"},
        *sound(0, 50),
        *sound(0, 10, player=1),
    ]
    assert [["a", "sampled"], ["b", "partial"]] == closed(node, *steps, {"fire": "pagehide"})


def test_a_paused_element_taken_from_the_page_has_been_left(node: Node) -> None:
    pause = {"fire": "pause", "set": {"paused": True}}
    gone = {"fire": "mutation", "set": {"isConnected": False}}
    assert [["a", "sampled"]] == closed(node, {"observe": "a"}, *sound(0, 50), pause, gone)


def test_an_element_that_plays_on_outside_the_page_is_left_when_it_stops(node: Node) -> None:
    gone = {"fire": "mutation", "set": {"isConnected": False}}
    steps: list[Step] = [{"observe": "a"}, *sound(0, 50), gone, {"fire": "timeupdate", "set": {"currentTime": 81}}]
    assert [] == closed(node, *steps)
    assert [["a", "complete"]] == closed(node, *steps, {"fire": "pause", "set": {"paused": True}})


def test_an_element_that_was_never_in_a_page_is_not_left_by_a_pause(node: Node) -> None:
    steps: list[Step] = [
        {"set": {"isConnected": False}, "observe": "a"},
        *sound(0, 50),
        {"fire": "pause", "set": {"paused": True}},
    ]
    assert [] == closed(node, *steps, {"fire": "mutation"})


def test_an_element_that_comes_back_is_counted_again(node: Node) -> None:
    gone = {"fire": "pause", "set": {"paused": True, "isConnected": False}}
    back = {"set": {"isConnected": True}}
    steps: list[Step] = [{"observe": "a"}, *sound(0, 50), gone, back, *sound(50, 51), {"fire": "pagehide"}]
    assert [["a", "sampled"], ["a", "sampled"]] == closed(node, *steps)


def test_positions_seen_while_paused_or_seeking_are_not_heard(node: Node) -> None:
    steps: list[Step] = [{"observe": "a"}, {"fire": "timeupdate", "set": {"currentTime": 50, "duration": 100}}]
    moving = {"fire": "timeupdate", "set": {"currentTime": 90, "seeking": True, "paused": False}}
    assert [] == closed(node, *steps, {"fire": "timeupdate", "set": {"currentTime": 60}}, moving, {"fire": "pagehide"})


def test_an_element_without_a_track_is_not_counted(node: Node) -> None:
    assert [] == closed(node, {"observe": None}, *sound(0, 50), {"fire": "pagehide"})


def test_nothing_is_kept_of_a_play_that_is_over(node: Node) -> None:
    steps: list[Step] = [{"observe": "a"}, *sound(0, 50), {"fire": "emptied"}]
    assert 0 == node.ask("players", steps=steps)["active"]
