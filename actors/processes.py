"""The processes of the installation, and what each has said of itself last. No clock, no I/O."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from actors.networks import together
from actors.report import Report

GONE_AFTER_S: Final = 30.0  # three times as long as a process is silent at most
DROPPED_AFTER_S: Final = 600.0  # how long one that is gone stays in the list
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Process:
    """One of them. `heard_s`: how long ago it said this. `gone`: it has said it ends, or is silent for too long."""

    source: str
    report: Report
    heard_s: float
    gone: bool
    ended: bool  # it has said so


@dataclass(slots=True)
class _Known:
    report: Report
    heard_at: float
    ended: bool = False


class Processes:
    """By the random name that each gives itself."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def said(self, source: str, report: Report, now: float) -> None:
        """A process has said how it stands."""
        if source not in self._known and len(self._known) >= _MOST:
            del self._known[min(self._known, key=lambda one: self._known[one].heard_at)]
        self._known[source] = _Known(report, now)

    def ended(self, source: str) -> None:
        """It has said that it stops."""
        if source in self._known:
            self._known[source].ended = True

    def all(self, now: float) -> Sequence[Process]:
        """In the order of their numbers; those that are gone for long are forgotten."""
        self._known = {source: known for source, known in self._known.items() if now - known.heard_at < DROPPED_AFTER_S}
        found = [_process(source, known, now - known.heard_at) for source, known in self._known.items()]
        return sorted(found, key=lambda one: (one.gone, one.report.worker, one.report.started_at, one.source))


def _process(source: str, known: _Known, heard_s: float) -> Process:
    return Process(source, known.report, heard_s, known.ended or heard_s > GONE_AFTER_S, known.ended)


def summed(reports: Iterable[Report]) -> Report | None:
    """One ledger of all; of ages the greatest, of times the earliest, of canaries the worst. None of none."""
    given = list(reports)
    if not given:
        return None
    refused: Counter[str] = Counter()
    for one in given:
        refused.update(one.refused)
    checked = max(given, key=lambda one: one.checked_at)
    crowd = together(one.crowd for one in given)
    senders = [one for one in given if one.canary_every_s] or given
    canary = min(senders, key=lambda one: (not one.canary_overdue, one.canary_at))
    return Report(
        worker=len(given),
        version=given[0].version,
        mode=given[0].mode,
        started_at=min(one.started_at for one in given),
        received=sum(one.received for one in given),
        recovered=sum(one.recovered for one in given),
        counted=sum(one.counted for one in given),
        duplicate=sum(one.duplicate for one in given),
        waiting=sum(one.waiting for one in given),
        spooled=sum(one.spooled for one in given),
        refused=dict(refused),
        spool_bytes=sum(one.spool_bytes for one in given),
        oldest_s=max(one.oldest_s for one in given),
        lag_s=max(one.lag_s for one in given),
        salt_overdue=any(one.salt_overdue for one in given),
        checked_at=checked.checked_at,
        differences=checked.differences,
        canary=sum(one.canary for one in given),
        canary_every_s=canary.canary_every_s,
        canary_at=canary.canary_at,
        canary_s=canary.canary_s,
        canary_overdue=canary.canary_overdue,
        canary_trouble=canary.canary_trouble,
        networks=crowd.networks,
        network_events=crowd.events,
        network_way=crowd.way,
        one_network=crowd.one_network,
    )
