"""Real proxies with the files of deploy/, in front of the real service on unix sockets."""

import base64
import json
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import caddy as caddies
from tests.support import nginx as nginxes
from tests.support.caddy import Caddy
from tests.support.certificate import HOST, Certificate, make_certificate
from tests.support.chromium import UNASKED, chromium
from tests.support.held import UNIX, held, short_folder
from tests.support.http import Answer, Client, Door, ask, request
from tests.support.local_site import tone
from tests.support.nginx import Nginx
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually

PLAY = "/api/event/play"
AGENT = "Mozilla/5.0 (Needle4711) Firefox/141.0"
SECRETS = (b"127.88.77.66", b"Needle4711")
TEXT = {"Content-Type": "text/plain", "User-Agent": AGENT}
KINDS = {
    "nginx": pytest.param(
        "nginx", marks=pytest.mark.skipif(nginxes.PROGRAM is None, reason="there is no nginx on this machine")
    ),
    "caddy": pytest.param(
        "caddy",
        marks=[
            pytest.mark.skipif(caddies.PROGRAM is None, reason="there is no Caddy on this machine"),
            pytest.mark.full,  # to the same effect as nginx, by the same tests
        ],
    ),
}
IMPATIENT = {"nginx": {"timeout 10s": "timeout 1s", "timeout   10s": "timeout 1s", "timeout     10s": "timeout 1s"}}
IMPATIENT["caddy"] = {"read_header 10s": "read_header 1s"}


@dataclass(frozen=True)
class Front:
    """A proxy, the service behind it, and how to ask for both."""

    proxy: Nginx | Caddy
    service: Service
    certificate: Certificate

    def connect(self, source: str = "127.0.0.1", *, tls: bool = False) -> Client:
        """A connection to the site's own origin, or to the service's own host."""
        client = Client(Door("127.0.0.1", self.proxy.tls if tls else self.proxy.own_site), source)
        if tls:
            context = ssl.create_default_context(cafile=str(self.certificate.chain))
            client._socket = context.wrap_socket(client._socket, server_hostname=HOST)
        return client

    def post(
        self, key: str, source: str = "127.0.0.1", headers: Mapping[str, str] | None = None, *, tls: bool = False
    ) -> Answer:
        sent = {**TEXT, "Host": HOST, **(headers or {})}
        with self.connect(source, tls=tls) as client:
            return client.ask("POST", PLAY, sent, body(key))

    def figures(self) -> dict[str, float]:
        """The service's own, asked for past the proxy."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self.service.url.removeprefix("unix:"))
            asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
        return {name: float(value) for name, value in re.findall(r"^(tonearm_\S+) (\S+)$", text, re.MULTILINE)}

    def received(self) -> float:
        return self.figures()["tonearm_events_received_total"]

    def stats(self, what: str) -> dict[str, Any]:
        with self.connect() as client:
            return dict(client.ask("GET", f"/api/stats/{what}", {"Host": HOST}).json())


def body(key: str) -> bytes:
    return json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()


def proxied(
    kind: str, sockets: Path, certificate: Certificate, changes: dict[str, str]
) -> AbstractContextManager[Nginx | Caddy]:
    return (nginxes.nginx if kind == "nginx" else caddies.caddy)(sockets, certificate, changes)


Opening = Callable[..., AbstractContextManager[Front]]


@pytest.fixture(scope="module", params=KINDS.values())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shared(kind: str, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One for all that needs no settings of its own."""
    with opener(kind, postgres, tmp_path_factory.mktemp("shared"))() as opened:
        yield opened


@pytest.fixture
def front(kind: str, postgres: Postgres, tmp_path: Path) -> Opening:
    """Opens one: `changes` to the proxy's files, settings of the service."""
    return opener(kind, postgres, tmp_path)


def opener(kind: str, postgres: Postgres, folder_of_service: Path) -> Opening:

    @contextmanager
    def opening(changes: dict[str, str] | None = None, **settings: str) -> Iterator[Front]:
        certificate = make_certificate(folder_of_service)
        environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **UNIX, **settings}
        with short_folder() as folder, held(folder) as sockets:
            service = sockets.serve(folder_of_service / "data", environment).ready()
            try:
                with proxied(kind, folder, certificate, changes or {}) as proxy:
                    yield Front(proxy, service, certificate)
            finally:
                service.stop()

    return opening


@pytest.mark.chromium
def test_the_events_of_a_real_browser_count_over_tls(shared: Front) -> None:
    sound = base64.b64encode(tone(4)).decode()
    page_of_site = (
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/tonearm.js"></script>'
        f'<audio autoplay data-tonearm-track="harbour-lights" src="data:audio/wav;base64,{sound}"></audio>'
    )
    resolve = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    with chromium(UNASKED, resolve) as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        site = f"https://{HOST}:{shared.proxy.tls}"
        page.route(f"{site}/listen", lambda route: route.fulfill(content_type="text/html", body=page_of_site))
        with page.expect_response(lambda answer: answer.url == f"{site}{PLAY}", timeout=20_000) as answer:
            page.goto(f"{site}/listen")
        assert 202 == answer.value.status
    eventually(lambda: shared.stats("track/harbour-lights")["complete"] == 1)


def test_tls_comes_with_http_2(shared: Front) -> None:
    words = ["curl", "-sS", "--http2", "--cacert", str(shared.certificate.chain), "-H", "Content-Type: text/plain"]
    words += ["--resolve", f"{HOST}:{shared.proxy.tls}:127.0.0.1", "-d", body("a").decode()]
    words += ["-w", "%{http_version} %{http_code}", f"https://{HOST}:{shared.proxy.tls}{PLAY}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert ("2 202", "") == (done.stdout, done.stderr)


FORGED = [
    {"X-Forwarded-For": "198.51.100.1"},
    {"X-Forwarded-For": "198.51.100.2, 127.0.0.1"},
    {"Forwarded": "for=198.51.100.3"},
    {"X-Forwarded-For": "198.51.100.4", "Forwarded": "for=198.51.100.4"},
    {"X-Real-IP": "198.51.100.5"},
]


def test_a_forged_address_does_not_change_whose_rate_limit_applies(front: Opening) -> None:
    limit = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "1", "TONEARM_LIMITS__BURST": str(len(FORGED))}
    with front(**limit) as opened:
        assert [202] * len(FORGED) == [opened.post("a", "127.1.1.1", forged).status for forged in FORGED]
        assert 429 == opened.post("a", "127.1.1.1", {"X-Forwarded-For": "198.51.100.99"}).status
        assert 202 == opened.post("a", "127.1.1.2", {"X-Forwarded-For": "127.1.1.1"}).status


@pytest.mark.full
def test_a_forged_address_does_not_change_who_listens(front: Opening) -> None:
    with front(TONEARM_PRIVACY__MODE="daily-salt") as opened:
        for forged in FORGED:
            assert 202 == opened.post("a", "127.1.1.1", forged).status
        assert 202 == opened.post("a", "127.1.1.2", {"X-Forwarded-For": "127.1.1.1"}).status
        eventually(lambda: opened.stats("home")["totalPlays"] == len(FORGED) + 1)
        assert 2 == opened.stats("home")["listenersToday"]


def test_what_is_too_large_stops_at_the_proxy(shared: Front) -> None:
    before = shared.received()
    with shared.connect() as client:
        answer = client.ask("POST", PLAY, TEXT, b"x" * 2049)
        assert (413, "application/problem+json") == (answer.status, answer.headers["content-type"])
        assert "/problems/too-large" == answer.json()["type"]
    assert before == shared.received()


def test_what_is_too_large_and_names_no_length_is_no_event(shared: Front) -> None:
    before = shared.figures()["tonearm_events_counted_total"]
    with shared.connect() as client:
        assert 413 == client.ask("POST", PLAY, TEXT, [body("a") + b" " * 2048]).status
    assert before == shared.figures()["tonearm_events_counted_total"]


@pytest.mark.full
def test_who_is_slow_with_head_or_body_is_let_go(front: Opening, kind: str) -> None:
    whole = request("POST", PLAY, TEXT, body("a"))
    with front(changes=IMPATIENT[kind], TONEARM_BEACON__BODY_S="1") as opened:
        for slow in (whole[:40], whole[:-10]):
            with opened.connect() as client:
                client.send(slow)
                told = client._socket.recv(65536)
                assert not told or b" 408 " in told.split(b"\r\n")[0]
        # Caddy hands a body on as it comes, so there it is the service that has no patience.
        assert (0 if kind == "nginx" else 1) == opened.received()


METRICS = ("/metrics", "/metrics/", "/%6Detrics", "//metrics", "/./metrics", "/METRICS", "/metrics?a=1")


@pytest.mark.parametrize("tls", [False, True])
def test_the_services_figures_about_itself_are_not_for_everybody(shared: Front, tls: bool) -> None:
    for path in METRICS:
        with shared.connect(tls=tls) as client:
            answer = client.ask("GET", path, {"Host": HOST})
            assert b"tonearm_" not in answer.body, path
            assert 404 == answer.status or not tls, path  # the site's own pages answer what is not Tonearm's


def test_who_watches_has_an_address_for_them_and_for_nothing_else(shared: Front) -> None:
    door = Door("127.0.0.1", shared.proxy.metrics)
    for path, says in {"/metrics": b"tonearm_ready 1", "/healthz": b"alive", "/readyz": b"ready"}.items():
        answer = ask(door, "GET", path, {"X-Forwarded-For": "198.51.100.7", "User-Agent": AGENT})
        assert (200, True) == (answer.status, says in answer.body), path
    for path in ("/", "/dashboard", "/api/health", "/api/event/config", "/metrics/more"):
        assert 404 == ask(door, "GET", path).status, path


def test_a_service_that_is_away_is_told_in_the_contracts_words(front: Opening) -> None:
    with front() as opened:
        opened.service.stop()
        for path in (opened.service.url, opened.service.beacon):
            Path(path.removeprefix("unix:")).unlink()
        answer = opened.post("a")
        assert (503, "5") == (answer.status, answer.headers["retry-after"])
        assert "/problems/unavailable" == answer.json()["type"]


@pytest.mark.parametrize(
    "tls",
    [
        pytest.param(False, id="the site's own origin"),
        pytest.param(True, id="a host of its own", marks=pytest.mark.full),
    ],
)
def test_no_log_of_the_proxy_names_a_listener_whatever_happens(front: Opening, kind: str, tls: bool) -> None:
    source = SECRETS[0].decode()
    with front(changes=IMPATIENT[kind], TONEARM_LIMITS__BURST="1", TONEARM_LIMITS__EVENTS_PER_MINUTE="1") as opened:
        statuses = [opened.post("a", source, tls=tls).status, opened.post("a", source, tls=tls).status]
        with opened.connect(source, tls=tls) as client:
            statuses.append(client.ask("POST", PLAY, {**TEXT, "Host": HOST}, b"x" * 4000).status)
        with opened.connect(source, tls=tls) as client:  # goes away in the middle of its body
            client.send(request("POST", PLAY, {**TEXT, "Host": HOST}, body("a"))[:-10])
        with opened.connect(source, tls=tls) as client:  # falls asleep there
            client.send(request("POST", PLAY, {**TEXT, "Host": HOST}, body("a"))[:-10])
            client._socket.recv(65536)
        if tls:
            with opened.connect(source, tls=tls) as client:
                client.send(f"GET /\x01 HTTP/1.1\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
                client._socket.recv(65536)
            with Client(Door("127.0.0.1", opened.proxy.tls), source) as client:
                client.send(b"no TLS at all\r\n\r\n")
                client._socket.recv(65536)
        opened.service.stop()
        for path in (opened.service.url, opened.service.beacon):
            Path(path.removeprefix("unix:")).unlink()
        statuses.append(opened.post("a", source, tls=tls).status)
        assert [202, 429, 413, 503] == statuses
        eventually(lambda: b'"status":503' in opened.proxy.written())
        written = opened.proxy.written()
    assert b'"status":202' in written
    assert [] == [secret for secret in SECRETS if secret in written]
