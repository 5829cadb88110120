"""The operator's API, route by route. Routing, access rules and the OpenAPI document are made from this table."""

from collections.abc import Iterator
from typing import Final, Literal

from server.access.rules import ANYBODY, Scope
from server.answers import (
    Breakdown,
    CatalogChanges,
    CatalogDocument,
    CatalogPage,
    CatalogRelease,
    CatalogTrack,
    Figures,
    Leaderboard,
    ReleaseBody,
    Series,
    TrackBody,
)
from server.api import catalog, figures, refusals
from server.api.parameters import Board, CatalogQuery, Nothing, Split, Steps, TrackBoard
from server.api.route import Content, Handler, Route

_FIGURES: Final = "Figures"
_BOARDS: Final = "Leaderboards"
_CATALOG: Final = "Catalog"
_DOCUMENT: Final = "This document"

Targets = tuple[tuple[str, Literal["site", "track", "release"], str], ...]
_TARGETS: Final[Targets] = (
    ("home", "site", "the site"),
    ("track/{key}", "track", "a track"),
    ("release/{key}", "release", "a release"),
)


def _of_each_target(
    name: str, summary: str, says: str, query: type[Steps | Split], answer: Content, handler: Handler
) -> Iterator[Route]:
    for path, kind, noun in _TARGETS:
        yield Route(
            endpoint=f"{name}_{path.partition('/')[0]}",
            path=f"/api/{name}/{path}",
            kind=kind,
            rule=Scope.READ,
            tag=_FIGURES,
            summary=summary.format(noun),
            says=says,
            query=query,
            answers={200: answer},
            refusals=[refusals.QUERY, refusals.DATABASE] + ([] if kind == "site" else [refusals.NOT_FOUND]),
            handler=handler,
            cached=True,
        )


_BOARD_SAYS: Final = (
    "What is in the catalog is on the board with nothing counted, too; equals are in the order of keys. "
    "Pages follow `next`. All pages are about the days of the first one, also past midnight. While no figure changes, "
    "each entry is on exactly one page. While plays come in, a board sorted by `plays`, `shares`, `via` or `listeners` "
    "in descending order, or by `title`, shows no entry twice; one that overtakes the place reached meanwhile is "
    "missed until you begin again. In other orders an entry whose figure changes can be on two pages: tell them "
    "apart by `key`, or take one page of 1000."
)


def _board(kind: Literal["track", "release"], query: type[Board], handler: Handler) -> Route:
    return Route(
        endpoint=f"{kind}s",
        path=f"/api/{kind}s",
        rule=Scope.READ,
        tag=_BOARDS,
        summary=f"{kind.capitalize()}s side by side",
        says=_BOARD_SAYS,
        query=query,
        answers={200: Content("A page.", Leaderboard)},
        refusals=[refusals.QUERY, refusals.DATABASE],
        handler=handler,
        cached=True,
    )


def _entry(kind: Literal["track", "release"], form: type[CatalogTrack | CatalogRelease], handler: Handler) -> Route:
    return Route(
        endpoint=f"catalog_{kind}",
        path=f"/api/catalog/{kind}/{{key}}",
        kind=kind,
        rule=Scope.READ,
        tag=_CATALOG,
        summary=f"A {kind} as the catalog has it",
        query=Nothing,
        answers={200: Content("The entry.", form)},
        refusals=[refusals.QUERY, refusals.NOT_FOUND, refusals.DATABASE],
        handler=handler,
        cached=True,
    )


_CHANGED: Final = Content("What was added and changed.", CatalogChanges)
_PUT_REFUSALS: Final = [
    refusals.QUERY,
    refusals.CATALOG,
    refusals.SLOW,
    refusals.UNKNOWN_RELEASE,
    refusals.TOO_LARGE,
    refusals.MEDIA_TYPE,
    refusals.DATABASE,
]


def _put(kind: Literal["track", "release"], form: type[TrackBody | ReleaseBody], example: dict[str, object]) -> Route:
    return Route(
        method="PUT",
        endpoint=f"put_{kind}",
        path=f"/api/catalog/{kind}/{{key}}",
        kind=kind,
        rule=Scope.CATALOG,
        tag=_CATALOG,
        summary=f"Add or change one {kind}",
        says="The entry becomes what the body says: a field that is left out is empty afterwards.",
        query=Nothing,
        takes=Content(f"The {kind}; its key stands in the address.", form, example=example),
        answers={200: _CHANGED, 201: Content("The entry is new.", CatalogChanges)},
        refusals=[*_PUT_REFUSALS, refusals.NOT_FOUND],
        handler=catalog.put_one,
    )


ROUTES: Final[tuple[Route, ...]] = (
    *_of_each_target(
        "figures",
        "Totals of {}",
        "The sums of a range, beside as many days before it and all time.",
        Steps,
        Content("The figures.", Figures),
        figures.in_range,
    ),
    *_of_each_target(
        "series",
        "Time series of {}",
        "Day by day, week by week or month by month, beside as many days before. Weeks begin on Monday (ISO 8601).",
        Steps,
        Content("The series.", Series),
        figures.step_by_step,
    ),
    *_of_each_target(
        "breakdown",
        "What totals of {} are made of",
        "Plays by bucket or by what brought them, shares by channel, or the site's plays by medium.",
        Split,
        Content("The parts, which add up to the total.", Breakdown),
        figures.split,
    ),
    _board("track", TrackBoard, figures.tracks),
    _board("release", Board, figures.releases),
    Route(
        endpoint="catalog",
        path="/api/catalog",
        rule=Scope.READ,
        tag=_CATALOG,
        summary="The catalog, page by page",
        says="In the order of keys, which never change: what was there at the first page is on exactly one page.",
        query=CatalogQuery,
        answers={200: Content("A page.", CatalogPage)},
        refusals=[refusals.QUERY, refusals.DATABASE],
        handler=catalog.page,
        cached=True,
    ),
    Route(
        method="PUT",
        endpoint="put_catalog",
        path="/api/catalog",
        rule=Scope.CATALOG,
        tag=_CATALOG,
        summary="Add and change tracks and releases",
        says="The document that `tonearm catalog load` takes as JSON: all of it, or with a mistake in it nothing. "
        "What it does not name stays; nothing is deleted. Up to 16 MiB (`[limits] catalog_mib`).",
        query=Nothing,
        takes=Content(
            "Releases and tracks.",
            CatalogDocument,
            example={
                "releases": [{"key": "night-ferry", "title": "Night Ferry", "medium": "album"}],
                "tracks": [
                    {"key": "harbour-lights", "title": "Harbour Lights", "release": "night-ferry", "position": 1}
                ],
            },
        ),
        answers={200: _CHANGED},
        refusals=_PUT_REFUSALS,
        handler=catalog.put_document,
        large=True,
    ),
    _entry("track", CatalogTrack, catalog.one_track),
    _put("track", TrackBody, {"title": "Harbour Lights", "release": "night-ferry", "position": 1}),
    _entry("release", CatalogRelease, catalog.one_release),
    _put("release", ReleaseBody, {"title": "Night Ferry", "medium": "album"}),
    Route(
        endpoint="openapi",
        path="/api/openapi.json",
        rule=ANYBODY,
        tag=_DOCUMENT,
        summary="The API as OpenAPI 3.1",
        answers={200: Content("The document.")},
        cached=True,
    ),
    Route(
        endpoint="docs",
        path="/api/docs",
        rule=ANYBODY,
        tag=_DOCUMENT,
        summary="The same as a page",
        answers={200: Content("The page.", media_types=("text/html",))},
        cached=True,
    ),
    Route(
        endpoint="docs_css",
        path="/api/docs.css",
        rule=ANYBODY,
        tag=_DOCUMENT,
        summary="The page's style",
        answers={200: Content("The style sheet.", media_types=("text/css",))},
        cached=True,
    ),
)
