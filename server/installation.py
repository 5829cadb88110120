"""All processes of the installation as metrics, the same from whichever of them is asked (actors/pulse.py).

A count of all would fall whenever a process ends, which Prometheus takes for a new beginning. So counts have a series
for each process, by the random name it gave itself, and are added up by who asks; everything else is one number.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from actors.ledger import Reason
from actors.processes import Process, summed
from actors.pulse import Pulse
from actors.report import Report

# A process speaks every 10 s at least. What it said earlier than this is not told as a count any more: another process
# may have told a later one, and a count that goes back would be taken for a restart. Scrapes are further apart.
_FRESH_S: Final = 12.0

_COUNTS: Final[tuple[tuple[str, str, Callable[[Report], int]], ...]] = (
    ("received", "Requests to an event route.", lambda report: report.received),
    ("counted", "In the database.", lambda report: report.counted),
    ("duplicate", "Counted already, by their eventId.", lambda report: report.duplicate),
)


def families(pulse: Pulse) -> Iterator[Metric]:
    """As far as this process has heard."""
    processes = pulse.processes()
    living = [one for one in processes if not one.gone]
    yield from _processes(processes, living, connected=pulse.connected)
    yield from _counts([one for one in living if one.heard_s <= _FRESH_S])
    total = summed(one.report for one in living)
    assert total is not None  # this one lives
    yield from _state(total)
    missing = sum(abs(one.report.missing) for one in living)
    yield _gauge("ledger_missing", "Events without an outcome, or with two: a mistake in Tonearm.", missing)


def _processes(processes: Sequence[Process], living: Sequence[Process], *, connected: bool) -> Iterator[Metric]:
    lost = sum(one.gone and not one.ended for one in processes) if connected else 0  # else nobody is heard of
    yield _gauge("processes", "Processes that live.", len(living))
    yield _gauge("processes_lost", "Silent for 30 s without having said that they end; for ten minutes.", lost)
    yield _gauge("versions", "Versions of Tonearm among them.", len({one.report.version for one in living}))
    yield _gauge("modes", "Privacy modes among them.", len({one.report.mode for one in living}))


def _counts(told: Sequence[Process]) -> Iterator[Metric]:
    for name, says, of in _COUNTS:
        counts = CounterMetricFamily(f"tonearm_installation_events_{name}", says, labels=["process"])
        for one in told:
            counts.add_metric([one.source], of(one.report))
        yield counts
    refused = CounterMetricFamily(
        "tonearm_installation_events_refused", "Not counted, by reason.", labels=["process", "reason"]
    )
    for one in told:
        for reason in Reason:
            refused.add_metric([one.source, reason.value], one.report.refused_for(reason))
    yield refused


def _state(total: Report) -> Iterator[Metric]:
    yield _gauge("events_pending", "In the spools, to be counted.", total.spooled)
    yield _gauge("spool_bytes", "Of what is in the spools.", total.spool_bytes)
    yield _gauge("spool_oldest_seconds", "How long the event that waits longest has waited.", total.oldest_s)
    yield _gauge("writer_lag_seconds", "How long the last batch had waited, the greatest of all.", total.lag_s)
    yield _gauge("salt_overdue", "1: a process has no salt for today, so it makes no token.", int(total.salt_overdue))
    if total.checked_at:
        yield _gauge("check_timestamp_seconds", "When the counters were checked.", total.checked_at)
        yield _gauge("check_differences", "Counters that differ from the log.", total.differences)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tonearm_installation_{name}", says, value)
