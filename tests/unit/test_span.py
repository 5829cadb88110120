"""Which days a picked range means, in which steps, and what is held against it."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.span import RANGES, STEPS, Span, SpanError, begin, following, pick

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("name", "first", "step"),
    [
        ("today", date(2026, 11, 21), "day"),
        ("7d", date(2026, 11, 15), "day"),
        ("30d", date(2026, 10, 23), "day"),
        ("90d", date(2026, 8, 24), "day"),
        ("365d", date(2025, 11, 22), "week"),
    ],
)
def test_a_range_ends_today_and_includes_it(name: str, first: date, step: str) -> None:
    assert Span(name, first, TODAY, step) == pick(name, TODAY, since=None)  # type: ignore[arg-type]


def test_without_a_wish_it_is_thirty_days() -> None:
    assert pick("30d", TODAY, since=None) == pick(None, TODAY, since=None)


def test_all_time_begins_with_the_first_count_and_has_nothing_before_it() -> None:
    span = pick("all", TODAY, since=date(2024, 2, 29))
    assert (date(2024, 2, 29), TODAY, "month") == (span.first, span.last, span.step)
    assert span.before() is None


def test_all_time_of_an_empty_site_is_today() -> None:
    assert Span("all", TODAY, TODAY, "day") == pick("all", TODAY, since=None)


def test_two_days_are_a_range_of_their_own() -> None:
    assert Span("custom", date(2026, 1, 5), date(2026, 1, 6), "day") == pick(
        None, TODAY, since=None, first="2026-01-05", last="2026-01-06"
    )


def test_one_end_alone_reaches_to_the_first_count_or_to_today() -> None:
    since = date(2026, 1, 1)
    assert (since, date(2026, 1, 6)) == _ends(pick("custom", TODAY, since=since, last="2026-01-06"))
    assert (date(2026, 11, 1), TODAY) == _ends(pick("custom", TODAY, since=since, first="2026-11-01"))


def _ends(span: Span) -> tuple[date, date]:
    return span.first, span.last


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"name": "fortnight"}, "'fortnight' is not a range; allowed are today, 7d, 30d, 90d, 365d, all, custom."),
        ({"name": "7d", "step": "hour"}, "'hour' is not a step; allowed are day, week, month."),
        ({"name": "custom", "first": "1.5.2026"}, "from is '1.5.2026'; a day is written as 2026-11-21."),
        ({"name": "custom", "first": "2026-02-30"}, "from is '2026-02-30'; a day is written as 2026-11-21."),
        ({"name": "custom", "first": "2026-12-01"}, "from (2026-12-01) is later than to (2026-11-21); swap them."),
        ({"name": "custom", "first": "0001-01-01"}, "from is '0001-01-01'; days from 1970 to 9990 are known."),
        (
            {"name": "custom", "first": "2020-01-01", "step": "day"},
            "2,517 days are more than 400 steps of a day; take a longer step.",
        ),
    ],
)
def test_what_cannot_be_read_is_said(wish: dict[str, str], says: str) -> None:
    with pytest.raises(SpanError) as raised:
        pick(wish.pop("name"), TODAY, since=None, **wish)
    assert says == str(raised.value)


@given(st.sampled_from([*RANGES]), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_days_before_are_as_many_and_end_the_day_before(name: str, today: date) -> None:
    span = pick(name, today, since=None)
    before = span.before()
    assert before is not None
    assert (span.days, span.first.toordinal() - 1) == (before.days, before.last.toordinal())


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 400), st.sampled_from(STEPS))
def test_every_day_of_a_span_is_in_exactly_one_of_its_steps(first: date, days: int, step: str) -> None:
    last = date.fromordinal(first.toordinal() + days)
    starts = list(Span("custom", first, last, step).starts())  # type: ignore[arg-type]
    assert begin(first, step) == starts[0]  # type: ignore[arg-type]
    assert begin(last, step) == starts[-1]  # type: ignore[arg-type]
    assert starts == sorted(set(starts))
    assert all(following(one, step) == other for one, other in pairwise(starts))  # type: ignore[arg-type]
