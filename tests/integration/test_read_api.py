"""The public read API (DESIGN §3) against the running service: figures, caching, keys of every kind, never a 500."""

import json
from collections.abc import Mapping
from urllib.parse import quote

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import catalog
from storage.bridge import Address, open_database
from tests.integration.conftest import Open
from tests.support.http import Answer, Client, ask, request

LISTENER = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
NO_TOKENS = {"listenersToday": None, "listenersTodayPartial": None}
NOTHING = {
    "totalPlays": 0,
    "partial": 0,
    "sampled": 0,
    "complete": 0,
    "unbucketed": 0,
    "completionRate": None,
    "totalShares": 0,
    "shares": {"link": 0, "embed": 0},
    "listeners": 0,
    **NO_TOKENS,
}
KEYS = [
    "simple",
    "a/b",
    "a//b",
    "/a",
    "a/",
    "über",
    "\U0001f3b5",
    "a b",
    "a+b",
    "100%",
    "a%2Fb",
    "a?b#c",
    'a"b',
    "..",
    ".",
]
KEYS += ["a/../b", "./a", "a\nb", "{key}", "track/x", "k" * 200]


def send(service: Open, event: str, **fields: object) -> None:
    body = json.dumps(fields).encode()
    assert 202 == ask(service.reads, "POST", f"/api/event/{event}", {"Content-Type": "text/plain"}, body).status


def add_to_catalog(service: Open, release: str, *tracks: str) -> None:
    """Tracks of one release, into the database of the running service."""

    async def add() -> None:
        entries = [catalog.Track(key, key.title(), release) for key in tracks]
        async with open_database(Address(url=service.database_url), connections=1) as database:
            await database.transaction(catalog.upsert, [catalog.Release(release, release.title())], entries)

    trio.run(add)


def read(service: Open, what: str, headers: Mapping[str, str] | None = None) -> Answer:
    return read_path(service, f"/api/stats/{what}", headers)


def read_path(service: Open, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    return ask(service.reads, "GET", path, headers)


def test_the_figures_are_those_of_the_contract(open_service: Open) -> None:
    track, other = open_service.new_key(), open_service.new_key()
    release = f"release-of-{track}"
    add_to_catalog(open_service, release, track, other)
    for bucket in ("partial", "sampled", "complete", "complete"):
        send(open_service, "play", trackEntryKey=track, bucket=bucket, anonId=LISTENER)
    send(open_service, "share", targetType="track", targetKey=track, channel="link", anonId=LISTENER)
    send(open_service, "share", targetType="track", targetKey=track, channel="embed")
    send(open_service, "share", targetType="release", targetKey=release, channel="link")
    send(open_service, "play", trackEntryKey=other, bucket="complete")
    open_service.await_plays(other, 1)
    of_track: dict[str, object] = {
        "totalPlays": 4,
        "partial": 1,
        "sampled": 1,
        "complete": 2,
        "unbucketed": 0,
        "completionRate": 0.5,
        "listeners": 1,
    }
    of_track |= {
        "totalShares": 2,
        "shares": {"link": 1, "embed": 1},
        **NO_TOKENS,
        "listenersTodayPartial": None,
    }
    assert of_track == read(open_service, f"track/{track}").json()
    of_release: dict[str, object] = {
        "totalPlays": 5,
        "partial": 1,
        "sampled": 1,
        "complete": 3,
        "unbucketed": 0,
        "completionRate": 0.6,
        "listeners": 1,
    }
    of_release |= {
        "totalShares": 1,
        "shares": {"link": 1, "embed": 0},
        **NO_TOKENS,
        "listenersTodayPartial": None,
    }
    assert of_release == read(open_service, f"release/{release}").json()


def test_the_sites_figures_add_up_everything(open_service: Open) -> None:
    before = read(open_service, "home").json()
    keys = [open_service.new_key() for _ in range(3)]
    for key in keys:
        send(open_service, "share", targetType="track", targetKey=key, channel="link", anonId=LISTENER)
        send(open_service, "play", trackEntryKey=key, bucket="sampled")
    open_service.await_plays(keys[-1], 1)
    after = read(open_service, "home").json()
    assert NOTHING.keys() == after.keys()
    assert [3, 3, 3, 0] == [after[n] - before[n] for n in ("totalPlays", "sampled", "totalShares", "listeners")]


@pytest.mark.parametrize("days", ["0", "-1", "367", "1000", "7.0", "seven", "", "1e2", "\u0663"])
def test_a_number_of_days_that_is_none_is_refused_with_what_is_one(open_service: Open, days: str) -> None:
    answer = read(open_service, f"home?days={quote(days)}")
    assert (400, "/problems/days") == (answer.status, answer.json()["type"])
    assert "a whole number from 1 to 366" in answer.json()["detail"]
    assert "*" == answer.headers["access-control-allow-origin"]


def test_listeners_by_day_are_null_where_the_mode_makes_none(open_service: Open) -> None:
    assert None is read(open_service, "home?days=366").json()["listenersByDay"]
    assert "listenersByDay" not in read(open_service, "home").json()


def test_a_share_makes_no_listener(open_service: Open) -> None:
    key = open_service.new_key()
    send(open_service, "share", targetType="track", targetKey=key, channel="link", anonId=LISTENER)
    send(open_service, "play", trackEntryKey=key, bucket="partial")
    open_service.await_plays(key, 1)
    assert (1, 0) == tuple(read(open_service, f"track/{key}").json()[name] for name in ("totalShares", "listeners"))


def test_what_the_catalog_has_and_nobody_played_is_zeros(open_service: Open) -> None:
    add_to_catalog(open_service, "unheard-release", "unheard-track")
    assert NOTHING == read(open_service, "track/unheard-track").json()
    assert NOTHING == read(open_service, "release/unheard-release").json()


@pytest.mark.parametrize("what", ["track/nobody-knows", "release/nobody-knows", "track/fresh", f"track/{'k' * 201}"])
def test_an_unknown_key_is_a_problem(open_service: Open, what: str) -> None:
    answer = read(open_service, what, {"Origin": "https://band.example"})
    assert (404, "application/problem+json") == (answer.status, answer.headers["content-type"])
    assert ("/problems/not-found", 404) == (answer.json()["type"], answer.json()["status"])
    assert "is in the catalog or has been counted." in answer.json()["detail"]
    assert ("*", "no-store") == (answer.headers["access-control-allow-origin"], answer.headers["cache-control"])


@pytest.mark.parametrize("path", ["/api/stats", "/api/stats/", "/api/stats/track", "/api/stats/track/", "/api/nothing"])
def test_a_path_without_a_figure_is_a_problem(open_service: Open, path: str) -> None:
    answer = ask(open_service.reads, "GET", path)
    assert (404, "/problems/not-found") == (answer.status, answer.json()["type"])


def test_an_answer_may_be_kept_a_second_and_read_by_any_page(open_service: Open) -> None:
    answer = read(open_service, "home", {"Origin": "https://band.example"})
    expected = ("application/json", "public, max-age=1", "*", "nosniff")
    names = ("content-type", "cache-control", "access-control-allow-origin", "x-content-type-options")
    assert (200, expected) == (answer.status, tuple(answer.headers[name] for name in names))


def test_an_answer_that_has_not_changed_is_not_sent_again(open_service: Open) -> None:
    key = open_service.new_key()
    send(open_service, "play", trackEntryKey=key, bucket="partial")
    open_service.await_plays(key, 1)
    tag = read(open_service, f"track/{key}").headers["etag"]
    known = read(open_service, f"track/{key}", {"If-None-Match": f'"other", {tag}'})
    assert (304, b"", tag, "*") == (
        known.status,
        known.body,
        known.headers["etag"],
        known.headers["access-control-allow-origin"],
    )
    send(open_service, "play", trackEntryKey=key, bucket="partial")
    open_service.await_plays(key, 2)
    changed = read(open_service, f"track/{key}", {"If-None-Match": tag})
    assert (200, 2) == (changed.status, changed.json()["totalPlays"])
    assert tag != changed.headers["etag"]


def test_head_gives_the_headers_alone(open_service: Open) -> None:
    full = read(open_service, "track/unheard-elsewhere")
    head = ask(open_service.reads, "HEAD", "/api/stats/home")
    assert (404, 200, b"") == (full.status, head.status, head.body)
    assert int(head.headers["content-length"]) > 0
    assert "etag" in head.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_figures_can_only_be_read(open_service: Open, method: str) -> None:
    answer = ask(open_service.reads, method, "/api/stats/home")
    assert (405, "application/problem+json") == (answer.status, answer.headers["content-type"])
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["allow"].split(", "))
    assert "/problems/method" == answer.json()["type"]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_that_was_counted_can_be_read(open_service: Open, key: str) -> None:
    send(open_service, "play", trackEntryKey=key, bucket="complete")
    fence = open_service.new_key()
    send(open_service, "play", trackEntryKey=fence, bucket="complete")
    open_service.await_plays(fence, 1)
    for safe in ("", "/"):
        assert 1 == read(open_service, f"track/{quote(key, safe=safe)}").json()["totalPlays"]


@pytest.mark.parametrize("key", ["%00", "a%00b", "%ff", "%c3%28", "%ed%a0%80", "%", "%zz", "%2", "%252e"])
def test_a_key_that_cannot_be_is_a_problem(open_service: Open, key: str) -> None:
    answer = read(open_service, f"track/{key}")
    assert (404, "application/problem+json") == (answer.status, answer.headers["content-type"])


def test_two_ways_of_writing_a_key_are_two_keys(open_service: Open) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    send(open_service, "play", trackEntryKey=composed, bucket="complete")
    open_service.await_plays(quote(composed), 1)
    assert 404 == read(open_service, f"track/{quote(decomposed)}").status


visible = st.binary(min_size=1, max_size=60).map(lambda raw: bytes(33 + byte % 94 for byte in raw))
paths = st.one_of(
    visible,
    st.binary(max_size=60).map(lambda raw: quote(raw).encode()),
    st.text(max_size=40).map(lambda text: quote(text).encode()),
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
CONDITIONS = ["If-None-Match", "If-Modified-Since", "If-Match", "If-Range", "Range"]
OTHERS = ["Accept", "Accept-Encoding", "Origin", "X-Forwarded-For", "Cookie", "Content-Type", "Authorization", "Expect"]
header_names = st.sampled_from([*CONDITIONS, *OTHERS])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from([b"track/", b"release/", b"home", b"home/", b"", b"track//"]),
    path=paths,
    query=st.none() | visible,
    headers=st.dictionaries(header_names, header_values, max_size=4),
    method=st.sampled_from(["GET", "GET", "HEAD", "OPTIONS"]),
)
def test_whatever_is_asked_is_answered_without_a_500(
    open_service: Open, where: bytes, path: bytes, query: bytes | None, headers: dict[str, str], method: str
) -> None:
    target = b"/api/stats/" + where + path + (b"" if query is None else b"?" + query)
    with Client(open_service.reads) as client:
        client.send(request(method, target, headers))
        assert client.receive(method).status in (200, 204, 206, 304, 400, 404, 412, 416, 417)
    assert "Traceback" not in open_service.service.said()
