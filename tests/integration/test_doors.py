"""Invariants: both doors give the same answer to the same request, and every received event has one named outcome."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.ledger import Reason
from tests.support.http import Answer, Client, Door
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving

COMPARED = ("content-type", "allow", "retry-after", "accept", "cache-control", "vary", "access-control-allow-origin")
UUID = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SITE = "https://band.example"


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        "TONEARM_LIMITS__REFUSE_CRAWLERS": "true",
        "TONEARM_SITE__ORIGINS": json.dumps([SITE]),
    }
    with serving(tmp_path_factory.mktemp("doors") / "data", environment) as running:
        yield running


keys = st.one_of(st.sampled_from(["harbour-lights", "ü/ß", "a//b", "", "x" * 201, "a\x00b"]), st.text(max_size=210))
odd = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
play_bodies = st.fixed_dictionaries(
    {"trackEntryKey": keys, "bucket": st.sampled_from(["partial", "sampled", "complete", "half", ""])},
    optional={"anonId": st.one_of(st.just(UUID), odd), "via": st.sampled_from(["link", "mail", None]), "more": odd},
)
share_bodies = st.fixed_dictionaries(
    {
        "targetType": st.sampled_from(["track", "release", "site"]),
        "targetKey": keys,
        "channel": st.sampled_from(["link", "embed", "x"]),
    },
    optional={"anonId": st.one_of(st.just(UUID), odd), "eventId": st.one_of(st.just(UUID), odd)},
)
bodies = st.one_of(
    play_bodies.map(lambda body: json.dumps(body).encode()),
    share_bodies.map(lambda body: json.dumps(body, ensure_ascii=False).encode(errors="replace")),
    st.binary(max_size=300),
    st.integers(2000, 2100).map(lambda size: b'{"trackEntryKey":"a","bucket":"partial","x":"' + b"x" * size + b'"}'),
)
headers = st.fixed_dictionaries(
    {"User-Agent": st.sampled_from([BROWSER, BROWSER, BROWSER, "curl/8.5.0", "Googlebot/2.1", ""])},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "text/plain", "text/plain;charset=UTF-8", "TEXT/PLAIN", "text/html", "", "a/b; c=d"]
        ),
        "Origin": st.sampled_from([SITE, SITE.upper(), "https://elsewhere.example", "null", ""]),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site"]),
        "Sec-GPC": st.sampled_from(["1", "0"]),
        "DNT": st.sampled_from(["1", "null"]),
        "X-Forwarded-For": st.sampled_from(["198.51.100.7", "unknown", "1.2.3.4, 5.6.7.8"]),
    },
)
methods = st.sampled_from(["POST"] * 8 + ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
paths = st.sampled_from(
    ["/api/event/play"] * 6
    + ["/api/event/share"] * 4
    + ["/api/event/config", "/api/event/", "/api/event/play/", "/api/event/Play", "/api/event/pl%61y"]
    + ["/api/event/play?x=1", "/api/event/forgotten", "/api/event/play%2F", "/api/event/pl%C3%A4y", "/api/event/%FF"]
)


def compared(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    shown = {name: answer.headers[name] for name in COMPARED if name in answer.headers}
    return answer.status, shown, answer.body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=methods, path=paths, fields=headers, body=bodies, chunked=st.booleans())
def test_both_doors_give_the_same_answer(
    service: Service, method: str, path: str, fields: dict[str, str], body: bytes, chunked: bool
) -> None:
    answers, effects = [], []
    sent = [piece for piece in (body[:7], body[7:]) if piece] if chunked else body  # an empty chunk is the last one
    before = ledger(service)
    for url in (service.url, service.beacon):
        with Client(Door.at(url)) as client:
            answers.append(compared(client.ask(method, path, fields, sent)))
        after = ledger(service)
        # What was accepted is what was received and not refused; it is counted whenever the writer comes to it.
        effects.append({name: after[name] - before[name] for name in ("received", *Reason)})
        before = after
    assert answers[0] == answers[1]
    assert effects[0] == effects[1]


def ledger(service: Service) -> dict[str, int]:
    with Client(Door.at(service.url)) as client:
        text = client.ask("GET", "/metrics").body.decode()
    found = re.findall(r"^tonearm_events_(\w+?)(?:_total)?(?:\{reason=\"([a-z-]+)\"\})? (\d+)", text, re.MULTILINE)
    return {reason or name: int(float(number)) for name, reason, number in found}


def test_every_received_event_has_one_named_outcome(service: Service) -> None:
    """After whatever the tests above sent, and some more of each kind."""
    random = Random(7)
    eventually(lambda: ledger(service)["pending"] == 0)  # of the tests above
    before = ledger(service)
    statuses: Counter[int] = Counter()
    good = json.dumps({"trackEntryKey": "harbour-lights", "bucket": "complete"}).encode()
    requests: list[tuple[str, str, dict[str, str], bytes]] = [
        ("POST", "/api/event/play", {"Content-Type": "text/plain"}, good),
        ("POST", "/api/event/play", {"Content-Type": "text/plain", "User-Agent": "curl/8"}, good),
        ("POST", "/api/event/play", {"Content-Type": "text/plain", "Origin": "https://elsewhere.example"}, good),
        ("POST", "/api/event/play", {"Content-Type": "text/html"}, good),
        ("POST", "/api/event/play", {"Content-Type": "text/plain"}, b"{"),
        ("POST", "/api/event/play", {"Content-Type": "text/plain"}, b"x" * 3000),
        ("POST", "/api/event/nothing", {"Content-Type": "text/plain"}, good),
        ("PUT", "/api/event/share", {"Content-Type": "text/plain"}, good),
    ]
    for _ in range(200):
        door = Door.at(random.choice([service.url, service.beacon]))
        with Client(door) as client:
            method, path, fields, body = random.choice(requests)
            statuses[client.ask(method, path, {"User-Agent": BROWSER, **fields}, body).status] += 1
    eventually(lambda: ledger(service)["pending"] == 0)
    after = ledger(service)
    grown = {name: after[name] - before[name] for name in after}
    assert 200 == grown["received"]
    assert statuses[202] == grown["counted"]
    refused = [reason.value for reason in Reason]
    settled = after["counted"] + after["duplicate"] + sum(after[name] for name in refused)
    assert after["received"] + after["recovered"] == settled
    by_status = {404: ["not-found"], 405: ["method"], 413: ["too-large"], 415: ["media-type"], 400: ["malformed"]}
    by_status[403] = ["crawler", "origin"]
    for status, reasons in by_status.items():
        assert statuses[status] == sum(grown[reason] for reason in reasons)
