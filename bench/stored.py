"""Whether what is stored slows down what comes: the same rate and the same read, on a full and on an empty database.

Both services run side by side, each on its database, and take turns.
"""

from dataclasses import dataclass, field
from typing import Final

import trio

from bench import fill, wrk
from bench.plan import Plan
from bench.progress import Steps
from bench.results import Goal, Row, Table, compared
from bench.rig import HOME, Rig
from bench.sustained import through
from storage.bridge import Address, open_database
from storage.check import Report, check
from tests.support.service import Service

STEPS_BEFORE: Final = 1
STEPS_A_ROUND: Final = 4
STEPS_AFTER: Final = 1

_RATE_GOAL: Final = 0.9
_READ_GOAL: Final = 1.2
_SEED: Final = 1
_READERS: Final = 4  # a page of a busy site; more would only measure their queue


@dataclass(slots=True)
class _Found:
    full_rates: list[float] = field(default_factory=list)
    empty_rates: list[float] = field(default_factory=list)
    full_reads_ms: list[float] = field(default_factory=list)
    empty_reads_ms: list[float] = field(default_factory=list)


def measure(rig: Rig, plan: Plan, steps: Steps) -> tuple[list[Row], Table]:
    """The rows, and what `tonearm check` says of both databases afterwards."""
    steps.step(f"Filling a database with {plan.stored_events:,} events")
    full_url, empty_url = rig.postgres.new_database(), rig.postgres.new_database()
    fill.fill_database(full_url, plan.stored_events, _SEED, lambda _: None)
    found = _Found()
    with rig.service(full_url) as full, rig.service(empty_url) as empty:
        for number in range(1, plan.rounds + 1):
            _round(rig, plan, steps, f"{number} of {plan.rounds}", full, empty, found)
        steps.step("Checking every counter")
        checked = [("full", _check(full_url)), ("empty at the start", _check(empty_url))]
    return _rows(plan, found), Table("check", "`tonearm check` after these runs", ("database", "it says"), checked)


def _round(rig: Rig, plan: Plan, steps: Steps, number: str, full: Service, empty: Service, found: _Found) -> None:
    steps.step(f"Into the empty database, {number}")
    found.empty_rates.append(through(rig, empty, plan.stored_s).rate)
    steps.step(f"Into the full database, {number}")
    found.full_rates.append(through(rig, full, plan.stored_s).rate)
    steps.step(f"Reading from the empty database, {number}")
    found.empty_reads_ms.append(_p99_ms(empty, plan.read_s))
    steps.step(f"Reading from the full database, {number}")
    found.full_reads_ms.append(_p99_ms(full, plan.read_s))


def _p99_ms(service: Service, seconds: int) -> float:
    return wrk.read_pages(service.url + HOME, seconds, connections=_READERS).p99_us / 1000


def _check(url: str) -> str:
    """What `tonearm check` does; the command as the tests start it has two minutes, ten million rows need more."""

    async def ask() -> Report:
        async with open_database(Address(url=url), connections=1) as database:
            return await database.transaction(check)

    report = trio.run(ask)
    log = f"{report.plays:,} plays and {report.shares:,} shares"
    return f"{len(report.differences)} counters differ from a log of {log}"


def _rows(plan: Plan, found: _Found) -> list[Row]:
    stored = f"{plan.stored_events:,} events stored"
    return [
        compared(
            f"Into PostgreSQL with {stored}",
            "events/s",
            found.full_rates,
            "an empty one",
            found.empty_rates,
            _RATE_GOAL,
        ),
        compared(
            f"`GET {HOME}`, 99 % within, with {stored}",
            "ms",
            found.full_reads_ms,
            "an empty database",
            found.empty_reads_ms,
            _READ_GOAL,
            Goal.AT_MOST,
        ),
    ]
