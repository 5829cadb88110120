"""How long the oldest row of the spool has waited: never less than it has, a step more at most; in bounded memory."""

import pytest

from actors.waiting import Waiting


def test_nothing_waits_at_first() -> None:
    assert 0 == Waiting().age(100.0)


def test_the_age_is_that_of_the_oldest_that_is_not_counted() -> None:
    waiting = Waiting()
    for row in range(1, 6):
        waiting.written(row, 10.0 * row)
    waiting.counted(2, 60.0)
    assert 100.0 - 30.0 == waiting.age(100.0)
    assert 60.0 - 10.0 == waiting.lag


def test_when_all_is_counted_nothing_waits() -> None:
    waiting = Waiting()
    waiting.written(1, 10.0)
    waiting.written(2, 10.01)
    waiting.counted(2, 11.0)
    assert 0 == waiting.age(100.0)
    assert 1.0 == waiting.lag


def test_rows_close_together_are_as_old_as_the_first_of_them() -> None:
    waiting = Waiting()
    waiting.written(1, 10.0)
    waiting.written(2, 10.05)
    waiting.counted(1, 11.0)
    assert pytest.approx(10.0) == waiting.age(20.0)


def test_what_was_there_at_the_start_is_as_old_as_the_process() -> None:
    waiting = Waiting(50.0, recovered_through=7)
    waiting.written(8, 60.0)
    assert 30.0 == waiting.age(80.0)
    waiting.counted(7, 81.0)
    assert 22.0 == waiting.age(82.0)


def test_an_outage_of_weeks_costs_no_more_memory_than_one_of_minutes() -> None:
    waiting = Waiting()
    for row in range(1, 200_000):
        waiting.written(row, float(row))
    assert len(waiting._notes) < 5000
    assert 200_000.0 - 1 == waiting.age(200_000.0)
    waiting.counted(100_000, 200_000.0)
    assert 0 <= waiting.age(200_000.0) - 99_999 <= waiting._step
