"""Who is there: one that is silent for long is gone, later forgotten; the sum is that of all, and says what misses."""

from actors.ledger import Ledger, Reason
from actors.processes import DROPPED_AFTER_S, GONE_AFTER_S, Processes, summed
from actors.report import Report


def report(worker: int = 0, **figures: int) -> Report:
    return Report(worker=worker, version="1", mode="both", started_at=100 + worker, **figures)  # type: ignore[arg-type]


def test_they_are_listed_in_the_order_of_their_numbers() -> None:
    processes = Processes()
    processes.said("b", report(1), 10.0)
    processes.said("a", report(0), 10.0)
    assert [("a", False), ("b", False)] == [(one.source, one.gone) for one in processes.all(11.0)]


def test_one_that_is_silent_is_gone_then_forgotten() -> None:
    processes = Processes()
    processes.said("a", report(), 10.0)
    assert not processes.all(10.0 + GONE_AFTER_S)[0].gone
    silent = processes.all(10.1 + GONE_AFTER_S)[0]
    assert (True, False) == (silent.gone, silent.ended)
    assert [] == list(processes.all(10.0 + DROPPED_AFTER_S))


def test_one_that_says_it_ends_is_gone_at_once() -> None:
    processes = Processes()
    processes.said("a", report(), 10.0)
    processes.ended("a")
    processes.ended("never heard of")
    assert [(True, True)] == [(one.gone, one.ended) for one in processes.all(11.0)]


def test_one_that_is_heard_again_is_back() -> None:
    processes = Processes()
    processes.said("a", report(), 10.0)
    processes.said("a", report(), 100.0)
    assert not processes.all(101.0)[0].gone


def test_memory_is_bounded() -> None:
    processes = Processes()
    for number in range(500):
        processes.said(f"{number}", report(), float(number) / 100)
    assert 64 == len(processes.all(6.0))


def test_the_sum_is_that_of_all() -> None:
    one = Report(worker=0, version="1", mode="both", started_at=9, received=5, counted=3, refused={"rate": 2})
    other = Report(worker=1, version="1", mode="both", started_at=7, received=4, spooled=3, waiting=1, checked_at=70)
    total = summed([one, other])
    assert total is not None
    assert (9, 3, 3, 1, {"rate": 2}) == (total.received, total.counted, total.spooled, total.waiting, total.refused)
    assert (7, 70, 0) == (total.started_at, total.checked_at, total.missing)
    assert summed([]) is None


def test_what_has_no_outcome_is_missing() -> None:
    assert 2 == report(received=5, recovered=1, counted=4).missing
    assert -1 == report(received=3, counted=4).missing


def test_a_ledger_that_begins_with_a_full_spool_adds_up() -> None:
    ledger = Ledger(recovered=4)
    ledger.refused[Reason.RATE] += 1
    ledger.received += 1
    assert 0 == report(received=1, recovered=4, spooled=ledger.spooled, refused={"rate": 1}).missing  # type: ignore[arg-type]
