"""Where the drums of the Plays card stand while they roll, and what stands in its housing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tracker.tracker_node import Node

FIGURES = st.integers(0, 10**12)


def digits(positions: list[float]) -> list[int]:
    """Of drums that stand still, from the units on."""
    assert all(position == int(position) for position in positions)
    return [int(position) % 10 for position in positions]


def test_the_next_play_rolls_the_units_alone(node: Node) -> None:
    steps = node.ask("roll", **{"from": 1234}, to=1235, places=4, steps=10)
    assert all(positions[1:] == [123, 12, 1] for positions in steps)
    units = [positions[0] for positions in steps]
    assert (1234, 1235) == (units[0], units[-1])
    assert units == sorted(units)
    assert len(units) == len(set(units))


def test_a_carry_takes_every_drum_that_turns_over_with_it(node: Node) -> None:
    for units, tens, hundreds, thousands in node.ask("roll", **{"from": 1999}, to=2000, places=4, steps=10):
        part = units - 1999
        assert [part] * 3 == pytest.approx([tens - 199, hundreds - 19, thousands - 1])


def test_a_drum_waits_until_the_one_to_its_right_goes_from_9_to_0(node: Node) -> None:
    for units, tens in node.ask("roll", **{"from": 17}, to=23, places=2, steps=60):
        value = units
        assert tens == pytest.approx(1 if value <= 19 else min(2, 1 + value - 19))


def test_many_more_plays_turn_no_drum_more_than_twice(node: Node) -> None:
    first, *_, last = node.ask("roll", **{"from": 0}, to=1_234_567, places=7, steps=4)
    assert [0] * 7 == first
    assert [7, 6, 5, 4, 3, 2, 1] == digits(last)
    assert max(last) < 20
    assert min(last[:6]) >= 10, "a drum that only nudges on looks stuck"


def test_the_higher_drums_of_a_long_roll_come_to_rest_first(node: Node) -> None:
    steps = node.ask("roll", **{"from": 0}, to=999_999, places=6, steps=100)
    resting = [next(i for i, at in enumerate(steps) if at[place] == steps[-1][place]) for place in range(6)]
    assert resting == sorted(resting, reverse=True)
    assert len(resting) == len(set(resting))


@given(start=FIGURES, end=FIGURES)
def test_every_roll_ends_at_the_figure(node: Node, start: int, end: int) -> None:
    [first, last] = node.ask("roll", **{"from": start}, to=end, places=13, steps=1)
    for figure, positions in ((start, first), (end, last)):
        assert [figure // 10**place % 10 for place in range(13)] == digits(positions)


@given(start=FIGURES, more=st.integers(-40, 40))
def test_a_short_roll_goes_one_way_and_never_below_zero(node: Node, start: int, more: int) -> None:
    end = max(0, start + more)
    steps = node.ask("roll", **{"from": start}, to=end, places=3, steps=20)
    for place in range(3):
        positions = [at[place] for at in steps]
        assert positions == sorted(positions, reverse=end < start)
        assert min(positions) >= 0


@pytest.mark.parametrize(
    ("lang", "drums", "shape"),
    [
        ("en", 1, "#"),
        ("en", 3, "###"),
        ("en", 6, "###,###"),
        ("en", 10, "#,###,###,###"),
        ("de", 6, "###.###"),
        ("hi", 7, "##,##,###"),
        ("es", 4, "####"),
        ("fr", 6, "###\N{NARROW NO-BREAK SPACE}###"),
        ("ja", 6, "###,###"),
    ],
)
def test_drums_are_grouped_as_the_language_groups_its_digits(node: Node, lang: str, drums: int, shape: str) -> None:
    assert shape == "".join(sign or "#" for sign in node.ask("housing", lang=lang, drums=drums)["inside"])


def test_the_width_told_is_that_of_drums_signs_gaps_and_edges(node: Node) -> None:
    assert 6 * 0.92 + 0.24 + 6 * 0.06 + 2 * 0.14 == pytest.approx(node.ask("housing", lang="en", drums=6)["width"])


@pytest.mark.parametrize(
    ("figure", "room", "drums"),
    [(0, 6, 6), (0, 1, 1), (999_999, 6, 6), (1_000_000, 6, 7), (9_999_999_999, 6, 10), (2**53 - 1, 6, 16)],
)
def test_a_figure_has_a_drum_for_each_digit_and_never_fewer_than_the_room(
    node: Node, figure: int, room: int, drums: int
) -> None:
    assert drums == node.ask("drumsFor", figure=figure, room=room)
