"""The catalog over HTTP: pages, single entries, and changes that happen whole or not at all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api_service import AS_JSON, OPERATOR, Filled, filled_service, path_of, refused
from tests.support.http import Client, ask
from tests.support.postgres import Postgres

KEYS = [
    "simple",
    "a/b",
    "a//b",
    "/a",
    "a/",
    "\u00fcber",
    "\U0001f3b5",
    "a b",
    "a+b",
    "100%",
    "a%2Fb",
    "a?b#c",
    "..",
    "k" * 200,
]


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_service(postgres, tmp_path_factory.mktemp("catalog"), events=200, LIMITS__CATALOG_MIB="1") as one:
        yield one


def unchanged(**changes: Any) -> dict[str, Any]:
    nothing = {"releasesAdded": [], "releasesChanged": [], "tracksAdded": [], "tracksChanged": [], "unchanged": 0}
    return {**nothing, **changes}


def stored(service: Filled, like: str) -> list[tuple[Any, ...]]:
    return service.query(
        "SELECT track_key, title, release_key, position FROM track WHERE track_key LIKE $1 ORDER BY 1", like
    )


def test_a_document_adds_and_changes_and_says_so(service: Filled) -> None:
    document: dict[str, list[dict[str, Any]]] = {
        "releases": [{"key": "doc-r", "title": "R", "medium": "mix"}],
        "tracks": [{"key": "doc-a", "title": "A", "release": "doc-r", "position": 1}, {"key": "doc-b", "title": "B"}],
    }
    first = service.put("", document)
    assert 200 == first.status
    assert unchanged(releasesAdded=["doc-r"], tracksAdded=["doc-a", "doc-b"]) == first.json()
    document["tracks"][1]["title"] = "B again"
    assert unchanged(tracksChanged=["doc-b"], unchanged=2) == service.put("", document).json()
    assert [("doc-a", "A", "doc-r", 1), ("doc-b", "B again", None, None)] == stored(service, "doc-%")


def test_pages_of_the_catalog_put_back_change_nothing(service: Filled) -> None:
    following, entries = "", 0
    while following is not None:
        page = service.json(f"/api/catalog?limit=7{following and '&cursor=' + following}")
        document = {name: page[name] for name in ("releases", "tracks")}
        here = len(page["releases"]) + len(page["tracks"])
        assert unchanged(unchanged=here) == service.put("", document).json()
        entries, following = entries + here, page["next"]
    assert page["totalReleases"] + page["totalTracks"] == entries
    assert [(page["totalReleases"], page["totalTracks"])] == service.query(
        "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM track)"
    )


def test_a_mistake_anywhere_changes_nothing_and_each_is_named(service: Filled) -> None:
    tracks: list[dict[str, Any]] = [{"key": "half-a", "title": "A"}, {"key": "half-b"}, {"key": "", "title": "C"}]
    answer = service.put("", {"tracks": tracks})
    assert refused(answer, 400, "catalog").endswith("Nothing was changed.")
    assert [
        "tracks entry 2: the track has no title.",
        "tracks entry 3: the track's key must be text of 1 to 200 bytes, not ''.",
    ] == answer.json()["mistakes"]
    assert [] == stored(service, "half-%")


def test_a_release_that_is_nowhere_changes_nothing_and_is_named(service: Filled) -> None:
    answer = service.put("", {"tracks": [{"key": "lost-a", "title": "A", "release": "nowhere"}]})
    assert "'nowhere'" in refused(answer, 409, "unknown-release")
    assert ["nowhere"] == answer.json()["releases"]
    assert [] == stored(service, "lost-%")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"albums": []}',
        b"\xff",
        b'{"tracks": 1}',
        b"[" * 10_000,
        b'{"tracks": [' + b"9" * 5000 + b"]}",
    ],
)
def test_what_is_no_catalog_is_refused(service: Filled, body: bytes) -> None:
    refused(service.put("", body), 400, "catalog")


@pytest.mark.parametrize("key", KEYS)
def test_an_entry_of_any_key_is_put_and_got(service: Filled, key: str) -> None:
    body = {"title": f"Title of {key}", "position": 3}
    assert 201 == service.put(f"/track/{path_of(key)}", body).status
    assert {"key": key, "release": None, **body} == service.json(f"/api/catalog/track/{path_of(key)}")
    again = service.put(f"/track/{path_of(key)}", body)
    assert (200, unchanged(unchanged=1)) == (again.status, again.json())


def test_a_field_that_is_left_out_is_empty_afterwards(service: Filled) -> None:
    assert 201 == service.put("/release/whole", {"title": "Whole", "medium": "mix"}).status
    assert unchanged(releasesChanged=["whole"]) == service.put("/release/whole", {"title": "Whole"}).json()
    assert {"key": "whole", "title": "Whole", "medium": None} == service.json("/api/catalog/release/whole")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"title": ""}', "the track has no title"),
        (b'{"title": "A", "colour": "red"}', "unknown colour; known are key, position, release, title"),
        (b'{"title": "A", "key": "other"}', "leave it out of the body"),
        (b'{"title": "A", "position": 0}', "a whole number from 1 to 10000"),
        (b"[]", "must be an object"),
        (b"{", "not JSON"),
        (b'{"title": "\\ud800"}', ""),
        (b'{"title": "\\u0000"}', ""),
        (b'{"title": "A", "position": 1' + b"0" * 5000 + b"}", ""),
    ],
)
def test_an_entry_that_is_none_is_refused_with_what_to_mend(service: Filled, body: bytes, says: str) -> None:
    assert says in refused(service.put("/track/mended", body), 400, "catalog")
    refused(service.get("/api/catalog/track/mended"), 404, "not-found")


def test_a_track_on_a_release_that_is_nowhere_is_refused(service: Filled) -> None:
    refused(service.put("/track/lonely", {"title": "A", "release": "nowhere"}), 409, "unknown-release")


@pytest.mark.parametrize("address", ["", "/track/x", "/release/x"])
def test_a_body_that_is_not_said_to_be_json_is_refused(service: Filled, address: str) -> None:
    headers = {**OPERATOR, "Content-Type": "text/plain"}
    refused(service.put(address, {"title": "A"}, headers), 415, "media-type")


@pytest.mark.parametrize("address", ["", "/track/x", "/release/x"])
def test_nobody_changes_the_catalog_without_a_way_in(service: Filled, address: str) -> None:
    refused(service.put(address, {"title": "A"}, {"Content-Type": "application/json"}), 401, "unauthorized")


def test_a_catalog_is_far_larger_than_an_event(service: Filled) -> None:
    tracks = [{"key": f"many-{number:05}", "title": "A long enough title " * 2} for number in range(9_000)]
    document = json.dumps({"tracks": tracks}).encode()
    assert 600_000 < len(document) < 1 << 20
    pieces = [document[start : start + 10_000] for start in range(0, len(document), 10_000)]
    done = ask(service.door, "PUT", "/api/catalog", AS_JSON, pieces)
    assert (200, 9_000) == (done.status, len(done.json()["tracksAdded"]))


def test_one_above_the_limit_is_refused_by_its_length_alone(service: Filled) -> None:
    with Client(service.door) as client:
        head = "PUT /api/catalog HTTP/1.1\r\nHost: a\r\nX-Forwarded-User: me\r\nContent-Type: application/json\r\n"
        client.send(f"{head}Content-Length: {(1 << 20) + 1}\r\n\r\n".encode())
        assert "1 MiB" in refused(client.receive(), 413, "too-large")


def test_one_above_the_limit_that_does_not_say_so_is_refused_when_it_gets_there(service: Filled) -> None:
    with Client(service.door) as client:
        head = "PUT /api/catalog HTTP/1.1\r\nHost: a\r\nX-Forwarded-User: me\r\nContent-Type: application/json\r\n"
        client.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        for _ in range(17):
            client.send(piece)
        refused(client.receive(), 413, "too-large")


def test_one_entry_has_a_limit_of_its_own(service: Filled) -> None:
    assert "64 KiB" in refused(service.put("/track/x", {"title": "A" * 70_000}), 413, "too-large")


def test_the_limit_of_events_is_as_it_was(service: Filled) -> None:
    body = b'{"trackEntryKey": "a", "bucket": "complete", "more": "%s"}' % (b"x" * 2100)
    refused(ask(service.door, "POST", "/api/event/play", {"Content-Type": "text/plain"}, body), 413, "too-large")
