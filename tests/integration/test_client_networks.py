"""Client networks, counted by the real service: who hides them is told, and a developer or a flood is no proxy."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.networks import ENOUGH
from tests.integration.test_canary import figures
from tests.support import nginx as nginxes
from tests.support.certificate import make_certificate
from tests.support.dashboard import ENVIRONMENT, OPERATOR
from tests.support.held import UNIX, held, short_folder
from tests.support.http import Client, Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving

PLAY = "/api/event/play"
TEXT = {"Content-Type": "text/plain"}
PAGE = {**TEXT, "Origin": "https://band.example"}
BODY = json.dumps({"trackEntryKey": "a", "bucket": "complete"}).encode()


@pytest.fixture
def service(tmp_path: Path, postgres: Postgres) -> Iterator[Service]:
    unlimited = {"TONEARM_DATABASE_URL": postgres.new_database(), "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
    with serving(tmp_path / "data", {**ENVIRONMENT, **unlimited}, "--workers", "2") as running:
        yield running


def send(service: Service, number: int, headers: dict[str, str]) -> list[int]:
    """Each on a connection of its own, which may fall to any worker."""
    return [ask(Door.at(service.beacon), "POST", PLAY, headers, BODY).status for _ in range(number)]


def health(service: Service) -> dict[str, Any]:
    return dict(ask(Door.at(service.url), "GET", "/api/health", OPERATOR).json())


def clients(service: Service, events: int) -> dict[str, Any]:
    """Once both workers have told of so many."""
    eventually(lambda: health(service)["clients"]["events"] == events)
    return dict(health(service)["clients"])


def test_a_developer_is_left_alone_a_proxy_that_hides_is_told_and_one_that_was_mended_is_well(service: Service) -> None:
    here = {**TEXT, "Origin": "http://localhost:8080"}
    assert {202} == set(send(service, 2 * ENOUGH, here)) | set(send(service, 2 * ENOUGH, TEXT))
    assert {202} == set(send(service, 2 * ENOUGH, PAGE))
    hidden = {"networks": 1, "oneNetwork": True, "way": "untold"}
    eventually(lambda: hidden.items() <= clients(service, 2 * ENOUGH).items())  # whichever worker is asked
    words = f"All {2 * ENOUGH} events of the last hour came by a proxy that does not say who sends them."
    eventually(lambda: any(said.startswith(words) for said in health(service)["troubles"]))  # either worker answers
    for number in range(20):
        assert [202] == send(service, 1, {**PAGE, "X-Forwarded-For": f"203.0.113.{number}"})
    eventually(lambda: health(service)["clients"]["events"] == 2 * ENOUGH + 20 and health(service)["ok"])
    assert health(service)["clients"]["networks"] > 1


def test_networks_are_told_apart_as_privacy_cuts_them(tmp_path: Path, postgres: Postgres) -> None:
    """An IPv4 address is one, an IPv6 /64 is one."""
    with serving(tmp_path / "data", {**ENVIRONMENT, "TONEARM_DATABASE_URL": postgres.new_database()}) as service:
        for address in ("203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
            assert [202] == send(service, 1, {**PAGE, "X-Forwarded-For": address})
        assert 4 == clients(service, 5)["networks"]
        for refused in (b"{}", b"no event"):
            ask(Door.at(service.beacon), "POST", PLAY, {**PAGE, "X-Forwarded-For": "203.0.113.9"}, refused)
        assert 4 == clients(service, 5)["networks"]
        page = ask(Door.at(service.url), "GET", "/metrics").body.decode()
        for line in ("tonearm_client_networks 4.0", "tonearm_client_events 5.0", "tonearm_one_network 0.0"):
            assert line in page


@pytest.mark.full
def test_a_flood_from_one_address_is_not_taken_for_a_proxy(tmp_path: Path, postgres: Postgres) -> None:
    """What the rate limit refuses does not count."""
    few = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "1", "TONEARM_LIMITS__BURST": "20"}
    database = {"TONEARM_DATABASE_URL": postgres.new_database()}
    with serving(tmp_path / "data", {**ENVIRONMENT, **few, **database}) as service:
        statuses = send(service, 2 * ENOUGH, {**PAGE, "X-Forwarded-For": "203.0.113.1"})
        assert 20 == statuses.count(202)
        assert {"networks": 1, "oneNetwork": False}.items() <= clients(service, 20).items()
        assert health(service)["ok"]


@pytest.mark.skipif(nginxes.PROGRAM is None, reason="there is no nginx on this machine")
@pytest.mark.parametrize(
    ("settings", "changes", "one"),
    [
        (UNIX, {}, 0),
        (UNIX, {"proxy_set_header   X-Forwarded-For $remote_addr;": ""}, 1),
        ({"TONEARM_HTTP__TRUSTED_PROXIES": "[]"}, {}, 1),
    ],
    ids=["as in deploy", "a proxy that says nothing", "a proxy that is not believed"],
)
def test_behind_nginx_listeners_are_several_unless_it_hides_them(
    tmp_path: Path, postgres: Postgres, settings: dict[str, str], changes: dict[str, str], one: int
) -> None:
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **settings}
    with short_folder() as folder, held(folder) as sockets:
        service = sockets.serve(tmp_path / "data", environment).ready()
        try:
            with nginxes.nginx(folder, make_certificate(tmp_path), changes) as proxy:
                for number in range(ENOUGH):
                    with Client(Door("127.0.0.1", proxy.own_site), f"127.1.1.{number % 5 + 1}") as client:
                        assert 202 == client.ask("POST", PLAY, PAGE, BODY).status
            found = figures(service)
            networks = 1 if one else 5
            assert (networks, ENOUGH, one) == (
                found["tonearm_client_networks"],
                found["tonearm_client_events"],
                found["tonearm_one_network"],
            )
        finally:
            service.stop()
