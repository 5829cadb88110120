"""The canary through the real service: it arrives, counts nowhere, is nobody else's, and alarms where it is stuck."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from server.canary import Canaries
from storage.bridge import Address, Connection, open_database
from tests.support import nginx as nginxes
from tests.support.certificate import make_certificate
from tests.support.dashboard import ENVIRONMENT, OPERATOR
from tests.support.held import UNIX, held, short_folder
from tests.support.http import Door, ask
from tests.support.ledger import ledger
from tests.support.postgres import Postgres, rows
from tests.support.service import Service, eventually, serving
from tests.support.sse import Events
from tests.support.stoppable_postgres import StoppablePostgres

PLAY = "/api/event/play"
TEXT = {"Content-Type": "text/plain"}
OFTEN = {**ENVIRONMENT, "TONEARM_CANARY__EVERY_S": "1"}
# Everything the service writes but for its own housekeeping: the canary's row is the one that may be there.
FIGURES = (
    "play_event", "share_event", "play_counter", "day_counter", "listener", "listener_day", "listener_count",
    "event_id", "uncatalogued", "forgotten", "opening_balance", "track", "release", "milestone", "alert",
)  # fmt: skip


class Site:
    """A service with its database, and what both say."""

    def __init__(self, service: Service, url: str) -> None:
        self.service = service
        self.url = url

    def query(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)

    def health(self) -> dict[str, Any]:
        answer = ask(Door.at(self.service.url), "GET", "/api/health", OPERATOR)
        assert 200 == answer.status, answer.body
        return dict(answer.json())

    def seen(self, more_than: int = 0) -> int:
        """Once the service has seen so many canaries; how many there are then."""
        eventually(lambda: self.health()["ledger"]["canary"] > more_than)
        return int(self.health()["ledger"]["canary"])

    def trouble(self, words: str, within_s: float = 30) -> str:
        """The sentence with these words, once it is there."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [one for one in self.health()["troubles"] if words in one]
            return bool(found)

        eventually(there, within_s)
        return found[0]

    def well(self) -> None:
        eventually(lambda: self.health()["ok"], 60)


@contextmanager
def site(folder: Path, postgres: Postgres, environment: dict[str, str] | None = None, *words: str) -> Iterator[Site]:
    url = postgres.new_database()
    with serving(folder / "data", {**OFTEN, "TONEARM_DATABASE_URL": url, **(environment or {})}, *words) as service:
        yield Site(service, url)


@pytest.fixture(scope="module")
def shared(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Takes canaries and nothing else, with all they could get lost or show in: workers, listeners, origins."""
    both = {"TONEARM_PRIVACY__MODE": "both", "TONEARM_SITE__ORIGINS": '["https://band.example"]'}
    with site(tmp_path_factory.mktemp("canary"), postgres, both, "--workers", "2") as opened:
        yield opened


def test_it_arrives_and_says_how_long_that_took(shared: Site) -> None:
    """By whichever worker answers, once it has heard of the one that sends."""

    def well() -> bool:
        health = shared.health()
        canary = health["canary"]
        took_s = canary["tookS"] or 0
        return (1.0, False, None, []) == (
            canary["everyS"],
            canary["overdue"],
            canary["trouble"],
            health["troubles"],
        ) and 0 < took_s < 10

    shared.seen(2)
    eventually(well)


def test_it_is_in_no_table_and_no_figure(shared: Site) -> None:
    shared.seen(2)
    counts = {table: shared.query(f"SELECT count(*)::int FROM {table}")[0][0] for table in FIGURES}
    assert dict.fromkeys(FIGURES, 0) == counts
    stats = ask(Door.at(shared.service.url), "GET", "/api/stats/home").json()
    assert (0, 0, 0, 0) == (stats["totalPlays"], stats["totalShares"], stats["listeners"], stats["listenersToday"])
    assert [(1,)] == shared.query("SELECT count(*)::int FROM canary")


@pytest.mark.full
def test_it_is_in_no_export_and_check_and_rebuild_find_nothing(shared: Site, tmp_path: Path) -> None:
    shared.seen(2)
    for words in (["check"], ["rebuild"], ["check"]):
        assert 0 == shared.service.command(*words).returncode
    for what in ("events", "days"):
        file = tmp_path / f"{what}.ndjson"
        shared.service.command("export", what, "--format", "ndjson", "--output", str(file))
        assert b"" == file.read_bytes()


def test_the_last_hour_knows_nothing_of_it(shared: Site) -> None:
    shared.seen(2)
    with Events(f"{shared.service.url}/api/live", OPERATOR) as events:
        events.wait(lambda: events.received)
    name, hour = events.received[0]
    assert ("hour", [], 0) == (name, hour["targets"], hour["total"]["plays"])


def test_the_ledger_adds_up_with_it(tmp_path: Path, postgres: Postgres) -> None:
    with site(tmp_path, postgres, {}, "--workers", "2") as opened:
        for number in range(20):
            assert 202 == ask(Door.at(opened.service.beacon), "POST", PLAY, TEXT, play(f"track-{number}")).status
        assert 400 == ask(Door.at(opened.service.beacon), "POST", PLAY, TEXT, b"{}").status
        eventually(lambda: opened.health()["ledger"]["counted"] == 20)
        opened.seen(opened.seen())
        eventually(lambda: outcomes(opened) == (20, 1, 0, 0))  # whichever of the two is asked
        assert all(one["ledger"]["addsUp"] for one in opened.health()["processes"])
        opened.service.stop()
        assert [(20, 20)] == opened.query(
            "SELECT (SELECT count(*) FROM play_event)::int, (SELECT sum(complete) FROM play_counter"
            " WHERE target_kind = 'site')::int"
        )


def outcomes(opened: Site) -> tuple[int, ...]:
    found = opened.health()["ledger"]
    return found["counted"], found["refused"]["malformed"], found["spooled"], found["missing"]


def test_one_process_sends_and_any_may_take_it(shared: Site) -> None:
    eventually(lambda: all(one["ledger"]["canary"] for one in shared.health()["processes"]), 60)
    senders = {one["worker"]: one["canary"]["everyS"] for one in shared.health()["processes"]}
    assert {0: 1.0, 1: None} == senders


def test_it_is_nobodys_network(shared: Site) -> None:
    shared.seen(2)
    assert {"networks": 0, "events": 0, "oneNetwork": False, "way": None} == shared.health()["clients"]


def test_nothing_of_it_accumulates(shared: Site) -> None:
    """The spool gives its rows back, and the database has one row."""
    shared.seen(shared.seen())
    eventually(lambda: shared.health()["spool"]["events"] == 0)
    assert [(1,)] == shared.query("SELECT count(*)::int FROM canary")


def play(key: str) -> bytes:
    return json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()


STRANGERS = {
    "of another installation": Canaries(bytes(32), lambda: 0.0).body(b"s" * 16, b"n" * 16),
    "made up": b'{"canary":"' + b"A" * 96 + b'"}',
    "a word": b'{"canary":"yes"}',
}


@pytest.mark.parametrize("body", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("door", ["url", "beacon"])
def test_nobody_else_can_make_one(shared: Site, door: str, body: bytes) -> None:
    answer = ask(Door.at(getattr(shared.service, door)), "POST", PLAY, TEXT, body)
    assert (400, "/problems/malformed") == (answer.status, answer.json()["type"])
    assert [(1,)] == shared.query("SELECT count(*)::int FROM canary")


class Ear:
    """Stands where [canary] url leads and hands on what it hears, or answers by itself."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.says = b""
        self.behind: Door | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, suppress(OSError):  # the service stops at any time
                said = client.recv(65536)
                while said and not said.endswith(b'"}'):
                    said += client.recv(65536)
                self.heard.append(said)
                client.sendall(self.says or self._passed_on(said))

    def _passed_on(self, said: bytes) -> bytes:
        if self.behind is None:
            return answer("502 Bad Gateway")
        with socket.create_connection((self.behind.host, self.behind.port)) as service:
            service.sendall(said)
            return service.recv(65536)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def overheard(folder: Path, postgres: Postgres, **environment: str) -> Iterator[tuple[Site, Ear]]:
    ear = Ear()
    try:
        with site(folder, postgres, {"TONEARM_CANARY__URL": ear.url, **environment}) as opened:
            ear.behind = Door.at(opened.service.beacon)
            yield opened, ear
    finally:
        ear.close()


def answer(status: str, body: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


def test_it_comes_as_a_browser_does_and_who_hears_it_gains_nothing(tmp_path: Path, postgres: Postgres) -> None:
    with overheard(tmp_path, postgres, TONEARM_SITE__ORIGINS='["https://band.example"]') as (opened, ear):
        opened.seen()
        head, _, body = ear.heard[0].partition(b"\r\n\r\n")
        said = head.decode().lower()
        assert "post /api/event/play http/1.1" in said
        assert "user-agent: mozilla/5.0 " in said
        assert "origin: https://band.example" in said
        assert "content-type: text/plain" in said
        before = ledger(opened.service)
        for _ in range(3):
            assert 202 == ask(Door.at(opened.service.beacon), "POST", PLAY, TEXT, body).status
        eventually(lambda: ledger(opened.service)["canary"] >= before["canary"] + 3)
        assert (0, [(1,)]) == (ledger(opened.service)["counted"], opened.query("SELECT count(*)::int FROM canary"))
        elsewhere = {**TEXT, "Origin": "https://elsewhere.example"}
        assert 403 == ask(Door.at(opened.service.beacon), "POST", PLAY, elsewhere, body).status


@pytest.mark.full
def test_one_that_is_heard_again_has_the_same_rate_limit_as_any_event(tmp_path: Path, postgres: Postgres) -> None:
    few = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "1", "TONEARM_LIMITS__BURST": "30"}
    with overheard(tmp_path, postgres, **few) as (opened, ear):
        opened.seen()
        body = ear.heard[0].partition(b"\r\n\r\n")[2]
        statuses = [
            ask(Door.at(opened.service.beacon), "POST", PLAY, TEXT, body, source="127.9.9.9").status for _ in range(40)
        ]
        assert {202: 30, 429: 10} == {status: statuses.count(status) for status in set(statuses)}


STUCK = {
    "403 of something in front": (answer("403 Forbidden", "<html>no</html>"), "answers 403, and not in the words"),
    "502": (answer("502 Bad Gateway"), "The proxy does not reach the service"),
    "a redirect": (answer("308 Permanent Redirect"), "a redirect, which events do not follow"),
    "a page": (answer("200 OK", "<html>Welcome"), "something else answers there"),
    "503 of the service": (
        answer("503 Service Unavailable", '{"type":"/problems/unavailable","title":"Not available now"}'),
        "answers 503 (unavailable). Either events cannot be made durable",
    ),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached: the connection broke"),
}


@pytest.mark.full
def test_each_way_to_be_stuck_alarms_with_what_to_look_at_and_the_end_of_it_is_seen(
    tmp_path: Path, postgres: Postgres
) -> None:
    with overheard(tmp_path, postgres) as (opened, ear):
        opened.seen()
        eventually(lambda: abs(metric(opened.service, "tonearm_canary_success_timestamp_seconds") - time.time()) < 30)
        assert 0 < metric(opened.service, "tonearm_canary_seconds") < 30
        for says, words in STUCK.values():
            ear.says = says
            sentence = opened.trouble(words)
            assert sentence.startswith("No canary event has been counted for ")
            assert ear.url in sentence
            assert not opened.health()["ok"]
            eventually(lambda: metric(opened.service, "tonearm_canary_overdue") == 1)
        assert 1 == opened.service.said().count("no canary event has been counted for too long")
        ear.says = b""
        opened.well()
        assert 0 == metric(opened.service, "tonearm_canary_overdue")
        eventually(lambda: "canary events are counted again" in opened.service.said())
        ear.close()
        assert "no connection" in opened.trouble("cannot be reached")


def metric(service: Service, name: str) -> float:
    page = ask(Door.at(service.url), "GET", "/metrics").body.decode()
    return float(next((line.split(" ")[1] for line in page.splitlines() if line.startswith(name + " ")), "-1"))


async def hold(connection: Connection, until: threading.Event) -> None:
    await connection.execute("LOCK TABLE spool_cursor IN ACCESS EXCLUSIVE MODE")
    while not until.is_set():
        await connection.fetchval("SELECT pg_sleep(0.1)")


def test_a_writer_that_is_stuck_alarms_while_every_event_is_accepted(tmp_path: Path, postgres: Postgres) -> None:
    with site(tmp_path, postgres) as opened:
        opened.seen()
        let_go = threading.Event()

        async def holding() -> None:
            async with open_database(Address(url=opened.url), connections=1) as database:
                await database.transaction(hold, let_go)

        holder = threading.Thread(target=trio.run, args=(holding,))
        holder.start()
        try:
            opened.trouble("It was accepted and is not counted")
            assert 202 == ask(Door.at(opened.service.beacon), "POST", PLAY, TEXT, play("held")).status
        finally:
            let_go.set()
            holder.join()
        opened.well()
        eventually(lambda: opened.health()["ledger"]["counted"] == 1)
        assert opened.health()["ledger"]["addsUp"]


@pytest.mark.full
def test_while_the_database_is_away_that_is_said_and_no_more(tmp_path: Path) -> None:
    """Also not afterwards: what waits is counted after the resolver's longest pause, which is 5 s."""
    server = StoppablePostgres(tmp_path / "pg")
    with server as postgres, site(tmp_path, postgres, {"TONEARM_CANARY__EVERY_S": "4"}) as opened:
        opened.seen()
        server.stop()
        opened.trouble("The database does not answer.")
        for _ in range(15):
            threading.Event().wait(1)
            assert not [one for one in opened.health()["troubles"] if "canary" in one]
        server.start()
        opened.seen(opened.health()["ledger"]["canary"])
        opened.well()
        assert opened.health()["ledger"]["addsUp"]
        assert "no canary event" not in opened.service.said()


@pytest.mark.full
def test_it_can_be_turned_off(tmp_path: Path, postgres: Postgres) -> None:
    with site(tmp_path, postgres, {"TONEARM_CANARY__EVERY_S": "0"}) as opened:
        threading.Event().wait(2.5)
        health = opened.health()
        assert (0, None, True) == (health["ledger"]["received"], health["canary"]["everyS"], health["ok"])
        assert b"tonearm_canary" not in ask(Door.at(opened.service.url), "GET", "/metrics").body


@pytest.mark.full
@pytest.mark.skipif(nginxes.PROGRAM is None, reason="there is no nginx on this machine")
def test_through_nginx_with_tls_it_arrives_and_a_certificate_that_is_not_believed_alarms(
    tmp_path: Path, postgres: Postgres
) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    url = postgres.new_database()
    with short_folder() as folder, held(folder) as sockets, nginxes.nginx(folder, certificate) as proxy:
        environment = {
            "TONEARM_DATABASE_URL": url,
            **UNIX,
            "TONEARM_CANARY__EVERY_S": "1",
            "TONEARM_CANARY__URL": f"https://localhost:{proxy.tls}",
        }
        believing = {"SSL_CERT_FILE": str(certificate.chain)}
        service = sockets.serve(tmp_path / "data", {**environment, **believing}).ready()
        try:
            eventually(lambda: figures(service).get("tonearm_events_canary_total", 0) > 1)
            assert 0 == figures(service)["tonearm_canary_overdue"]
        finally:
            service.stop()
        service = sockets.serve(tmp_path / "data", environment).ready()
        try:
            eventually(lambda: figures(service)["tonearm_canary_overdue"] == 1)
            eventually(lambda: "certificate" in service.said())
        finally:
            service.stop()


def figures(service: Service) -> dict[str, float]:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(service.url.removeprefix("unix:"))
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
    pairs = (line.split(" ") for line in text.splitlines() if line.startswith("tonearm_") and "{" not in line)
    return {name: float(value) for name, value in pairs}


@pytest.mark.full
@pytest.mark.skipif(nginxes.PROGRAM is None, reason="there is no nginx on this machine")
def test_to_the_own_listener_on_a_unix_socket_it_arrives_as_well(tmp_path: Path, postgres: Postgres) -> None:
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **UNIX, "TONEARM_CANARY__EVERY_S": "1"}
    with short_folder() as folder, held(folder) as sockets:
        service = sockets.serve(tmp_path / "data", environment).ready()
        try:
            eventually(lambda: figures(service).get("tonearm_events_canary_total", 0) > 1)
            sockets.paths["beacon"].unlink()  # the listener is there, and nobody can reach it
            eventually(lambda: figures(service)["tonearm_canary_overdue"] == 1)
            eventually(lambda: f"(unix:{sockets.paths['beacon']}) cannot be reached" in service.said())
        finally:
            service.stop()
