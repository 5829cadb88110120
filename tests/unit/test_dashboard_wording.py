"""How figures are told."""

from datetime import date

import pytest

from server.dashboard import wording
from server.span import Span

MONTH = Span("30d", date(2026, 10, 23), date(2026, 11, 21), "day")
ALL = Span("all", date(2026, 1, 1), date(2026, 11, 21), "month")


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (0.0, "0%"),
        (0.001, "under 1%"),
        (0.614, "61%"),
        (0.996, "99%"),
        (1.0, "100%"),
        (None, "\N{EN DASH}"),
        (1.82, "182%"),
    ],
)
def test_only_the_whole_is_a_hundred_percent_and_only_nothing_is_none(part: float | None, told: str) -> None:
    assert told == wording.rate(part)


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0"), (950, "950"), (1_000, "1k"), (1_500, "1.5k"), (20_000_000, "20M"), (3e9, "3B")]
)
def test_an_axis_tells_large_numbers_short(number: float, told: str) -> None:
    assert told == wording.short(number)


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (1_021, "1,021st")],
)
def test_a_place_has_its_ending(number: int, told: str) -> None:
    assert told == wording.place(number)


@pytest.mark.parametrize(
    ("now", "before", "mark", "sentence"),
    [
        (150, 100, "↑\N{NO-BREAK SPACE}50%", "50% more than the 30 days before"),
        (50, 100, "↓\N{NO-BREAK SPACE}50%", "50% less than the 30 days before"),
        (100, 100, "±0", "the same as the 30 days before"),
        (100_001, 100_000, "↑\N{NO-BREAK SPACE}under 1%", "under 1% more than the 30 days before"),
        (5, 0, "new", "none in the 30 days before"),
    ],
)
def test_a_change_is_told_to_eyes_and_ears(now: int, before: int, mark: str, sentence: str) -> None:
    found = wording.change(now, before, MONTH)
    assert found is not None
    assert (mark, sentence) == (found.mark, found.sentence)


def test_a_rate_changes_by_percentage_points() -> None:
    found = wording.change(0.52, 0.54, MONTH, points=True)
    assert found is not None
    assert ("↓\N{NO-BREAK SPACE}2 pt", "2 percentage points less than the 30 days before") == (
        found.mark,
        found.sentence,
    )


@pytest.mark.parametrize(("now", "before"), [(None, 3), (3, None), (0, 0)])
def test_where_nothing_can_be_compared_no_change_is_told(now: int | None, before: int | None) -> None:
    assert None is wording.change(now, before, MONTH)


def test_all_time_has_no_days_before() -> None:
    assert None is wording.change(3, 2, ALL)
