"""Plays without a bucket, which other counters counted: a part of the picture, and of no completion rate."""

from datetime import date

from server.dashboard import story
from server.dashboard.story import Story
from server.span import Span
from storage.figures import Figures
from storage.series import Counts

DAY = date(2026, 11, 21)


def told(*counts: Counts) -> Story:
    starts = [date.fromordinal(DAY.toordinal() + at) for at in range(len(counts))]
    span = Span("custom", starts[0], starts[-1], "day")
    return Story(span, starts, counts, None, frozenset(), None, None, Figures(0, 0, 0, 0, 0, 0), DAY)


def test_brought_along_plays_stand_on_top_of_the_stack_and_in_its_table() -> None:
    one = told(Counts(complete=2, unbucketed=5), Counts(partial=1))
    assert ("unbucketed", "Not known how far") == story.plays(one).legend[0]
    table = story.table(one, lambda _: None)
    at = [column.field for column in table.columns].index("unbucketed")
    assert [5, 0] == [row[at] for row in table.rows]
    assert [7, 1] == [row[1] for row in table.rows]
    assert 0.6667 == one.sum.completion_rate


def test_without_any_nothing_is_said_of_them() -> None:
    one = told(Counts(complete=2))
    assert "unbucketed" not in [look for look, _ in story.plays(one).legend]
    assert "unbucketed" not in [column.field for column in story.table(one, lambda _: None).columns]
