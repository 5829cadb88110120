"""Whatever a listener does, in whatever order, the tracker counts what the definition says of the whole history:

- a listen opens when sound advances, not when a track is staged, sought in silence or asked to play;
- one listen per hearing: seeks, pauses, stalls and repeated `playing` never open another;
- an end, a lap of a loop, another track and another source close one; sound after it opens the next;
- seeking back never lowers what was reached, reaching by a seek counts;
- below min(3 s, 5 %) nothing is sent; the buckets are [0, 30 %), [30 %, 80 %], (80 %, 100 %];
- of an unknown length: partial from 3 s on;
- a page that goes away sends what counts by then; if it comes back, playing on adds nothing to it;
- nothing is sent before its listen is over, and nothing twice.
"""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.tracker.play_reference import plays
from tests.unit.tracker.simulated_player import SimulatedPlayer
from tests.unit.tracker.tracker_node import Node

ACTIONS = st.one_of(
    st.tuples(st.just("play")),
    st.tuples(st.just("wait"), st.sampled_from([1, 2, 4, 5, 11, 12, 13, 40, 120])),
    st.tuples(st.just("seek"), st.sampled_from([0, 1, 4, 5, 6, 29, 30, 31, 50, 79, 80, 81, 99, 100])),
    st.tuples(st.just("pause")),
    st.tuples(st.just("stall")),
    st.tuples(st.just("toggle_loop")),
    st.tuples(st.just("learn")),
    st.tuples(st.just("hide")),
    st.tuples(st.just("switch"), st.sampled_from(["source", "attribute"])),
    st.tuples(st.just("noise"), st.sampled_from(["durationchange", "pageshow", "ended", "seeking", "timeupdate"])),
)
LENGTHS = st.one_of(st.sampled_from([4, 20, 100, 240, 400]), st.integers(4, 400))
ANNOUNCED = st.sampled_from(["at once", "at once", "late", "never"])


@settings(max_examples=1500, deadline=None)
@given(length=LENGTHS, announced=ANNOUNCED, gapless=st.booleans(), actions=st.lists(ACTIONS, max_size=40))
# Corners that random actions reach only now and then.
@example(
    length=400,
    announced="at once",
    gapless=False,
    actions=[("play",), ("wait", 13), ("seek", 99), ("hide",), ("play",)],
)
@example(length=400, announced="at once", gapless=True, actions=[("toggle_loop",), ("play",), *[("wait", 120)] * 7])
@example(
    length=100, announced="at once", gapless=False, actions=[("play",), ("toggle_loop",), ("seek", 100), ("wait", 4)]
)
@example(
    length=100, announced="at once", gapless=False, actions=[("toggle_loop",), ("seek", 99), ("play",), ("wait", 1)]
)
@example(
    length=400, announced="at once", gapless=False, actions=[("play",), ("wait", 4), ("hide",), ("seek", 50), ("hide",)]
)
@example(
    length=4,
    announced="at once",
    gapless=False,
    actions=[("play",), ("toggle_loop",), ("wait", 4), ("seek", 0), ("hide",)],
)
def test_the_tracker_counts_what_the_definition_says_after_every_action(
    node: Node, length: int, announced: Any, gapless: bool, actions: list[tuple[Any, ...]]
) -> None:
    player = SimulatedPlayer(length, announced, gapless)
    expected = []
    for name, *arguments in actions:
        getattr(player, name)(*arguments)
        expected.append((len(player.steps), plays(player.history)))
    closed = node.ask("players", steps=player.steps)["closed"]
    actual = [(steps, [bucket for index, _, bucket in closed if index < steps]) for steps, _ in expected]
    assert expected == actual
