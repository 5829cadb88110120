"""Leaderboards over HTTP: orders, filters, and pages that a cursor strings together."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest

from tests.integration.api_service import OPERATOR, Filled, filled_service, path_of, refused
from tests.support.http import ask
from tests.support.postgres import Postgres
from tests.support.service import eventually

SORTS: Final = ("plays", "completion", "shares", "listeners", "sharesPerHundredPlays", "via", "title")
_FIELD: Final = {
    "plays": "totalPlays",
    "completion": "completionRate",
    "shares": "totalShares",
    "listeners": "listeners",
    "sharesPerHundredPlays": "sharesPerHundredPlays",
    "via": "totalVia",
    "title": "title",
}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_service(postgres, tmp_path_factory.mktemp("boards")) as one:
        yield one


def pages(service: Filled, address: str, query: str) -> Iterator[list[dict[str, Any]]]:
    """Page after page; each but the first asked for by its cursor alone."""
    page = service.json(f"{address}?{query}")
    yield page["entries"]
    limit = query.partition("limit=")[2].partition("&")[0]
    while page["next"]:
        page = service.json(f"{address}?cursor={page['next']}&limit={limit}")
        yield page["entries"]


def keys(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["key"] for entry in entries]


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_make_up_the_whole_board(service: Filled, sort: str, order: str) -> None:
    query = f"range=90d&sort={sort}&order={order}"
    whole = service.json(f"/api/tracks?{query}&limit=1000")
    assert None is whole["next"]
    assert whole["total"] == len(whole["entries"]) == len(service.music.tracks) + 1
    paged = [entry for page in pages(service, "/api/tracks", f"{query}&limit=9") for entry in page]
    assert keys(whole["entries"]) == keys(paged)


@pytest.mark.parametrize("sort", SORTS)
def test_a_board_is_in_the_order_asked_for(service: Filled, sort: str) -> None:
    entries = service.json(f"/api/tracks?range=90d&sort={sort}&order=desc&limit=1000")["entries"]
    worth = [entry[_FIELD[sort]] for entry in entries]
    if sort == "title":
        assert sorted(worth, key=str.lower, reverse=True) == worth
    else:
        numbers = [-1 if one is None else one for one in worth]
        assert all(one >= other for one, other in pairwise(numbers))


def test_titles_begin_at_a_unless_asked_otherwise_and_figures_with_the_highest(service: Filled) -> None:
    titles = [entry["title"] for entry in service.json("/api/releases?sort=title&limit=1000")["entries"]]
    plays = [entry["totalPlays"] for entry in service.json("/api/releases?limit=1000")["entries"]]
    assert sorted(titles, key=str.lower) == titles
    assert sorted(plays, reverse=True) == plays


def test_an_entry_that_is_played_meanwhile_is_on_no_second_page(service: Filled) -> None:
    address = "/api/tracks?range=30d&sort=plays&limit=10"
    first = service.json(address)
    seen = first["entries"][-1]
    body = b'{"trackEntryKey": "%s", "bucket": "complete"}' % seen["key"].encode()
    for _ in range(3):
        assert 202 == ask(service.door, "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status
    figures = f"/api/figures/track/{path_of(seen['key'])}?range=30d"
    eventually(lambda: service.json(figures)["totals"]["totalPlays"] == seen["totalPlays"] + 3)
    rest: list[str] = []
    cursor = first["next"]
    while cursor:
        page = service.json(f"/api/tracks?cursor={cursor}&limit=10")
        rest, cursor = rest + keys(page["entries"]), page["next"]
    assert not set(rest) & set(keys(first["entries"]))
    assert len(rest) == len(set(rest)) == first["total"] - 10


def test_a_cursor_may_come_with_its_question_but_not_with_another(service: Filled) -> None:
    query = "range=90d&sort=shares&limit=5"
    following = service.json(f"/api/tracks?{query}")["next"]
    alone = service.json(f"/api/tracks?cursor={following}&limit=5")
    assert alone == service.json(f"/api/tracks?{query}&cursor={following}")
    detail = refused(service.get(f"/api/tracks?sort=plays&range=7d&cursor={following}"), 400, "query")
    assert "another question: range was not '7d'" in detail


def test_a_cursor_keeps_the_days_of_its_first_page(service: Filled) -> None:
    first = service.json("/api/tracks?range=7d&limit=5")
    assert first["period"] == service.json(f"/api/tracks?cursor={first['next']}")["period"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bm9uZQ", "W10", "WyJ0cmFjayJd"])
@pytest.mark.parametrize("address", ["/api/tracks", "/api/releases", "/api/catalog"])
def test_a_cursor_of_nobody_is_refused(service: Filled, address: str, cursor: str) -> None:
    assert "begin again" in refused(service.get(f"{address}?cursor={cursor}"), 400, "query")


def test_a_cursor_of_tracks_is_none_of_releases(service: Filled) -> None:
    following = service.json("/api/tracks?limit=1")["next"]
    assert "is of tracks" in refused(service.get(f"/api/releases?cursor={following}"), 400, "query")


def test_search_medium_and_release_narrow_the_board(service: Filled) -> None:
    track = service.music.tracks[0]
    found = service.json(f"/api/tracks?search={path_of(track.key.upper())}")["entries"]
    assert [track.key] == keys(found)
    of_release = service.json(f"/api/tracks?release={track.release}&limit=1000")["entries"]
    assert {one.key for one in service.music.tracks if one.release == track.release} == set(keys(of_release))
    mixes = service.json("/api/releases?medium=mix&limit=1000")["entries"]
    assert {one.key for one in service.music.releases if one.medium == "mix"} == set(keys(mixes))
    assert 0 == service.json("/api/tracks?medium=nobody")["total"]


def test_a_trend_is_there_if_asked_for_and_adds_up(service: Filled) -> None:
    plain = service.json("/api/tracks?range=90d&limit=5")["entries"]
    drawn = service.json("/api/tracks?range=90d&step=week&trend=true&limit=5")["entries"]
    assert [None] * 5 == [entry["trend"] for entry in plain]
    assert [entry["totalPlays"] for entry in plain] == [sum(entry["trend"]) for entry in drawn]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=0", "limit is '0'; allowed is a whole number from 1 to 1000."),
        ("limit=1001", "from 1 to 1000"),
        ("sort=fame", "sort is 'fame'; allowed is plays, completion, shares"),
        ("order=up", "allowed is asc, desc"),
        ("search=%00", "without NUL"),
        ("release=x", "knows no parameter 'release'"),
    ],
)
def test_a_question_that_is_none_is_refused_with_what_to_mend(service: Filled, query: str, says: str) -> None:
    assert says in refused(service.get(f"/api/releases?{query}", OPERATOR), 400, "query")
