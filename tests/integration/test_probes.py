"""`/healthz` and `/readyz` of the real service at both doors: well, without a database, with no room, at its end."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http import Answer, Client, Door, ask, request
from tests.support.scrape import figures
from tests.support.service import Service, eventually, serving
from tests.support.stoppable_postgres import StoppablePostgres

DOORS = ("http", "beacon")
PLAY = "/api/event/play"
TEXT = {"Content-Type": "text/plain"}
BODY = b'{"trackEntryKey": "harbour-lights", "bucket": "complete"}'


def at(service: Service, name: str) -> Door:
    return Door.at({"beacon": service.beacon, "http": service.url}[name])


def ready(service: Service, name: str) -> Answer:
    return ask(at(service, name), "GET", "/readyz")


def becomes(service: Service, name: str, status: int, words: str = "") -> Answer:
    """What it answers once it says so; the beacon listener is a question behind."""

    def says() -> bool:
        answer = ready(service, name)
        return status == answer.status and words in answer.body.decode()

    eventually(says)
    return ready(service, name)


@pytest.fixture
def service(data_dir: Path, database_url: str) -> Iterator[Service]:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url}) as running:
        yield running


def test_a_well_process_is_alive_and_ready_at_both_doors(service: Service) -> None:
    eventually(lambda: ready(service, "http").json()["database"] == "up")
    for name in DOORS:
        alive = ask(at(service, name), "GET", "/healthz")
        assert (200, {"alive": True}, "no-store") == (alive.status, alive.json(), alive.headers["cache-control"])
        assert (200, {"ready": True, "database": "up"}) == (ready(service, name).status, ready(service, name).json())
        head = ask(at(service, name), "HEAD", "/readyz")
        assert (200, b"") == (head.status, head.body)
        assert 405 == ask(at(service, name), "POST", "/healthz").status


def test_probes_are_no_events_and_leave_nothing_in_the_log(service: Service) -> None:
    eventually(lambda: "the listener sets are written anew" in service.said())  # the last line of a start
    before, said = figures(service)["tonearm_events_received_total"], service.said()
    for name in DOORS:
        for path in ("/healthz", "/readyz"):
            ask(at(service, name), "GET", path, {"User-Agent": "Needle4711", "X-Forwarded-For": "198.51.100.7"})
    assert (before, said) == (figures(service)["tonearm_events_received_total"], service.said())


def test_a_disk_that_refuses_to_write_is_told_until_it_takes_events_again(service: Service) -> None:
    """A process may be forbidden to write into files at any time: as a broken disk does it, for whoever runs this."""
    pid, [_, most] = service.process.pid, resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
    for name in DOORS:
        answer = becomes(service, name, 503, "refuses to write")
        assert ("/problems/not-ready", ["spool"]) == (answer.json()["type"], answer.json()["missing"])
        assert int(answer.headers["retry-after"]) > 0
        assert 200 == ask(at(service, name), "GET", "/healthz").status  # nothing a restart would mend
    assert 0 == figures(service)["tonearm_ready"]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, most))
    for name in DOORS:
        becomes(service, name, 200)
    assert 202 == ask(at(service, "beacon"), "POST", PLAY, TEXT, BODY).status


def test_a_database_that_is_away_is_named_and_then_a_full_spool_is_a_reason(
    data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = StoppablePostgres(tmp_path_factory.mktemp("away") / "pg")
    with server as postgres:
        environment = {
            "TONEARM_DATABASE_URL": postgres.new_database(),
            "TONEARM_SPOOL__MAX_MIB": "1",
            "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        }
        with serving(data_dir, environment) as service:
            eventually(lambda: ready(service, "http").json()["database"] == "up")
            server.stop()
            for name in DOORS:
                assert {"ready": True, "database": "away"} == becomes(service, name, 200, "away").json()
            assert (0, 1) == outage(service)
            until_full(service)
            for name in DOORS:
                answer = becomes(service, name, 503, "reached its bound").json()
                assert (["spool"], "away") == (answer["missing"], answer["database"])
            server.start()
            for name in DOORS:
                becomes(service, name, 200, '"up"')
            assert (1, 1) == outage(service)
            assert figures(service)["tonearm_database_retries_total"] >= 1


def outage(service: Service) -> tuple[float, float]:
    found = figures(service)
    return found["tonearm_database_up"], found["tonearm_database_outages_total"]


def until_full(service: Service) -> None:
    """A mebibyte is some thousand events of the longest kind."""
    body = b'{"trackEntryKey": "%s", "bucket": "complete"}' % (b"k" * 190)
    with Client(at(service, "beacon")) as client:
        for _ in range(200):
            client.send(request("POST", PLAY, TEXT, body) * 100)
            if 503 in [client.receive("POST").status for _ in range(100)]:
                return
    raise AssertionError("it takes more than it may")


@pytest.mark.parametrize("name", DOORS)
def test_a_process_that_stops_says_so_while_it_still_answers(data_dir: Path, database_url: str, name: str) -> None:
    """To a balancer that keeps its connection, which a stop waits for."""
    environment = {
        "TONEARM_DATABASE_URL": database_url,
        "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
        "TONEARM_HTTP__PROXY_IDLE_S": "20",
    }
    with serving(data_dir, environment) as service, Client(at(service, name)) as balancer:
        assert 200 == balancer.ask("GET", "/readyz").status
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: "Stopping" in service.said())
        answer = balancer.ask("GET", "/readyz")
        assert (503, ["stopping"], "close") == (
            answer.status,
            answer.json()["missing"],
            answer.headers["connection"],
        )
