"""Who may send events and how many: rate limit, trusted proxies, origins (DESIGN §3), through each door."""

import json
from collections.abc import Iterator, Mapping
from itertools import count

import pytest

from tests.integration.conftest import DOORS
from tests.support.http import Answer, Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, serving

SITE = "https://band.example"
FOREIGN = "https://elsewhere.example"
BURST = 3
PER_MINUTE = 6
BODY = json.dumps({"trackEntryKey": "harbour-lights", "bucket": "complete"}).encode()
PROXY = ""  # 127.0.0.1, whom the service trusts
_octets = count(1)


@pytest.fixture(scope="module")
def strict_service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Small limits, one origin, one trusted proxy."""
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": str(PER_MINUTE),
        "TONEARM_LIMITS__BURST": str(BURST),
        "TONEARM_SITE__ORIGINS": json.dumps([SITE]),
        "TONEARM_HTTP__TRUSTED_PROXIES": json.dumps(["127.0.0.1/32"]),
    }
    with serving(tmp_path_factory.mktemp("strict") / "data", environment) as service:
        yield service


@pytest.fixture(params=DOORS)
def strict_door(strict_service: Service, request: pytest.FixtureRequest) -> Door:
    return Door.at({"http": strict_service.url, "beacon": strict_service.beacon}[request.param])


@pytest.fixture
def visitor() -> str:
    """An address no other test has come from."""
    return f"198.51.100.{next(_octets)}"


def play(door: Door, headers: Mapping[str, str], source: str = PROXY) -> Answer:
    return ask(door, "POST", "/api/event/play", {"Content-Type": "text/plain", **headers}, BODY, source=source)


def forwarded(*hops: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(hops)}


def test_the_standard_header_names_the_client_as_well(strict_door: Door, visitor: str) -> None:
    exhaust(strict_door, {"Forwarded": f'for="{visitor}:4711";proto=https'})
    assert 429 == play(strict_door, forwarded(visitor)).status
    assert 202 == play(strict_door, {"Forwarded": f"for=198.51.100.{next(_octets)}"}).status


def test_the_event_after_the_burst_is_told_when_to_come_again(strict_door: Door, visitor: str) -> None:
    assert [202] * BURST == [play(strict_door, forwarded(visitor)).status for _ in range(BURST)]
    answer = play(strict_door, forwarded(visitor))
    assert (429, "/problems/rate") == (answer.status, answer.json()["type"])
    wait = int(answer.headers["retry-after"])
    assert 1 <= wait <= 60 / PER_MINUTE
    assert f"{wait} s" in answer.json()["detail"]


def test_refusals_before_the_limit_cost_nothing(strict_door: Door, visitor: str) -> None:
    for _ in range(2 * BURST):
        assert 403 == play(strict_door, forwarded(visitor) | {"Origin": FOREIGN}).status
    assert 202 == play(strict_door, forwarded(visitor)).status


def test_visitors_behind_a_trusted_proxy_are_told_apart(strict_door: Door, visitor: str) -> None:
    exhaust(strict_door, forwarded(visitor))
    assert 202 == play(strict_door, forwarded(f"198.51.100.{next(_octets)}")).status


def test_what_a_visitor_writes_before_the_proxys_own_word_changes_nothing(strict_door: Door, visitor: str) -> None:
    exhaust(strict_door, forwarded(visitor))
    assert 429 == play(strict_door, forwarded("203.0.113.9", visitor)).status
    assert 429 == play(strict_door, forwarded("127.0.0.1", "no address", visitor)).status


def test_a_forged_header_from_a_peer_nobody_trusts_changes_nothing(strict_door: Door) -> None:
    peer = f"127.0.3.{next(_octets)}"
    statuses = [play(strict_door, forwarded(f"203.0.113.{n}"), source=peer).status for n in range(BURST + 1)]
    assert [202] * BURST + [429] == statuses


def test_a_forged_header_does_not_use_up_another_visitors_limit(strict_door: Door, visitor: str) -> None:
    exhaust(strict_door, forwarded(visitor), source=f"127.0.3.{next(_octets)}")
    assert 202 == play(strict_door, forwarded(visitor)).status


def test_addresses_of_one_ipv6_network_share_a_limit(strict_door: Door) -> None:
    number = next(_octets)
    exhaust(strict_door, forwarded(f"2001:db8:0:{number:x}::1"))
    assert 429 == play(strict_door, forwarded(f"2001:db8:0:{number:x}:ffff::2")).status
    assert 202 == play(strict_door, forwarded(f"2001:db8:1:{number:x}::1")).status


def test_the_limit_is_one_for_all_doors(strict_service: Service, visitor: str) -> None:
    first, *others = [Door.at(url) for url in (strict_service.url, strict_service.beacon)]
    exhaust(first, forwarded(visitor))
    assert [429] == [play(other, forwarded(visitor)).status for other in others]


def exhaust(door: Door, headers: Mapping[str, str], source: str = PROXY) -> None:
    assert 202 == play(door, headers, source).status
    while play(door, headers, source).status == 202:
        pass


@pytest.mark.parametrize(
    ("headers", "status", "allowed"),
    [
        ({"Origin": SITE}, 202, SITE),
        ({"Origin": SITE.upper().replace("HTTPS", "https")}, 202, SITE),
        ({}, 202, None),
        ({"Origin": FOREIGN}, 403, None),
        ({"Origin": "null"}, 403, None),
        ({"Origin": "http://band.example"}, 403, None),
        ({"Origin": SITE + ":8443"}, 403, None),
        ({"Origin": SITE + ".elsewhere.example"}, 403, None),
        ({"Origin": FOREIGN, "Sec-Fetch-Site": "same-origin"}, 202, None),
        ({"Origin": FOREIGN, "Sec-Fetch-Site": "same-site"}, 403, None),
        ({"Origin": FOREIGN, "Sec-Fetch-Site": "none"}, 403, None),
    ],
)
def test_events_are_taken_from_the_sites_own_pages(
    strict_door: Door, visitor: str, headers: dict[str, str], status: int, allowed: str | None
) -> None:
    answer = play(strict_door, forwarded(visitor) | headers)
    assert (status, allowed) == (answer.status, answer.headers.get("access-control-allow-origin"))
    assert "Origin" == answer.headers["vary"]
    if status == 403:
        assert "/problems/origin" == answer.json()["type"]
        assert "[site] origins" in answer.json()["detail"]


def test_a_foreign_page_is_not_named_in_the_answer_to_its_preflight(strict_door: Door) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    foreign = ask(strict_door, "OPTIONS", "/api/event/play", asked | {"Origin": FOREIGN})
    own = ask(strict_door, "OPTIONS", "/api/event/play", asked | {"Origin": SITE})
    assert (204, 204) == (foreign.status, own.status)
    assert (None, SITE) == tuple(a.headers.get("access-control-allow-origin") for a in (foreign, own))


def test_no_visitor_is_named_in_what_the_service_says(strict_service: Service, strict_door: Door, visitor: str) -> None:
    exhaust(strict_door, forwarded(visitor) | {"User-Agent": "Looked-For/1.0"})
    play(strict_door, forwarded(visitor) | {"Origin": "https://looked-for.example"})
    said = strict_service.said().lower()
    assert [] == [word for word in ("198.51.100", "looked-for", "elsewhere") if word in said]
