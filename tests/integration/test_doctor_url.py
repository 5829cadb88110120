"""The doctor at the public address: a real nginx with the files of deploy/, as they are and spoilt."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.config import Http
from server.doctor.finding import Finding
from tests.support import caddy as caddies
from tests.support import nginx as nginxes
from tests.support.caddy import caddy
from tests.support.certificate import make_certificate
from tests.support.doctor import examined
from tests.support.held import UNIX, held, short_folder
from tests.support.nginx import Nginx, nginx
from tests.support.postgres import Postgres
from tests.support.service import Service, serving

pytestmark = pytest.mark.skipif(nginxes.PROGRAM is None, reason="there is no nginx on this machine")

HOST = "localhost"
WRITES_OVER = "proxy_set_header   X-Forwarded-For $remote_addr;"
CHECKS = ("url-reach", "url-tls", "url-http2", "url-events", "url-forwarded", "url-tracker", "url-metrics")


class Installation:
    """A service on sockets, with an nginx in front for each question."""

    def __init__(self, sockets: Path, service: Service) -> None:
        self.sockets, self.service = sockets, service

    @contextmanager
    def behind(self, changes: Mapping[str, str] | None = None, days: int = 60) -> Iterator[Nginx]:
        """`days`: how long the certificate is good for."""
        certificate = make_certificate(self.sockets, HOST, days)
        try:
            with nginx(self.sockets, certificate, changes) as proxy:
                yield proxy
        finally:
            for path in sorted((self.sockets / "nginx").rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            (self.sockets / "nginx").rmdir()

    def asked(self, url: str) -> dict[str, Finding]:
        environment = self.service.environment
        http = Http(trusted_proxies=("unix",))
        return examined(self.service.data_dir, environment["TONEARM_DATABASE_URL"], public_url=url, http=http)

    def asked_over_tls(self, changes: Mapping[str, str] | None = None, days: int = 60) -> dict[str, Finding]:
        with self.behind(changes, days) as proxy:
            return self.asked(f"https://{HOST}:{proxy.tls}")


@pytest.fixture(scope="module")
def installation(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **UNIX}
    with short_folder() as folder, held(folder) as sockets:
        service = sockets.serve(tmp_path_factory.mktemp("url") / "data", environment).ready()
        try:
            yield Installation(folder, service)
        finally:
            service.stop()


@pytest.fixture
def trusted(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Its certificate is one that this machine believes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(installation.sockets / "fullchain.pem"))
    return installation


def test_behind_the_files_of_deploy_all_is_well_and_nothing_is_counted(trusted: Installation) -> None:
    found = trusted.asked_over_tls()
    assert dict.fromkeys(CHECKS, "ok") == {code: found[code].state.value for code in CHECKS}
    assert "does not reach the service" in found["url-forwarded"].found
    assert "beacon listener" in found["url-events"].found
    assert "TLSv1.3" in found["url-tls"].found
    assert '"totalPlays": 0' in trusted.service.command("stats", "home", "--json").stdout


@pytest.mark.full
@pytest.mark.skipif(caddies.PROGRAM is None, reason="there is no Caddy on this machine")
def test_behind_the_caddyfile_of_deploy_all_is_well(installation: Installation, tmp_path: Path) -> None:
    with caddy(installation.sockets, make_certificate(tmp_path)) as proxy:
        found = installation.asked(f"http://127.0.0.1:{proxy.own_site}")
    checks = ("url-reach", "url-events", "url-forwarded", "url-tracker", "url-metrics")
    assert dict.fromkeys(checks, "ok") == {code: found[code].state.value for code in checks}


@pytest.mark.full
def test_a_proxy_that_appends_is_told_from_one_that_hands_on(trusted: Installation) -> None:
    found = trusted.asked_over_tls({WRITES_OVER: "proxy_set_header   X-Forwarded-For $proxy_add_x_forwarded_for;"})
    assert ("ok", True) == (found["url-forwarded"].state, "behind it" in found["url-forwarded"].found)
    found = trusted.asked_over_tls({WRITES_OVER: ""})
    assert "warn" == found["url-forwarded"].state


@pytest.mark.full
def test_events_at_the_listener_for_pages_are_a_warning(trusted: Installation) -> None:
    found = trusted.asked_over_tls({"http://tonearm_events;": "http://tonearm_pages;"})
    assert ("warn", True) == (found["url-events"].state, "listener for pages" in found["url-events"].found)


@pytest.mark.full
def test_metrics_that_are_open_and_http_1_alone_are_found(trusted: Installation) -> None:
    # The service tells its metrics to nobody who comes with X-Forwarded-For; this proxy does not say that it is one.
    opened = 'location = /metrics { proxy_pass http://tonearm_pages; proxy_set_header X-Forwarded-For ""; }'
    found = trusted.asked_over_tls({"location = /metrics { return 404; }": opened, " ssl http2;": " ssl;"})
    assert ("fail", "warn") == (found["url-metrics"].state, found["url-http2"].state)


@pytest.mark.full
def test_a_certificate_that_runs_out_soon_is_a_warning(trusted: Installation) -> None:
    assert "warn" == trusted.asked_over_tls(days=7)["url-tls"].state


@pytest.mark.full
def test_a_certificate_that_nobody_believes_is_found_and_the_rest_is_asked_all_the_same(
    installation: Installation,
) -> None:
    found = installation.asked_over_tls()
    assert ("fail", True) == (found["url-tls"].state, "self-signed certificate" in found["url-tls"].found)
    assert ("ok", "ok") == (found["url-events"].state, found["url-http2"].state)


@pytest.mark.full
def test_an_address_that_leads_away_is_found(installation: Installation) -> None:
    with installation.behind() as proxy:
        found = installation.asked(f"http://{HOST}:{proxy.plain}")
    assert ("fail", True) == (found["url-events"].state, "redirect (308)" in found["url-events"].found)


def test_a_proxy_that_is_not_there_is_told_without_its_address(installation: Installation) -> None:
    with installation.behind() as proxy:
        gone = proxy.tls
    found = installation.asked(f"https://127.0.0.1:{gone}".replace("127.0.0.1", HOST))
    assert ("fail", True) == (found["url-reach"].state, "Connection refused" in found["url-reach"].found)
    assert "unknown" == found["url-events"].state
    assert "127.0.0.1" not in found["url-reach"].found


@pytest.mark.full
def test_a_service_that_is_away_behind_its_proxy_is_found(trusted: Installation) -> None:
    found = trusted.asked_over_tls({"unix:" + str(trusted.sockets) + "/beacon.sock": "unix:/nowhere.sock"})
    assert ("fail", True) == (found["url-events"].state, "(503)" in found["url-events"].found)


@pytest.mark.full
def test_without_a_proxy_each_listener_is_told_by_what_it_answers(data_dir: Path, database_url: str) -> None:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url}) as service:
        beacon = examined(data_dir, database_url, public_url=service.beacon)
        pages = examined(data_dir, database_url, public_url=service.url)
    assert ("ok", "warn") == (beacon["url-events"].state, pages["url-events"].state)
    assert ("ok", True) == (beacon["url-forwarded"].state, "believes nobody" in beacon["url-forwarded"].found)
    assert ("warn", "ok") == (beacon["url-tracker"].state, pages["url-tracker"].state)
    assert ("ok", "fail") == (beacon["url-metrics"].state, pages["url-metrics"].state)
