"""Routes that other modules serve, as the OpenAPI document describes them. One that is not served is left out there."""

from collections.abc import Iterator
from typing import Final, Literal

from server.access.rules import ANYBODY, Scope
from server.answers import Alive, PublicFigures, Ready, TrackerConfig
from server.api import refusals
from server.api.parameters import Badge, Export, ListenerDays
from server.api.route import Content, Route
from server.bodies import ForgetBody, PlayBody, ShareBody

_PUBLIC: Final = "Public figures"
_EVENTS: Final = "Events"
_SERVICE: Final = "Service"
_EVENT_TYPES: Final = ("application/json", "text/plain")
_EVENT_REFUSALS: Final = (
    refusals.MALFORMED,
    refusals.NOT_THE_SITES,
    refusals.SLOW,
    refusals.TOO_LARGE,
    refusals.MEDIA_TYPE,
    refusals.RATE,
    refusals.UNAVAILABLE,
)

_TARGETS: Final[tuple[tuple[str, Literal["site", "track", "release"], str], ...]] = (
    ("home", "site", "the site"),
    ("track/{key}", "track", "a track"),
    ("release/{key}", "release", "a release"),
)


def _stats() -> Iterator[Route]:
    for path, kind, noun in _TARGETS:
        yield Route(
            endpoint=f"stats.{path.partition('/')[0]}",
            path=f"/api/stats/{path}",
            kind=kind,
            rule=ANYBODY,
            tag=_PUBLIC,
            summary=f"All-time figures of {noun}",
            says="For pages of any origin, and kept for a second. Small counts of listeners can be hidden "
            "(`[stats] min_listeners`).",
            query=ListenerDays,
            answers={200: Content("The figures.", PublicFigures)},
            refusals=[refusals.DAYS, refusals.DATABASE] + ([] if kind == "site" else [refusals.NOT_FOUND]),
            cached=True,
        )


def _exports() -> Iterator[Route]:
    for what, holds in (("events", "The log of plays and shares"), ("days", "The figures of every day")):
        yield Route(
            endpoint=f"export.{what}",
            path=f"/api/export/{what}",
            rule=Scope.ADMIN,
            tag=_SERVICE,
            summary=f"{holds} as a file",
            says="As it is at one moment, without listeners, one export at a time.",
            query=Export,
            answers={200: Content("The file, as a stream.", media_types=("text/csv", "application/x-ndjson"))},
            refusals=[refusals.QUERY, refusals.ANOTHER_EXPORT, refusals.DATABASE],
        )


def _badges() -> Iterator[Route]:
    for path, kind, noun in _TARGETS:
        yield Route(
            endpoint=f"badges.{path.partition('/')[0]}",
            path=f"/badge/{path}.svg",
            kind=kind,
            rule=ANYBODY,
            tag=_PUBLIC,
            summary=f"A counter of {noun} as an image",
            query=Badge,
            answers={200: Content("The image.", media_types=("image/svg+xml",))},
            refusals=[refusals.BADGE, refusals.DATABASE] + ([] if kind == "site" else [refusals.NOT_FOUND]),
            cached=True,
        )


def _event(
    name: str, summary: str, says: str, form: type[PlayBody | ShareBody | ForgetBody], example: dict[str, str]
) -> Route:
    return Route(
        method="POST",
        endpoint="event",
        path=f"/api/event/{name}",
        rule=ANYBODY,
        tag=_EVENTS,
        summary=summary,
        says=says,
        takes=Content("At most 2 KiB; further fields are ignored.", form, _EVENT_TYPES, example),
        answers={202: Content("It is on disk.", media_types=())},
        refusals=_EVENT_REFUSALS,
    )


_LISTENER: Final = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"

DESCRIBED: Final[tuple[Route, ...]] = (
    Route(
        endpoint="stream.live",
        path="/api/live",
        rule=Scope.READ,
        tag=_SERVICE,
        summary="Plays and shares as they are counted",
        says="Server-sent events, until either side ends the connection. `hour`: the last hour, first and each minute. "
        "`counted`: what was counted in about the last second. `lost`: so many `counted` were left out.",
        answers={200: Content("The stream.", media_types=("text/event-stream",))},
        refusals=[refusals.STREAMS],
    ),
    Route(
        endpoint="health.health",
        path="/api/health",
        rule=Scope.ADMIN,
        tag=_SERVICE,
        summary="The ledger and the state of the service",
        says="Every received request is in one named outcome, and they add up.",
        answers={200: Content("The state.")},
    ),
    *_exports(),
    *_stats(),
    *_badges(),
    _event(
        "play",
        "Count a play",
        "`202` means durable: it survives a crash, and is counted exactly once.",
        PlayBody,
        {"trackEntryKey": "harbour-lights", "bucket": "complete"},
    ),
    _event(
        "share",
        "Count a share",
        "After the link or the embed was copied. `202` means durable.",
        ShareBody,
        {"targetType": "track", "targetKey": "harbour-lights", "channel": "link"},
    ),
    _event(
        "forget",
        "Forget a listener",
        "Erases this id from the log and from the sets of listeners.",
        ForgetBody,
        {"anonId": _LISTENER},
    ),
    Route(
        endpoint="event",
        path="/api/event/config",
        rule=ANYBODY,
        tag=_EVENTS,
        summary="What the tracker must know",
        says="Until it knows, it mints and stores nothing. Kept for a minute.",
        answers={200: Content("The privacy mode.", TrackerConfig)},
    ),
    Route(
        endpoint="in_prometheus_form",
        path="/metrics",
        rule=ANYBODY,
        tag=_SERVICE,
        summary="The service in numbers, for Prometheus",
        says="For who asks the service itself; through a proxy (`X-Forwarded-For`, `Forwarded`) there is nothing. "
        "Numbers alone, nothing about a listener.",
        answers={200: Content("The metrics.", media_types=("text/plain",))},
        refusals=[refusals.FORWARDED],
    ),
    Route(
        endpoint="probes.healthz",
        path="/healthz",
        rule=ANYBODY,
        tag=_SERVICE,
        summary="Whether this process is alive",
        says="`200` as long as its event loop turns; says nothing else. The same at the beacon listener.",
        answers={200: Content("It is.", Alive)},
    ),
    Route(
        endpoint="probes.readyz",
        path="/readyz",
        rule=ANYBODY,
        tag=_SERVICE,
        summary="Whether this process takes events durably now",
        says="A database that is away is named and is no reason: events wait for it. The same at the beacon listener, "
        "which answers as of the question before.",
        answers={200: Content("It does.", Ready)},
        refusals=[refusals.NOT_READY],
    ),
)
