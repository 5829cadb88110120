"""How this process stands, as it tells the others (actors/pulse.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from actors.canary import Sight
from actors.housekeeper import Findings
from actors.leader import Leader
from actors.ledger import Ledger
from actors.networks import Crowd
from actors.report import Report
from actors.rotator import Rotator
from privacy.modes import Mode

VERSION: Final = version("tonearm")


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the spools of a process."""

    bytes: int
    oldest_s: float
    lag_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Made once; asked whenever somebody wants to know."""

    worker: int
    started_at: int
    ledger: Ledger
    backlog: Callable[[], Backlog]
    mode: Callable[[], Mode]
    rotator: Rotator
    findings: Findings
    crowd: Callable[[], Crowd]
    canary: Callable[[], Sight]
    leader: Leader

    def report(self) -> Report:
        """As of now."""
        ledger, backlog = self.ledger, self.backlog()
        crowd, canary = self.crowd(), self.canary()
        return Report(
            worker=self.worker,
            version=VERSION,
            mode=self.mode().value,
            started_at=self.started_at,
            received=ledger.received,
            recovered=ledger.recovered,
            counted=ledger.counted,
            duplicate=ledger.duplicate,
            waiting=ledger.waiting,
            spooled=ledger.spooled,
            refused={reason.value: number for reason, number in sorted(ledger.refused.items()) if number},
            spool_bytes=backlog.bytes,
            oldest_s=round(backlog.oldest_s, 1),
            lag_s=round(backlog.lag_s, 2),
            salt_overdue=self.rotator.overdue,
            checked_at=int(self.findings.checked_at),
            differences=self.findings.differences,
            canary=ledger.canary,
            canary_every_s=canary.every_s,
            canary_at=int(canary.at),
            canary_s=round(canary.took_s, 2),
            canary_overdue=canary.overdue,
            canary_trouble=canary.trouble,
            networks=crowd.networks,
            network_events=crowd.events,
            network_way=crowd.way,
            one_network=crowd.one_network,
            leads=self.leader.leads,
        )
