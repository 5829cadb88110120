"""The contract of the event routes (DESIGN §3), byte by byte against the running service, through each of its doors."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from tests.integration.conftest import Open
from tests.support.http import Answer, Client, Door, ask, request

PLAY = "/api/event/play"
SHARE = "/api/event/share"
CONFIG = "/api/event/config"
TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
AS_JSON = {"Content-Type": "application/json"}

# What a request tells about its sender, in forms that can be found again.
SENDER = {
    "User-Agent": "Looked-For/1.0",
    "X-Forwarded-For": "203.0.113.77",
    "Cookie": "who=looked-for-cookie",
    "Referer": "https://looked-for.example/page",
}
ADDRESS = "127.0.0.77"  # one of this machine's own, and no service's
ANON_ID = "5ee7f0aa-c8a9-4d2f-9a2e-0a9c4b8a7d11"
PERSONAL = ("Looked-For", "203.0.113.77", "looked-for", "5ee7f0aa", ADDRESS, "Traceback")


def play(**fields: object) -> bytes:
    return json.dumps({"trackEntryKey": "looked-for-track", "bucket": "complete", "anonId": ANON_ID} | fields).encode()


def share(**fields: object) -> bytes:
    return json.dumps({"targetType": "track", "targetKey": "looked-for-track", "channel": "link"} | fields).encode()


def without(body: bytes, name: str) -> bytes:
    return json.dumps({key: value for key, value in json.loads(body).items() if key != name}).encode()


@dataclass(frozen=True)
class Refused:
    """A request that must be refused, and as what; `name` ends the `type` of the problem."""

    status: int
    name: str
    body: bytes | Iterable[bytes] | None
    path: str = PLAY
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: TEXT)
    allow: str | None = None


REFUSED = {
    "unknown bucket": Refused(400, "malformed", play(bucket="half")),
    "missing bucket": Refused(400, "malformed", without(play(), "bucket")),
    "missing key": Refused(400, "malformed", without(play(), "trackEntryKey")),
    "empty key": Refused(400, "malformed", play(trackEntryKey="")),
    "key of 201 bytes": Refused(400, "malformed", play(trackEntryKey="k" * 201)),
    "key of 101 letters of two bytes": Refused(400, "malformed", play(trackEntryKey="ü" * 101)),
    "key with a NUL": Refused(400, "malformed", play(trackEntryKey="a\x00b")),
    "key that is a number": Refused(400, "malformed", play(trackEntryKey=7)),
    "bucket that is a list": Refused(400, "malformed", play(bucket=["complete"])),
    "anonId that is no UUID": Refused(400, "malformed", play(anonId="looked-for-name")),
    "eventId that is no UUID": Refused(400, "malformed", play(eventId=1)),
    "unknown via": Refused(400, "malformed", play(via="mail")),
    "no body": Refused(400, "malformed", b""),
    "no body and no length": Refused(400, "malformed", None),
    "not JSON": Refused(400, "malformed", b"trackEntryKey=looked-for-track&bucket=complete"),
    "JSON cut short": Refused(400, "malformed", play()[:-1]),
    "two documents": Refused(400, "malformed", play() + play()),
    "a list": Refused(400, "malformed", b"[%s]" % play()),
    "invalid UTF-8": Refused(400, "malformed", play().replace(b"looked", b"\xc3\x28")),
    "UTF-16": Refused(400, "malformed", play().decode().encode("utf-16")),
    "lone surrogate": Refused(400, "malformed", play().replace(b"looked", b"\\ud800")),
    "duplicate keys": Refused(400, "malformed", play()[:-1] + b', "bucket": "partial"}'),
    "deep nesting": Refused(400, "malformed", play()[:-1] + b', "x": ' + b"[" * 800 + b"]" * 800 + b"}"),
    "nothing but brackets": Refused(400, "malformed", b"[" * 2000),
    "share of a person": Refused(400, "malformed", share(targetType="listener"), SHARE),
    "share without channel": Refused(400, "malformed", without(share(), "channel"), SHARE),
    "share with a key of 201 bytes": Refused(400, "malformed", share(targetKey="k" * 201), SHARE),
    "play sent to share": Refused(400, "malformed", play(), SHARE),
    "3 KiB": Refused(413, "too-large", play(note="x" * 3000)),
    "3 KiB in chunks": Refused(413, "too-large", [play(note="x" * 3000)[at : at + 500] for at in range(0, 3000, 500)]),
    "100 KiB": Refused(413, "too-large", play(note="x" * 100_000)),
    "GET": Refused(405, "method", None, method="GET", allow="POST, OPTIONS"),
    "HEAD": Refused(405, "method", None, method="HEAD", allow="POST, OPTIONS"),
    "PUT": Refused(405, "method", play(), method="PUT", allow="POST, OPTIONS"),
    "DELETE": Refused(405, "method", None, SHARE, method="DELETE", allow="POST, OPTIONS"),
    "POST of the configuration": Refused(405, "method", b"{}", CONFIG, allow="GET, HEAD, OPTIONS"),
    "unknown event": Refused(404, "not-found", play(), "/api/event/skip"),
    "slash behind the path": Refused(404, "not-found", play(), PLAY + "/"),
    "other case": Refused(404, "not-found", play(), "/api/event/Play"),
    "form": Refused(415, "media-type", play(), headers={"Content-Type": "application/x-www-form-urlencoded"}),
    "JSON of another kind": Refused(415, "media-type", play(), headers={"Content-Type": "application/ld+json"}),
    "missing media type": Refused(415, "media-type", play(), headers={}),
    "empty media type": Refused(415, "media-type", play(), headers={"Content-Type": ""}),
}


def assert_problem(status: int, name: str, answer: Answer) -> None:
    assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"])
    if answer.body:
        problem = answer.json()
        assert (f"/problems/{name}", status) == (problem["type"], problem["status"])
        assert problem["title"]
        assert problem["detail"].endswith((".", "}"))
        assert " " in problem["detail"]


def assert_nothing_personal(service: Open) -> None:
    said = service.service.said()
    assert [] == [word for word in PERSONAL if word in said]


def assert_usable_or_closed(client: Client, answer: Answer) -> None:
    """After a refusal the connection takes the next request, or says that it ends and does."""
    if answer.headers.get("connection", "").lower() == "close":
        assert client.ended()
    else:
        assert 405 == client.ask("DELETE", PLAY).status


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_with_a_sentence_and_leaves_nothing(open_service: Open, door: Door, case: Refused) -> None:
    before = open_service.logged()
    with Client(door, ADDRESS) as client:
        answer = client.ask(case.method, case.path, {**SENDER, **case.headers}, case.body)
        assert_problem(case.status, case.name, answer)
        assert case.allow == answer.headers.get("allow")
        assert (case.method == "HEAD") == (answer.body == b"")
        assert_usable_or_closed(client, answer)
    assert before == open_service.logged()
    assert_nothing_personal(open_service)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "text/plain", "text/plain;charset=UTF-8", "Application/JSON; charset=utf-8"],
)
@pytest.mark.parametrize(("path", "body"), [(PLAY, play()), (SHARE, share())])
def test_an_event_is_accepted_with_an_empty_answer(
    open_service: Open, door: Door, path: str, body: bytes, media_type: str
) -> None:
    plays, shares = open_service.logged()
    answer = ask(door, "POST", path, SENDER | {"Content-Type": media_type}, body, source=ADDRESS)
    assert (202, b"", "*") == (answer.status, answer.body, answer.headers["access-control-allow-origin"])
    assert (plays + (path == PLAY), shares + (path == SHARE)) == open_service.logged()
    assert_nothing_personal(open_service)


@pytest.mark.parametrize(
    "fields",
    [
        {"releaseEntryKey": "night-ferry", "medium": "cut"},
        {"anonId": None, "via": None, "eventId": None},
        {"position": 12.5, "device": {"kind": ["phone"]}},
        {"via": "link", "eventId": ANON_ID},
    ],
)
def test_unknown_and_optional_fields_do_not_matter(open_service: Open, door: Door, fields: dict[str, object]) -> None:
    key = open_service.new_key()
    assert 202 == ask(door, "POST", PLAY, TEXT, play(trackEntryKey=key, **fields)).status
    open_service.await_plays(key, 1)


def test_a_play_of_a_track_the_catalog_does_not_know_is_stored_without_a_release(
    open_service: Open, door: Door
) -> None:
    key = open_service.new_key()
    assert 202 == ask(door, "POST", PLAY, TEXT, play(trackEntryKey=key, releaseEntryKey="claimed")).status
    open_service.await_plays(key, 1)
    stored = open_service.query("SELECT release_key, bucket FROM play_event WHERE track_key = $1", key)
    assert [(None, "complete")] == stored


def test_the_longest_key_is_taken(open_service: Open, door: Door) -> None:
    key = open_service.new_key().ljust(200, "k")
    assert 202 == ask(door, "POST", PLAY, TEXT, play(trackEntryKey=key)).status
    open_service.await_plays(key, 1)


def test_a_body_of_exactly_2_kib_is_taken_and_one_byte_more_is_not(door: Door) -> None:
    padded = play()[:-1].ljust(2047) + b"}"
    assert 202 == ask(door, "POST", PLAY, TEXT, padded).status
    assert 413 == ask(door, "POST", PLAY, TEXT, padded + b" ").status


def test_a_chunked_body_is_read_whole(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    body = play(trackEntryKey=key)
    assert 202 == ask(door, "POST", PLAY, TEXT, [body[:1], body[1:30], body[30:]]).status
    open_service.await_plays(key, 1)


def test_a_query_behind_the_path_does_not_matter(door: Door) -> None:
    assert 202 == ask(door, "POST", PLAY + "?v=1", TEXT, play()).status


def test_one_connection_takes_many_events_and_a_refusal_between(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    with Client(door) as client:
        for _ in range(5):
            assert 202 == client.ask("POST", PLAY, TEXT, play(trackEntryKey=key)).status
            assert 400 == client.ask("POST", PLAY, TEXT, play(bucket="half")).status
    open_service.await_plays(key, 5)


def test_pipelined_events_are_answered_in_order(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    good = request("POST", PLAY, TEXT, play(trackEntryKey=key))
    bad = request("POST", PLAY, TEXT, play(bucket="half"))
    with Client(door) as client:
        client.send(good + bad + good + good)
        assert [202, 400, 202, 202] == [client.receive().status for _ in range(4)]
    open_service.await_plays(key, 3)


def test_a_client_that_says_no_more_after_its_event_is_answered_or_cleanly_left(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    with Client(door) as client:
        client.send(request("POST", PLAY, TEXT, play(trackEntryKey=key)))
        client.half_close()
        try:
            answered = client.receive().status
        except EOFError:
            # Hypercorn takes the end of what is sent for the end of the client; no 202, so nothing was promised.
            assert open_service.door("http") == door
            return
        assert (202, True) == (answered, client.ended())
    open_service.await_plays(key, 1)


def test_an_event_that_arrives_byte_by_byte_is_taken(open_service: Open, door: Door) -> None:
    key = open_service.new_key()
    with Client(door) as client:
        for byte in request("POST", PLAY, TEXT, play(trackEntryKey=key)):
            client.send(bytes([byte]))
        assert 202 == client.receive().status
    open_service.await_plays(key, 1)


def test_an_event_cut_off_in_its_body_is_not_counted(open_service: Open, door: Door) -> None:
    before = open_service.logged()
    with Client(door, ADDRESS) as client:
        client.send(request("POST", PLAY, TEXT, play())[:-5])
    assert before == open_service.logged()
    assert_nothing_personal(open_service)


def test_what_is_not_http_is_refused_and_the_connection_closed(open_service: Open, door: Door) -> None:
    before = open_service.logged()
    with Client(door, ADDRESS) as client:
        client.send(b"looked-for\x00\x01\x02 nonsense\r\n\r\n")
        assert client.receive().status in (400, 405)  # 405 where the nonsense is read as a method
        assert client.ended()
    assert before == open_service.logged()
    assert_nothing_personal(open_service)


@pytest.mark.parametrize("path", [PLAY, SHARE])
def test_a_preflight_allows_a_json_post_for_a_day(door: Door, path: str) -> None:
    asked = {
        "Origin": "https://band.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = ask(door, "OPTIONS", path, asked)
    assert (204, b"") == (answer.status, answer.body)
    expected = {"origin": "*", "methods": "POST", "headers": "content-type"}
    assert expected == {name: answer.headers[f"access-control-allow-{name}"] for name in expected}
    assert "86400" == answer.headers["access-control-max-age"]


def test_a_refusal_can_be_read_by_the_page_that_caused_it(door: Door) -> None:
    answer = ask(door, "POST", PLAY, TEXT | {"Origin": "https://band.example"}, play(bucket="half"))
    assert (400, "*") == (answer.status, answer.headers["access-control-allow-origin"])


def test_the_tracker_learns_the_mode(door: Door) -> None:
    answer = ask(door, "GET", CONFIG, {"Origin": "https://band.example"})
    assert (200, {"mode": "anon-id"}) == (answer.status, answer.json())
    expected = ("application/json", "public, max-age=60", "*")
    names = ("content-type", "cache-control", "access-control-allow-origin")
    assert expected == tuple(answer.headers[name] for name in names)


def test_the_configuration_can_be_asked_for_by_head_and_options(door: Door) -> None:
    answer = ask(door, "HEAD", CONFIG)
    assert (200, b"", "application/json") == (answer.status, answer.body, answer.headers["content-type"])
    answer = ask(door, "OPTIONS", CONFIG, {"Origin": "https://band.example"})
    assert (204, "GET") == (answer.status, answer.headers["access-control-allow-methods"])
