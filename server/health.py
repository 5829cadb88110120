"""How the installation is: the ledger over all processes, the spools, the database, the salt, the last check."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import trio
from quart import Blueprint, Response

from actors.ledger import Reason
from actors.networks import Way
from actors.processes import Process, summed
from actors.pulse import Pulse
from actors.report import Report
from privacy.modes import Mode, derives
from server.access.rules import Rule, Scope
from server.standing import VERSION
from storage import vitals
from storage.bridge import Database, DatabaseUnavailable
from storage.vitals import Vitals

ACCESS: Final[dict[str, Rule]] = {"health.health": Scope.ADMIN}
_PATIENCE_S: Final = 3.0  # a page that says the database is away must not wait for it
_LATE_S: Final = 60.0  # counting takes a second; what waits for a minute waits for something


@dataclass(frozen=True, slots=True)
class Health:
    """As of `at`. `total` is the sum over the processes that live."""

    at: datetime
    processes: Sequence[Process]
    total: Report
    vitals: Vitals | None  # None: the database does not answer
    needs_salt: bool

    @property
    def living(self) -> list[Process]:
        """Those that are not gone."""
        return [one for one in self.processes if not one.gone]

    @property
    def salt_age_s(self) -> float | None:
        """None where there is no salt, or nobody can say."""
        made = self.vitals.salt_made_at if self.vitals else None
        return None if made is None else (self.at - made).total_seconds()

    @property
    def uptime_s(self) -> float:
        """Of the process that has run longest."""
        return self.at.timestamp() - self.total.started_at

    def troubles(self) -> Iterator[str]:
        """What somebody should look at, a sentence each."""
        total = self.total
        if self.vitals is None:
            yield "The database does not answer. Events are still taken, and are counted once it is back."
        for one in self.living:
            if one.report.missing:
                yield f"The ledger of worker {one.report.worker} does not add up, by {one.report.missing:,}."
        if total.oldest_s > _LATE_S:
            yield f"Events have waited for {total.oldest_s:,.0f} s to be counted."
        yield from self._silence()
        if total.one_network:
            yield f"All {total.network_events:,} events of the last hour came {_CAME[Way(total.network_way)]}"
        if total.salt_overdue:
            yield "The salt of the day is overdue: plays count, and today's listeners do not."
        if total.differences:
            yield f"The last check found {total.differences:,} counters that differ from the log; see `tonearm check`."
        for one in self.processes:
            if one.gone and not one.ended:
                yield f"Worker {one.report.worker} ({one.source[:6]}) has not been heard of for {one.heard_s:,.0f} s."
        if len({one.report.mode for one in self.living}) > 1:
            yield "The processes have different privacy modes."
        if len({one.report.version for one in self.living}) > 1:
            yield "The processes are of different versions."

    def _silence(self) -> Iterator[str]:
        """Of each process that sends canaries; several machines often have the same to say."""
        since: dict[str, int] = {}
        for report in (one.report for one in self.living):
            if report.canary_overdue:
                began = report.canary_at or report.started_at
                since[report.canary_trouble] = min(began, since.get(report.canary_trouble, began))
        for trouble, began in since.items():
            yield f"No canary event has been counted for {_span(self.at.timestamp() - began)}. {trouble}"


_LISTENERS_ARE_ONE: Final = "All listeners share one rate limit, and are one listener of the day."
_CAME: Final = {
    Way.UNTOLD: "by a proxy that does not say who sends them. " + _LISTENERS_ARE_ONE + " Let the proxy "
    "send X-Forwarded-For, and name it in http.trusted_proxies.",
    Way.UNBELIEVED: "by a proxy whose X-Forwarded-For is not believed. " + _LISTENERS_ARE_ONE + " Name the "
    'proxy in http.trusted_proxies: its network, or "unix" where it comes by a unix socket.',
    Way.ADDRESS: "from one network. If a proxy or a load balancer stands in front, it hides who sends: let it send "
    "X-Forwarded-For, and name it in http.trusted_proxies. If they are one venue's or one test's, all is well.",
}


def _span(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"


@dataclass(frozen=True, slots=True)
class Examiner:
    """Finds out."""

    pulse: Pulse
    database: Database
    now: Callable[[], float]  # seconds since 1970

    async def look(self) -> Health:
        """As it is now."""
        found = await self._vitals()
        processes = self.pulse.processes()
        total = summed(one.report for one in processes if not one.gone)
        assert total is not None  # this one lives
        needs = derives(Mode(total.mode), objected=False).token
        return Health(datetime.fromtimestamp(self.now(), UTC), processes, total, found, needs)

    async def _vitals(self) -> Vitals | None:
        try:
            with trio.fail_after(_PATIENCE_S):
                return await self.database.run(vitals.read)
        except (DatabaseUnavailable, trio.TooSlowError):
            return None


def as_json(health: Health) -> dict[str, Any]:
    """For programs. Times are ISO 8601, sizes bytes, durations seconds."""
    total, found = health.total, health.vitals
    troubles = list(health.troubles())
    return {
        "ok": not troubles,
        "troubles": troubles,
        "at": _iso(health.at.timestamp()),
        "version": VERSION,
        "mode": total.mode,
        "startedAt": _iso(total.started_at),
        "uptimeS": int(health.uptime_s),
        "ledger": ledger_as_json(total),
        "spool": spool_as_json(total),
        "clients": clients_as_json(total),
        "canary": canary_as_json(total),
        "database": None if found is None else {"version": found.version, "bytes": found.size},
        "salt": {
            "needed": health.needs_salt,
            "overdue": total.salt_overdue,
            "day": found.salt_day.isoformat() if found and found.salt_day else None,
            "ageS": None if health.salt_age_s is None else int(health.salt_age_s),
        },
        "check": {
            "at": _iso(total.checked_at) if total.checked_at else None,
            "differences": total.differences if total.checked_at else None,
        },
        "processes": [
            {
                "id": one.source,
                "worker": one.report.worker,
                "version": one.report.version,
                "mode": one.report.mode,
                "startedAt": _iso(one.report.started_at),
                "heardS": round(one.heard_s, 1),
                "gone": one.gone,
                "ended": one.ended,
                "leads": one.report.leads and not one.gone,
                "ledger": ledger_as_json(one.report),
                "spool": spool_as_json(one.report),
                "clients": clients_as_json(one.report),
                "canary": canary_as_json(one.report),
            }
            for one in health.processes
        ],
    }


def ledger_as_json(report: Report) -> dict[str, Any]:
    """received + recovered = counted + duplicate + canary + waiting + spooled + the sum of `refused` + missing."""
    return {
        "received": report.received,
        "recovered": report.recovered,
        "counted": report.counted,
        "duplicate": report.duplicate,
        "canary": report.canary,
        "waiting": report.waiting,
        "spooled": report.spooled,
        "refused": {reason.value: report.refused_for(reason) for reason in Reason},
        "missing": report.missing,
        "addsUp": report.missing == 0,
    }


def spool_as_json(report: Report) -> dict[str, Any]:
    """What waits to be counted."""
    return {
        "events": report.spooled,
        "bytes": report.spool_bytes,
        "oldestS": report.oldest_s,
        "lagS": report.lag_s,
    }


def clients_as_json(report: Report) -> dict[str, Any]:
    """From how many networks events came in the last hour; of several processes the greatest number."""
    return {
        "networks": report.networks,
        "events": report.network_events,
        "oneNetwork": report.one_network,
        "way": report.network_way or None,
    }


def canary_as_json(report: Report) -> dict[str, Any]:
    """null for what is not known: none is sent by this process, none was seen yet, none is overdue."""
    return {
        "everyS": report.canary_every_s or None,
        "at": _iso(report.canary_at) if report.canary_at else None,
        "tookS": report.canary_s if report.canary_at else None,
        "overdue": report.canary_overdue,
        "trouble": report.canary_trouble or None,
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def blueprint(examiner: Examiner) -> Blueprint:
    """`GET /api/health`."""
    routes = Blueprint("health", __name__)

    @routes.get("/api/health")
    async def health() -> Response:
        body = msgspec.json.encode(as_json(await examiner.look()))
        return Response(body, content_type="application/json", headers={"cache-control": "no-store"})

    return routes
