"""The quart-trio app: the read API, the tracker, the demo, and the event routes as well (DESIGN §5).

It decides nothing about events: they go to `server.events`, as they do from any other door.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from zoneinfo import ZoneInfo

from quart import Response, g, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge, RequestTimeout

from actors.histogram import Histogram
from actors.ledger import Reason
from actors.meters import Meters
from actors.pulse import Pulse
from privacy.modes import Mode
from server import api, badges, dashboard, health, probes, stats, stream, tracker_files
from server.access import pages as access_pages
from server.access.rules import ANYBODY, Rule, guard
from server.access.ways import Access
from server.api import export, upload
from server.bodies import MOST_BYTES
from server.dashboard.desk import Desk
from server.demo import pages as demo_pages
from server.events import TOO_LARGE, TOO_SLOW, Events, Request
from server.limiter import Limiter
from server.metrics import Metrics
from server.problems import not_found, problem
from server.questions import Asker
from server.readiness import Readiness
from server.respond import as_response
from server.titles import Titles
from storage.bridge import Database
from storage.retention import Keep

_FORWARDED: Final = ("x-forwarded-for", "forwarded")  # somebody else asked than who is at the other end
_BODY_TIMEOUT_S: Final = 10  # a beacon's 200 bytes arrive in one packet; who needs longer is not a browser
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app is made of."""

    events: Events
    database: Database
    mode: Callable[[], Mode]
    today: Callable[[], date]  # on the site's clock
    metrics: Metrics
    readiness: Readiness
    api_limiter: Limiter
    link_limiter: Limiter  # of pages behind share links
    demo_audio: Path | None  # the demo's audio folder; None: no demo
    access: Access  # to what is the operator's
    pulse: Pulse
    now: Callable[[], float]  # seconds since 1970
    zone: ZoneInfo  # of the site
    keep: Keep
    min_listeners: int = 0  # smaller counts of listeners are not shown
    catalog_bytes: int = 16 << 20  # of one catalog that is sent
    meters: Meters = field(default_factory=Meters)


_OWN_ACCESS: Final[dict[str, Rule]] = {"event": ANYBODY, "in_prometheus_form": ANYBODY}
_NOT_TIMED: Final = ("in_prometheus_form", *probes.ACCESS)  # who asks how it is must not be most of what it did


class _App(QuartTrio):
    """Says which route failed, never which address: that may be a share link, or name a listener's id."""

    def log_exception(self, exception_info: Any) -> None:
        self.logger.error("Exception in %s", request.endpoint, exc_info=exception_info)


def build(parts: Parts) -> QuartTrio:
    """The app, ready to be served."""
    app = _App("tonearm", static_folder=None)
    app.request_class, app.asgi_http_class = upload.Request, upload.Connection
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.config["BODY_TIMEOUT"] = _BODY_TIMEOUT_S
    app.url_map.merge_slashes = False  # a key may hold two slashes in a row
    app.url_map.converters["key"] = stats.Key

    def view(days: str | None) -> stats.View:
        return stats.View(parts.mode(), parts.today(), days, parts.min_listeners)

    _add_times(app, parts.meters.http_seconds)  # first: what the guard takes is part of it
    app.register_blueprint(stats.blueprint(parts.database, view))
    app.register_blueprint(badges.blueprint(parts.database, view))
    app.register_blueprint(api.blueprint(_api(parts)))
    if parts.demo_audio is not None:
        app.register_blueprint(demo_pages.blueprint(parts.demo_audio))
    source = stream.Source(parts.pulse, Titles(parts.database))
    examiner = health.Examiner(parts.pulse, parts.database, parts.now)
    app.register_blueprint(stream.blueprint(source))
    app.register_blueprint(health.blueprint(examiner))
    _add_dashboard(app, parts, source, examiner)
    app.register_blueprint(export.blueprint(parts.database))
    _add_events(app, parts.events)
    app.register_blueprint(tracker_files.blueprint(tracker_files.TrackerFiles()))
    _add_metrics(app, parts.metrics, parts.readiness)
    app.register_blueprint(probes.blueprint(parts.readiness))
    app.register_blueprint(access_pages.blueprint(parts.access))
    _add_manners(app, parts.events)
    guard(app, access_rules(), parts.access.ways, parts.access.shared, parts.access.forms)
    return app


def access_rules() -> dict[str, Rule]:
    """Every endpoint's rule."""
    own = _OWN_ACCESS | access_pages.ACCESS | dashboard.ACCESS | api.ACCESS
    own |= stream.ACCESS | health.ACCESS | export.ACCESS | probes.ACCESS
    return own | stats.ACCESS | badges.ACCESS | tracker_files.ACCESS | demo_pages.ACCESS


def _add_dashboard(app: QuartTrio, parts: Parts, source: stream.Source, examiner: health.Examiner) -> None:
    desk = Desk(parts.database, parts.mode, parts.today, parts.min_listeners, source, examiner, parts.zone, parts.keep)
    app.register_blueprint(dashboard.files())
    app.register_blueprint(dashboard.blueprint(desk), url_prefix="/dashboard")
    app.register_blueprint(dashboard.behind_links(desk, parts.link_limiter), url_prefix="/shared/<link>")


def _api(parts: Parts) -> api.Api:
    return api.Api(
        parts.database,
        lambda: Asker(parts.today(), parts.zone.key, parts.mode()),
        parts.api_limiter,
        parts.catalog_bytes,
        parts.min_listeners,
    )


def _add_events(app: QuartTrio, events: Events) -> None:
    @app.route("/api/event/", methods=_METHODS, defaults={"rest": ""})
    @app.route("/api/event/<path:rest>", methods=_METHODS)
    async def event(rest: str) -> Response:
        asked = Request(
            method=request.method,
            path=request.path,
            headers=_headers(),
            body=b"",
            peer=_peer(),
        )
        try:
            asked.body = await request.get_data(as_text=False)  # type: ignore[assignment]  # bytes, says as_text
        except RequestEntityTooLarge:
            return as_response(events.unreadable(Reason.TOO_LARGE, TOO_LARGE))
        except RequestTimeout:
            return as_response(events.unreadable(Reason.SLOW, TOO_SLOW))
        return as_response(await events.answer(asked))


def _headers() -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _peer() -> str | None:
    """The socket's peer; Hypercorn has none to tell for a unix socket."""
    client = request.scope.get("client")
    return client[0] if client and client[0] else None


def _add_times(app: QuartTrio, seconds: Histogram) -> None:
    @app.before_request
    async def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    async def observe(response: Response) -> Response:
        if "began" in g and request.endpoint not in _NOT_TIMED:
            seconds.observe(perf_counter() - g.began)
        return response


def _add_metrics(app: QuartTrio, metrics: Metrics, readiness: Readiness) -> None:
    @app.get("/metrics")
    async def in_prometheus_form() -> Response:
        if any(name in request.headers for name in _FORWARDED):
            return as_response(not_found("The metrics are not told through a proxy; ask the service itself for them."))
        await readiness.looked()
        return Response(metrics.text(), content_type=metrics.CONTENT_TYPE, headers={"cache-control": "no-store"})


def _add_manners(app: QuartTrio, events: Events) -> None:
    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status == 404:
            return as_response(not_found("There is nothing at this address."))
        if isinstance(error, MethodNotAllowed) and request.path.startswith("/api/event/"):
            # A method that is in no list at all; the contract's own answer, as the other door gives it.
            asked = Request(request.method, request.path, _headers(), b"", _peer())
            return as_response(await events.answer(asked))
        if isinstance(error, MethodNotAllowed):
            allow = ", ".join(sorted(error.valid_methods or ()))
            detail = f"This address answers {allow} alone."
            return as_response(problem(405, Reason.METHOD, "Wrong method", detail, {"allow": allow}))
        return as_response(problem(status, error.name.lower().replace(" ", "-"), error.name, _detail(error)))

    @app.after_request
    async def add_headers(response: Response) -> Response:
        response.headers.setdefault("x-content-type-options", "nosniff")
        response.headers.setdefault("referrer-policy", "strict-origin-when-cross-origin")
        return response


def _detail(error: HTTPException) -> str:
    return error.description or f"The request cannot be answered ({error.name})."
