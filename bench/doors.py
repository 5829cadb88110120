"""Durable events a second: the beacon listener, the same routes on Quart-Trio/Hypercorn, the bare loop.

The rows with goals hold counting back: what is compared is a door and the disk, as in the design's prototype. The
same listener with everything behind it running is a row of its own.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bench import wrk
from bench.hold import counting_held
from bench.plan import Plan
from bench.progress import Steps
from bench.results import Row, Table, compared
from bench.rig import Rig, bare_loop, drained, waiting
from bench.wrk import POOL, BenchError, Run
from tests.support.service import Service

STEPS_A_ROUND: Final = 6
STEPS_AFTER: Final = 4  # one for each of the following

_CONNECTIONS: Final = (32, 64, 128, 256)

_QUART_GOAL: Final = 15.0
_BARE_GOAL: Final = 0.5


@dataclass(slots=True)
class _Rates:
    """Accepted per second, one sample a round."""

    beacon: list[float] = field(default_factory=list)
    quart: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    pool: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    running_bare: list[float] = field(default_factory=list)
    catch_up: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def measure(rig: Rig, plan: Plan, steps: Steps) -> tuple[list[Row], Table]:
    """The rows of the doors, and the listener's rate by the number of connections."""
    rates = _Rates()
    database_url = rig.postgres.new_database()
    with rig.service(database_url) as service, bare_loop() as bare:
        for number in range(1, plan.rounds + 1):
            _round(rig, plan, steps, f"{number} of {plan.rounds}", service, database_url, bare, rates)
        by_connections = _by_connections(rig, plan, steps, service, database_url, bare)
    return list(_rows(rates)), by_connections


def _round(
    rig: Rig, plan: Plan, steps: Steps, number: str, service: Service, database_url: str, bare: str, rates: _Rates
) -> None:
    steps.step(f"Beacon listener, counting held, {number}")
    run = held(rig, service, database_url, service.beacon, plan.door_s)
    rates.beacon.append(run.per_second)
    rates.p99_ms.append(run.p99_us / 1000)
    rates.catch_up.append(_caught_up(service))
    steps.step(f"Quart-Trio on Hypercorn, counting held, {number}")
    rates.quart.append(held(rig, service, database_url, service.url, plan.door_s).per_second)
    drained(service)
    steps.step(f"Bare loop, {number}")
    rates.bare.append(rig.load(bare, plan.door_s).per_second)
    steps.step(f"Beacon listener, {POOL:,} listeners, {number}")
    rates.pool.append(held(rig, service, database_url, service.beacon, plan.door_s, listeners=POOL).per_second)
    drained(service)
    steps.step(f"Beacon listener with counting, {number}")
    rates.running.append(rig.load(service.beacon, plan.door_s).per_second)
    drained(service)
    steps.step(f"Bare loop again, {number}")
    rates.running_bare.append(rig.load(bare, plan.door_s).per_second)


def held(
    rig: Rig,
    service: Service,
    database_url: str,
    url: str,
    seconds: int,
    *,
    listeners: int = wrk.NEW_LISTENERS,
    connections: int = wrk.CONNECTIONS,
) -> Run:
    """Load on one door while the counting waits. Raises BenchError where it did not."""
    with counting_held(database_url, seconds):
        run = rig.load(url, seconds, listeners=listeners, connections=connections)
        if waiting(service) < run.accepted:
            raise BenchError("Counting went on although it was held back; the rate would not be the door's alone.")
    return run


def _by_connections(rig: Rig, plan: Plan, steps: Steps, service: Service, database_url: str, bare: str) -> Table:
    """One pair for each number: a group commit is as large as the connections that wait allow."""
    cells = []
    for number in _CONNECTIONS:
        steps.step(f"Beacon listener and bare loop over {number} connections")
        run = held(rig, service, database_url, service.beacon, plan.door_s, connections=number)
        drained(service)
        yardstick = rig.load(bare, plan.door_s, connections=number).per_second
        latency = f"{run.p50_us / 1000:.1f} ms", f"{run.p99_us / 1000:.1f} ms"
        ratio = f"{run.per_second / yardstick:.2f} x"
        cells.append((str(number), f"{run.per_second:,.0f}", *latency, f"{yardstick:,.0f}", ratio))
    columns = ("connections", "durable events/s", "half within", "99 % within", "bare loop", "ratio")
    return Table("connections", "By the number of connections", columns, cells, "One pair of runs each, counting held.")


def _caught_up(service: Service) -> float:
    """Events counted a second while nothing new comes in."""
    behind = waiting(service)
    return behind / max(drained(service), 0.001)


def _rows(rates: _Rates) -> Iterable[Row]:
    name, unit = "Durable events through the beacon listener", "events/s"
    yield compared(name, unit, rates.beacon, "the same on Quart-Trio/Hypercorn", rates.quart, _QUART_GOAL)
    yield compared(name, unit, rates.beacon, "a bare loop that does nothing", rates.bare, _BARE_GOAL)
    yield compared("The same, a pool of 5,000 listeners", unit, rates.pool, "the bare loop", rates.bare)
    yield compared(
        "The same while everything is also counted", unit, rates.running, "the bare loop", rates.running_bare
    )
    yield Row("A backlog counted while nothing new comes", statistics.median(rates.catch_up), unit)
    yield Row("99 % of the 202s within", statistics.median(rates.p99_ms), "ms")
