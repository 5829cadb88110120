"""The operator's figures over HTTP, held against the log, which is counted anew for each by plain statements."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from tests.integration.api_service import OPERATOR, Filled, filled_service, path_of, refused
from tests.support.http import ask
from tests.support.postgres import Postgres

ADDRESSES: Final = (
    "/api/figures/home",
    "/api/series/home",
    "/api/breakdown/home?by=bucket",
    "/api/tracks",
    "/api/releases",
    "/api/catalog",
)
_PLAYS: Final = """
SELECT count(*) FILTER (WHERE bucket = 'partial'), count(*) FILTER (WHERE bucket = 'sampled'),
       count(*) FILTER (WHERE bucket = 'complete'), count(*) FILTER (WHERE via = 'link'),
       count(*) FILTER (WHERE via = 'embed')
FROM play_event WHERE day BETWEEN $1 AND $2
"""
_SHARES: Final = """
SELECT count(*) FILTER (WHERE channel = 'link'), count(*) FILTER (WHERE channel = 'embed')
FROM share_event WHERE day BETWEEN $1 AND $2
"""


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_service(postgres, tmp_path_factory.mktemp("figures"), PRIVACY__MODE="both") as one:
        yield one


@pytest.fixture(scope="module")
def popular(service: Filled) -> str:
    """The most played track's key."""
    return str(service.json("/api/tracks?range=all&limit=1")["entries"][0]["key"])


def today() -> date:
    return datetime.now(UTC).date()


def in_log(service: Filled, first: date, last: date) -> dict[str, Any]:
    """The site's totals as the log has them."""
    [(partial, sampled, complete, via_link, via_embed)] = service.query(_PLAYS, first, last)
    [(link, embed)] = service.query(_SHARES, first, last)
    return {
        "totalPlays": partial + sampled + complete,
        "partial": partial,
        "sampled": sampled,
        "complete": complete,
        "totalShares": link + embed,
        "shares": {"link": link, "embed": embed},
        "totalVia": via_link + via_embed,
        "via": {"link": via_link, "embed": via_embed},
    }


@pytest.mark.parametrize("days", [1, 7, 30, 90, 365])
def test_totals_of_a_range_and_of_the_days_before_are_those_of_the_log(service: Filled, days: int) -> None:
    name = "today" if days == 1 else f"{days}d"
    found = service.json(f"/api/figures/home?range={name}")
    first, last, day = today() - timedelta(days - 1), today(), timedelta(1)
    spans = (("totals", first, last), ("before", first - timedelta(days), first - day))
    for name, begins, ends in spans:
        totals = found["totals"] if name == "totals" else found["before"]["totals"]
        expected = in_log(service, begins, ends)
        assert expected == {field: totals[field] for field in expected}
    assert [first.isoformat(), last.isoformat(), days] == [found["period"][name] for name in ("from", "to", "days")]


def test_a_series_has_every_step_and_adds_up_to_its_totals(service: Filled) -> None:
    found = service.json("/api/series/home?from=2026-01-01&to=2026-01-31&step=day")
    assert [f"2026-01-{day:02}" for day in range(1, 32)] == [point["start"] for point in found["points"]]
    for name in ("totalPlays", "complete", "totalShares", "totalVia", "dailyListeners"):
        assert found["totals"][name] == sum(point[name] for point in found["points"]), name
    assert in_log(service, date(2026, 1, 1), date(2026, 1, 31))["totalPlays"] == found["totals"]["totalPlays"] > 0
    assert ("2025-12-01", "2025-12-31") == (found["before"]["period"]["from"], found["before"]["period"]["to"])


def test_weeks_begin_on_monday_and_months_on_the_first(service: Filled) -> None:
    weeks = service.json("/api/series/home?from=2026-03-04&to=2026-03-10&step=week")["points"]
    months = service.json("/api/series/home?from=2026-03-04&to=2026-04-10&step=month")["points"]
    assert ["2026-03-02", "2026-03-09"] == [point["start"] for point in weeks]
    assert ["2026-03-01", "2026-04-01"] == [point["start"] for point in months]


def test_all_time_has_nothing_before_it_and_is_the_public_figure(service: Filled, popular: str) -> None:
    found = service.json(f"/api/figures/track/{path_of(popular)}?range=all")
    public = ask(service.door, "GET", f"/api/stats/track/{path_of(popular)}").json()
    assert None is found["before"]
    assert public["totalPlays"] == found["totals"]["totalPlays"] == found["allTime"]["totalPlays"]
    assert public["listeners"] == found["listeners"]
    assert {"place": 1, "of": len(service.music.tracks) + 1} == found["place"]


def test_a_place_is_the_one_on_the_board(service: Filled) -> None:
    board = service.json("/api/releases?range=90d&limit=1000")["entries"]
    for number, entry in enumerate(board, start=1):
        place = service.json(f"/api/figures/release/{entry['key']}?range=90d")["place"]
        equals = [one["key"] for one in board if one["totalPlays"] == entry["totalPlays"]]
        assert place["of"] == len(board)
        assert place["place"] <= number < place["place"] + len(equals)


def test_a_target_says_what_the_catalog_knows_of_it(service: Filled) -> None:
    track = service.music.tracks[0]
    medium = next(release.medium for release in service.music.releases if release.key == track.release)
    expected = {"type": "track", "key": track.key, "title": track.title, "release": track.release, "medium": medium}
    assert expected == service.json(f"/api/figures/track/{path_of(track.key)}")["target"]


@pytest.mark.parametrize("by", ["bucket", "channel", "via", "medium"])
def test_parts_add_up_to_their_total(service: Filled, by: str) -> None:
    found = service.json(f"/api/breakdown/home?by={by}&range=365d")
    totals = service.json("/api/figures/home?range=365d")["totals"]
    assert totals["totalShares" if by == "channel" else "totalPlays"] == found["total"] > 0
    assert found["total"] == sum(part["count"] for part in found["parts"])
    assert abs(1 - sum(part["fraction"] for part in found["parts"])) < 0.001


def test_plays_by_medium_are_those_of_the_log(service: Filled) -> None:
    found = service.json("/api/breakdown/home?by=medium&range=365d")
    expected = service.query(
        "SELECT medium, count(*) FROM play_event LEFT JOIN release USING (release_key) WHERE day > $1 GROUP BY 1",
        today() - timedelta(365),
    )
    assert dict(expected) == {part["name"]: part["count"] for part in found["parts"]}


def test_a_medium_is_the_sites_question_alone(service: Filled) -> None:
    release = service.music.releases[0].key
    assert "by=medium splits the plays of the site" in refused(
        service.get(f"/api/breakdown/release/{release}?by=medium"), 400, "query"
    )


def test_a_target_in_the_catalog_that_nobody_played_has_zeros(service: Filled) -> None:
    silent = service.json(f"/api/figures/track/{path_of(service.music.tracks[-1].key)}?range=all")
    assert (0, None, None) == (silent["totals"]["totalPlays"], silent["totals"]["completionRate"], silent["firstDay"])


@pytest.mark.parametrize("question", ["figures", "series", "breakdown"])
@pytest.mark.parametrize("key", ["nobody-knows-it", "k" * 201, "a\0b"])
def test_a_target_nobody_knows_is_not_found(service: Filled, question: str, key: str) -> None:
    query = "?by=bucket" if question == "breakdown" else ""
    assert "No track of this key" in refused(
        service.get(f"/api/{question}/track/{path_of(key)}{query}"), 404, "not-found"
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("range=8d", "range is '8d'; allowed is today, 7d, 30d, 90d, 365d, all, custom."),
        ("step=hour", "step is 'hour'; allowed is day, week, month."),
        ("from=21.11.2026", "from is '21.11.2026'; a day is written as 2026-11-21."),
        ("from=2026-02-30", "a day is written as 2026-11-21."),
        ("from=2026-02-02&to=2026-01-01", "swap them"),
        ("range=7d&from=2026-01-01", "leave out from and to"),
        ("from=1990-01-01&step=day", "take a longer step"),
        ("range=7d&range=30d", "stands there 2 times"),
        ("rnage=7d", "no parameter 'rnage'; known are from, range, step, to."),
    ],
)
def test_a_question_that_is_none_is_refused_with_what_to_mend(service: Filled, query: str, says: str) -> None:
    assert says in refused(service.get(f"/api/series/home?{query}"), 400, "query")


def test_a_breakdown_without_by_says_what_it_could_be(service: Filled) -> None:
    detail = refused(service.get("/api/breakdown/home"), 400, "query")
    assert "The parameter by is missing; allowed is bucket, channel, via, medium." == detail


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_gets_an_answer_without_a_way_in(service: Filled, address: str) -> None:
    refused(service.get(address, {}), 401, "unauthorized")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_answer_is_sent_once_and_kept_by_nobody_else(service: Filled, address: str) -> None:
    first = service.get(address)
    assert (200, "private, no-cache") == (first.status, first.headers["cache-control"])
    again = service.get(address, {**OPERATOR, "If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status, again.body)


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_says_what_get_says_but_for_the_body(service: Filled, address: str) -> None:
    got, head = service.get(address), service.get(address, method="HEAD")
    assert (200, b"") == (head.status, head.body)
    assert got.headers["etag"] == head.headers["etag"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_of_another_origin_are_told_nothing(service: Filled, address: str) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    asked = service.get(address, OPERATOR | origin)
    preflight = service.get(
        address,
        origin | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"},
        method="OPTIONS",
    )
    for answer in (asked, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("address", ADDRESSES)
def test_another_method_is_refused_with_those_there_are(service: Filled, address: str) -> None:
    answer = service.get(address, method="DELETE")
    refused(answer, 405, "method")
    assert "GET" in answer.headers["allow"]
