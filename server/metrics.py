"""`GET /metrics`: the ledger and the spool in Prometheus' text form. Numbers only, nothing about a listener."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.housekeeper import Findings
from actors.ledger import Ledger, Reason
from actors.rotator import Rotator


class Metrics(Collector):
    """Read when asked; nothing is counted twice for the sake of being shown."""

    CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, ledger: Ledger, pending: Callable[[], int], findings: Findings, rotator: Rotator) -> None:
        self._ledger = ledger
        self._pending = pending
        self._findings = findings
        self._rotator = rotator
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The whole page."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """received + recovered = counted + duplicate + pending + all refused, and a few that wait for the disk."""
        ledger = self._ledger
        yield CounterMetricFamily("tonearm_events_received", "Requests to an event route.", ledger.received)
        yield CounterMetricFamily("tonearm_events_recovered", "Found in the spool at the start.", ledger.recovered)
        yield CounterMetricFamily("tonearm_events_counted", "In the database.", ledger.counted)
        yield CounterMetricFamily("tonearm_events_duplicate", "Counted already, by their eventId.", ledger.duplicate)
        yield GaugeMetricFamily("tonearm_events_pending", "In the spool, to be counted.", self._pending())
        refused = CounterMetricFamily("tonearm_events_refused", "Not counted, by reason.", labels=["reason"])
        for reason in Reason:
            refused.add_metric([reason.value], ledger.refused[reason])
        yield refused
        overdue = int(self._rotator.overdue)
        yield GaugeMetricFamily("tonearm_salt_overdue", "1: no salt for today, so no token is made.", overdue)
        if checked_at := self._findings.checked_at:
            yield GaugeMetricFamily("tonearm_check_timestamp_seconds", "When the counters were checked.", checked_at)
            differing = self._findings.differences
            yield GaugeMetricFamily("tonearm_check_differences", "Counters that differ from the log.", differing)
