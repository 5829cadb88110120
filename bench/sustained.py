"""All the way into PostgreSQL: at full speed for a while, every listener new, then until nothing waits.

Sustained is everything accepted, divided by the time of the load and of the draining after it. So a backlog that
grows is paid for.
"""

import statistics
from dataclasses import dataclass, field
from typing import Final

from bench.doors import held
from bench.plan import Plan
from bench.progress import Steps
from bench.results import Goal, Row, compared
from bench.rig import Rig, drained
from bench.samples import rss_mib
from bench.wrk import NEW_LISTENERS, POOL
from tests.support.service import Service

STEPS_A_ROUND: Final = 3

_GOAL: Final = 0.35
_MEMORY_GOAL_MIB: Final = 150.0


@dataclass(frozen=True, slots=True)
class Through:
    """Events a second all the way; `behind_s`: how long the backlog at the end of the load took."""

    rate: float
    behind_s: float


@dataclass(slots=True)
class _Found:
    durable: list[float] = field(default_factory=list)
    new: list[Through] = field(default_factory=list)
    pool: list[Through] = field(default_factory=list)
    peaks_mib: list[float] = field(default_factory=list)
    ends_mib: list[float] = field(default_factory=list)


def through(rig: Rig, service: Service, seconds: int, *, listeners: int = NEW_LISTENERS) -> Through:
    """One run."""
    run = rig.load(service.beacon, seconds, listeners=listeners)
    behind_s = drained(service)
    return Through(run.accepted / (run.duration_us / 1e6 + behind_s), behind_s)


def measure(rig: Rig, plan: Plan, steps: Steps) -> list[Row]:
    """The rows of sustained rates and of memory; each round has an empty database."""
    found = _Found()
    for number in range(1, plan.rounds + 1):
        database_url = rig.postgres.new_database()
        with rig.service(database_url) as service:
            steps.step(f"Durable rate to compare with, {number} of {plan.rounds}")
            found.durable.append(held(rig, service, database_url, service.beacon, plan.door_s).per_second)
            drained(service)
            steps.step(f"Into PostgreSQL, all listeners new, {plan.sustained_s} s, {number} of {plan.rounds}")
            found.new.append(through(rig, service, plan.sustained_s))
            steps.step(f"Into PostgreSQL, {POOL:,} listeners, {plan.stored_s} s, {number} of {plan.rounds}")
            found.pool.append(through(rig, service, plan.stored_s, listeners=POOL))
            found.peaks_mib.append(rss_mib(service.process.pid, peak=True))
            found.ends_mib.append(rss_mib(service.process.pid))
    return _rows(found)


def _rows(found: _Found) -> list[Row]:
    new = [through.rate for through in found.new]
    pool = [through.rate for through in found.pool]
    behind = statistics.median(through.behind_s for through in found.new)
    return [
        compared(
            "Into PostgreSQL, mode `both`, all ids new", "events/s", new, "the durable rate", found.durable, _GOAL
        ),
        compared(f"The same, a pool of {POOL:,} listeners", "events/s", pool, "the durable rate", found.durable),
        Row("How far counting was behind after that load", behind, "s"),
        Row(
            "Memory of the service at full load, its peak",
            statistics.median(found.peaks_mib),
            "MiB",
            goal=_MEMORY_GOAL_MIB,
            side=Goal.AT_MOST,
            samples=found.peaks_mib,
        ),
        Row("The same, after the load", statistics.median(found.ends_mib), "MiB", samples=found.ends_mib),
    ]
