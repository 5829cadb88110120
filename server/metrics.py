"""`GET /metrics` in Prometheus' text form: this process, and what all have told it. Numbers only, nothing about a
listener: no label has a value that somebody sent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.canary import Sight
from actors.histogram import Histogram
from actors.housekeeper import Findings
from actors.ledger import Ledger, Reason
from actors.meters import Meters
from actors.networks import MOST, Crowd
from actors.pulse import Pulse
from actors.retry import Tries
from actors.rotator import Rotator
from server import installation
from server.readiness import Readiness
from server.standing import VERSION, Backlog
from storage.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is read when somebody asks."""

    ledger: Ledger
    pending: Callable[[], int]
    backlog: Callable[[], Backlog]
    spool: Spool
    findings: Findings
    rotator: Rotator
    meters: Meters
    tries: Tries
    pulse: Pulse
    readiness: Readiness
    crowd: Callable[[], Crowd]
    canary: Callable[[], Sight]
    started_at: float  # seconds since 1970
    today: Callable[[], date]
    worker: int | None = None  # where several processes share an address: which of them this is


class Metrics(Collector):
    """Read when asked; nothing is counted twice for the sake of being shown."""

    CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, sources: Sources) -> None:
        self._of = sources
        self._process = ProcessCollector(registry=None)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The whole page."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Of this process first, with its number where a scrape may reach another one next time."""
        worker = {} if self._of.worker is None else {"worker": str(self._of.worker)}
        for family in self._own():
            yield _labelled(family, worker) if worker else family
        yield from installation.families(self._of.pulse)

    def _own(self) -> Iterator[Metric]:
        yield from self._ledger()
        yield from self._spool()
        yield from self._counting()
        yield from self._salt()
        yield from self._housekeeping()
        yield from self._doors()
        yield from _of_crowd(self._of.crowd())
        yield from _of_canary(self._of.canary())
        yield from self._about()

    def _ledger(self) -> Iterator[Metric]:
        """received + recovered = counted + duplicate + canary + pending + all refused, and a few not yet on disk."""
        ledger = self._of.ledger
        yield CounterMetricFamily("tonearm_events_received", "Requests to an event route.", ledger.received)
        yield CounterMetricFamily("tonearm_events_recovered", "Found in the spool at the start.", ledger.recovered)
        yield CounterMetricFamily("tonearm_events_counted", "In the database.", ledger.counted)
        yield CounterMetricFamily("tonearm_events_duplicate", "Counted already, by their eventId.", ledger.duplicate)
        yield CounterMetricFamily("tonearm_events_canary", "The service's own, counted nowhere.", ledger.canary)
        yield GaugeMetricFamily("tonearm_events_pending", "In the spool, to be counted.", self._of.pending())
        refused = CounterMetricFamily("tonearm_events_refused", "Not counted, by reason.", labels=["reason"])
        for reason in Reason:
            refused.add_metric([reason.value], ledger.refused[reason])
        yield refused

    def _spool(self) -> Iterator[Metric]:
        backlog, spool = self._of.backlog(), self._of.spool
        yield GaugeMetricFamily("tonearm_spool_bytes", "Of the events in the spool.", backlog.bytes)
        yield GaugeMetricFamily("tonearm_spool_limit_bytes", "What [spool] max_mib allows.", spool.max_bytes)
        room = "How much more the spool can take: what is left of the limit, or of the disk."
        yield GaugeMetricFamily("tonearm_spool_room_bytes", room, spool.room())
        oldest = "How long the event that waits longest has waited to be counted."
        yield GaugeMetricFamily("tonearm_spool_oldest_seconds", oldest, backlog.oldest_s)
        lag = "How long the last batch had waited when it was counted."
        yield GaugeMetricFamily("tonearm_writer_lag_seconds", lag, backlog.lag_s)

    def _counting(self) -> Iterator[Metric]:
        meters, tries = self._of.meters, self._of.tries
        yield _histogram("tonearm_batch_events", "Events counted in one transaction.", {"": meters.batch_events})
        took = "Transactions that count events, from asking for a connection to the commit."
        yield _histogram("tonearm_transaction_seconds", took, {"": meters.transaction_seconds})
        up = "1: the database answers, and what is taken is counted at once."
        yield GaugeMetricFamily("tonearm_database_up", up, int(self._of.readiness.database_up))
        outages = "How often the connection to the database was lost."
        yield CounterMetricFamily("tonearm_database_outages", outages, self._of.pulse.outages)
        retries = "Tries to count a batch that were in vain, since the database was away."
        yield CounterMetricFamily("tonearm_database_retries", retries, tries.failed)

    def _salt(self) -> Iterator[Metric]:
        overdue = int(self._of.rotator.overdue)
        yield GaugeMetricFamily("tonearm_salt_overdue", "1: no salt for today, so no token is made.", overdue)
        age = self._of.rotator.salt_age_s
        if age is not None:
            yield GaugeMetricFamily("tonearm_salt_age_seconds", "Since the salt of the day was made.", age)

    def _housekeeping(self) -> Iterator[Metric]:
        """Of the process that keeps house."""
        findings = self._of.findings
        if checked_at := findings.checked_at:
            yield GaugeMetricFamily("tonearm_check_timestamp_seconds", "When the counters were checked.", checked_at)
            differing = findings.differences
            yield GaugeMetricFamily("tonearm_check_differences", "Counters that differ from the log.", differing)
        if kept_at := findings.kept_at:
            kept = "When the housekeeper last finished a round."
            yield GaugeMetricFamily("tonearm_housekeeping_timestamp_seconds", kept, kept_at)
        if through := findings.partitions_through:
            today = self._of.today()
            months = (through.year - today.year) * 12 + through.month - today.month
            ahead = "Months after this one that the log has partitions for."
            yield GaugeMetricFamily("tonearm_partitions_ahead_months", ahead, months)

    def _doors(self) -> Iterator[Metric]:
        meters = self._of.meters
        took = "From a request to its answer; of events, until they are durable."
        doors = {"beacon": meters.beacon_seconds, "http": meters.http_seconds}
        yield _histogram("tonearm_request_seconds", took, doors, "door")
        connections = "Clients of the beacon listener."
        yield GaugeMetricFamily("tonearm_beacon_connections", connections, meters.beacon_connections)
        yield GaugeMetricFamily("tonearm_live_followers", "Open live streams.", len(self._of.pulse.audience))
        ready = int(not self._of.readiness.lacks())
        yield GaugeMetricFamily("tonearm_ready", "1: events are taken durably now, as /readyz says.", ready)

    def _about(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("tonearm_build_info", "1; the version is the label.", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        started = self._of.started_at
        yield GaugeMetricFamily("tonearm_start_time_seconds", "When this process started.", started)
        for family in self._process.collect():
            if family.name != "process_start_time_seconds":  # which a sandbox makes wrong
                yield family


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


def _histogram(name: str, says: str, histograms: Mapping[str, Histogram], label: str = "") -> Metric:
    """With a series for each, or one without a label."""
    family = HistogramMetricFamily(name, says, labels=[label] if label else [])
    for value, histogram in histograms.items():
        buckets = [("+Inf" if bound == inf else str(bound), count) for bound, count in histogram.cumulated()]
        family.add_metric([value] if label else [], buckets, histogram.sum)
    return family


def _labelled(family: Metric, labels: Mapping[str, str]) -> Metric:
    family.samples = [sample._replace(labels={**sample.labels, **labels}) for sample in family.samples]
    return family
