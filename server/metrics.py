"""`GET /metrics`: the ledger and the spool in Prometheus' text form. Numbers only, nothing about a listener."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.canary import Sight
from actors.housekeeper import Findings
from actors.ledger import Ledger, Reason
from actors.networks import MOST, Crowd
from actors.rotator import Rotator


class Metrics(Collector):
    """Read when asked; nothing is counted twice for the sake of being shown."""

    CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(
        self,
        ledger: Ledger,
        pending: Callable[[], int],
        findings: Findings,
        rotator: Rotator,
        crowd: Callable[[], Crowd],
        canary: Callable[[], Sight],
    ) -> None:
        self._ledger = ledger
        self._pending = pending
        self._findings = findings
        self._rotator = rotator
        self._crowd = crowd
        self._canary = canary
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The whole page."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """received + recovered = counted + duplicate + canary + pending + all refused, and a few not yet on disk."""
        ledger = self._ledger
        yield CounterMetricFamily("tonearm_events_received", "Requests to an event route.", ledger.received)
        yield CounterMetricFamily("tonearm_events_recovered", "Found in the spool at the start.", ledger.recovered)
        yield CounterMetricFamily("tonearm_events_counted", "In the database.", ledger.counted)
        yield CounterMetricFamily("tonearm_events_duplicate", "Counted already, by their eventId.", ledger.duplicate)
        yield CounterMetricFamily("tonearm_events_canary", "The service's own, counted nowhere.", ledger.canary)
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
        yield from _of_crowd(self._crowd())
        yield from _of_canary(self._canary())


def _of_crowd(crowd: Crowd) -> Iterator[Metric]:
    about = f"Client networks of the last hour in this process; {MOST} stands for more."
    yield GaugeMetricFamily("tonearm_client_networks", about, crowd.networks)
    yield GaugeMetricFamily("tonearm_client_events", "Events from them.", crowd.events)
    about = "1: many events, and all from one network, so that a proxy may hide who sends."
    yield GaugeMetricFamily("tonearm_one_network", about, int(crowd.one_network))


def _of_canary(sight: Sight) -> Iterator[Metric]:
    """Of the process that sends them, once it has seen one; the alarm from the start."""
    if not sight.every_s:
        return
    yield GaugeMetricFamily("tonearm_canary_overdue", "1: events seem not to arrive.", int(sight.overdue))
    if sight.at:
        about = "How long the last canary took until it was in the database."
        yield GaugeMetricFamily("tonearm_canary_seconds", about, sight.took_s)
        about = "When a canary was last seen in the database."
        yield GaugeMetricFamily("tonearm_canary_success_timestamp_seconds", about, sight.at)
