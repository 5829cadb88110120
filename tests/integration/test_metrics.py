"""`/metrics` of the real service: what each figure follows, who is told, and what several processes make of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.standing import VERSION
from tests.support.http import Client, Door, ask
from tests.support.postgres import Postgres
from tests.support.scrape import figures, labelled, scraped, with_label
from tests.support.service import Service, eventually, serving

PLAY = "/api/event/play"
TEXT = {"Content-Type": "text/plain"}
BODY = json.dumps({"trackEntryKey": "harbour-lights", "bucket": "complete"}).encode()
NEEDLE = "Needle4711"


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_PRIVACY__MODE": "both",
        "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    }
    with serving(tmp_path_factory.mktemp("metered") / "data", environment) as running:
        yield running


def door(service: Service, name: str) -> Door:
    return Door.at({"beacon": service.beacon, "http": service.url}[name])


def play(service: Service, name: str = "beacon", body: bytes = BODY) -> int:
    return ask(door(service, name), "POST", PLAY, TEXT, body).status


@pytest.mark.parametrize("name", ["beacon", "http"])
@pytest.mark.parametrize(("body", "status"), [(BODY, 202), (b"{", 400)])
def test_each_request_is_in_its_doors_histogram(service: Service, name: str, body: bytes, status: int) -> None:
    before = with_label(service, "tonearm_request_seconds_count", door=name)
    assert status == play(service, name, body)
    assert before + 1 == with_label(service, "tonearm_request_seconds_count", door=name)


def test_what_asks_how_the_service_is_is_not_timed(service: Service) -> None:
    before = labelled(service, "tonearm_request_seconds_count")
    for name in ("beacon", "http"):
        for path in ("/healthz", "/readyz"):
            assert 200 == ask(door(service, name), "GET", path).status
    assert before == labelled(service, "tonearm_request_seconds_count")


def test_a_batch_and_its_transaction_are_observed_once(service: Service) -> None:
    eventually(lambda: figures(service)["tonearm_events_pending"] == 0)
    before = figures(service)
    assert 202 == play(service)
    eventually(lambda: figures(service)["tonearm_events_counted_total"] > before["tonearm_events_counted_total"])
    after = figures(service)
    grown = {name: after[name] - before[name] for name in before if name.startswith(("tonearm_batch", "tonearm_trans"))}
    assert 1 == grown["tonearm_batch_events_count"] == grown["tonearm_batch_events_sum"]
    assert 1 == grown["tonearm_transaction_seconds_count"]
    assert 0 < grown["tonearm_transaction_seconds_sum"] < 20


def test_a_well_service_says_so(service: Service) -> None:
    eventually(lambda: figures(service)["tonearm_database_up"] == 1)
    found = figures(service)
    assert (1, 0, 1) == tuple(found[f"tonearm_{name}"] for name in ("ready", "salt_overdue", "installation_processes"))
    assert 0 <= found["tonearm_salt_age_seconds"] < 600
    assert 1 == with_label(service, "tonearm_build_info", version=VERSION)


def test_the_spools_room_is_what_its_limit_and_the_disk_leave(service: Service) -> None:
    found = figures(service)
    assert 1 << 30 == found["tonearm_spool_limit_bytes"]
    assert 0 < found["tonearm_spool_room_bytes"] <= found["tonearm_spool_limit_bytes"]


def test_the_housekeeper_tells_of_its_round(service: Service) -> None:
    eventually(lambda: "tonearm_housekeeping_timestamp_seconds" in figures(service))
    found = figures(service)
    assert found["tonearm_housekeeping_timestamp_seconds"] >= found["tonearm_start_time_seconds"]
    assert 1 <= found["tonearm_partitions_ahead_months"] <= 2


def test_open_clients_of_the_beacon_listener_are_told(service: Service) -> None:
    eventually(lambda: figures(service)["tonearm_beacon_connections"] == 0)
    with Client(Door.at(service.beacon)) as one, Client(Door.at(service.beacon)) as other:
        assert [202, 202] == [client.ask("POST", PLAY, TEXT, BODY).status for client in (one, other)]
        assert 2 == figures(service)["tonearm_beacon_connections"]
    eventually(lambda: figures(service)["tonearm_beacon_connections"] == 0)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_through_a_proxy_there_are_no_metrics(service: Service, header: str) -> None:
    answer = ask(Door.at(service.url), "GET", "/metrics", {header: "198.51.100.7"})
    assert (404, "/problems/not-found") == (answer.status, answer.json()["type"])


def test_no_label_has_a_value_that_somebody_sent(service: Service) -> None:
    said = {"User-Agent": NEEDLE, "Origin": f"https://{NEEDLE}", "Host": NEEDLE, **TEXT}
    for name in ("beacon", "http"):
        sent = [
            ("POST", PLAY, json.dumps({"trackEntryKey": NEEDLE, "bucket": "complete"}).encode()),
            ("POST", f"/api/event/{NEEDLE}", BODY),
            (NEEDLE, PLAY, BODY),
            ("GET", f"/{NEEDLE}", b""),
        ]
        for method, path, body in sent:
            ask(door(service, name), method, path, said, body)
    values = {value for family in scraped(service) for one in family.samples for value in one.labels.values()}
    known = r"\d+|\+Inf|[\d.e-]+|[a-z-]+|[0-9a-f]{16}|" + re.escape(VERSION)
    assert [] == [value for value in values if not re.fullmatch(known, value) or NEEDLE.lower() in value.lower()]


def test_with_several_workers_each_process_is_told_apart_and_all_of_them_by_any(
    data_dir: Path, database_url: str
) -> None:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url}, "--workers", "2") as service:
        for _ in range(20):
            assert 202 == play(service)
        eventually(lambda: figures(service).get("tonearm_installation_processes") == 2, 60)
        workers: set[str] = set()

        def both_have_answered() -> bool:
            [labels] = labelled(service, "tonearm_events_received_total")
            workers.add(dict(labels)["worker"])
            return workers == {"0", "1"}

        eventually(both_have_answered, 60)
        counted = "tonearm_installation_events_counted_total"
        eventually(lambda: sum(labelled(service, counted).values()) == 20, 60)
        assert 2 == len(labelled(service, counted))
        assert 0 == figures(service)["tonearm_installation_ledger_missing"]
