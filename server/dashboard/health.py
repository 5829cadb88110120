"""How the service is: every received request in one named outcome, what waits, the database, the salt, the check."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from quart import Blueprint

from actors.ledger import Reason
from actors.networks import MOST
from actors.report import Report
from server.access.rules import Rule, Scope
from server.dashboard import measures
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from server.dashboard.tables import Column, Table
from server.health import Health
from server.standing import VERSION

ACCESS: Final[dict[str, Rule]] = dict.fromkeys(access("health"), Scope.ADMIN)
_REASONS: Final = {
    Reason.MALFORMED: "it was not an event",
    Reason.NOT_FOUND: "there is no such event",
    Reason.HEADERS: "its head was too large",
    Reason.CRAWLER: "a known crawler sent it",
    Reason.ORIGIN: "it came from a page of another site",
    Reason.METHOD: "it was not a POST",
    Reason.SLOW: "it did not arrive in time",
    Reason.TOO_LARGE: "its body was too large",
    Reason.MEDIA_TYPE: "its content type was another",
    Reason.RATE: "its sender had sent too many",
    Reason.UNAVAILABLE: "it could not be made durable then",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of so many events."""

    name: str
    means: str
    number: int


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes. `GET /api/health` says the same to programs."""

    async def build() -> Sheet:
        health = await desk.examiner.look()
        says = {
            "health": health,
            "total": health.total,
            "troubles": list(health.troubles()),
            "outcomes": outcomes(health.total),
            "measures": measures,
            "version": VERSION,
            "checked": _moment(health.total.checked_at, desk),
            "seen": _moment(health.total.canary_at, desk),
            "most": MOST,
            "as_of": measures.moment(health.at.astimezone(desk.zone)),
            "started": lambda report: _moment(report.started_at, desk),
        }
        return Sheet("dashboard/health.html", "health", says, [_table(health)])

    add_page(routes, desk.room, "health", build)


def outcomes(report: Report) -> list[Outcome]:
    """Every one there is; together they are what was received and recovered."""
    return [
        Outcome("Counted", "in the database", report.counted),
        Outcome("Known already", "sent again by a browser, and counted once", report.duplicate),
        Outcome("Canary", "sent by the service itself, to see that events arrive", report.canary),
        Outcome("In the spool", "on the disk, about to be counted", report.spooled),
        Outcome("On its way to the disk", "without an answer so far", report.waiting),
        *(Outcome(f"Refused: {reason.value}", means, report.refused_for(reason)) for reason, means in _REASONS.items()),
    ]


def _table(health: Health) -> Table:
    reports = [one.report for one in health.processes]
    columns = [Column("Outcome", "outcome", "text"), Column("All", "all")]
    columns += [
        Column(f"Worker {one.report.worker}{' (gone)' if one.gone else ''}", f"worker{number}")
        for number, one in enumerate(health.processes)
    ]
    lines = [outcomes(report) for report in (health.total, *reports)]
    rows = [[line[0].name, *(outcome.number for outcome in line)] for line in zip(*lines, strict=True)]
    every = (health.total, *reports)
    rows.append(["Received", *(report.received for report in every)])
    rows.append(["Found in the spool at the start", *(report.recovered for report in every)])
    rows.append(["Without an outcome", *(report.missing for report in every)])
    return Table("ledger", "What became of every event, by process", columns, rows)


def _moment(seconds: int, desk: Desk) -> str | None:
    return measures.moment(datetime.fromtimestamp(seconds, desk.zone)) if seconds else None
