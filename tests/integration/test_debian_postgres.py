"""The whole path on the PostgreSQL that Debian packages: by unix socket and by TCP with a password."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.debian_postgres import NOT_INSTALLED, PASSWORD, PROGRAMS, DebianPostgres
from tests.support.http import Door, ask
from tests.support.proxy import free_ports
from tests.support.service import Service, eventually, serving

pytestmark = pytest.mark.skipif(not PROGRAMS, reason=NOT_INSTALLED)


@pytest.mark.parametrize("way", ["by_socket", pytest.param("by_tcp", marks=pytest.mark.full)])
def test_the_whole_path_works(debian: DebianPostgres, data_dir: Path, way: str) -> None:
    url = getattr(debian, way)(debian.new_database(way))
    body = json.dumps({"trackEntryKey": "a", "bucket": "complete", "anonId": "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"})
    for run_number in (1, 2):
        with serving(data_dir, {"TONEARM_DATABASE_URL": url, "TONEARM_PRIVACY__MODE": "both"}) as service:
            for event in ("play", "play"):
                door = Door.at(service.url)
                answer = ask(door, "POST", f"/api/event/{event}", {"Content-Type": "text/plain"}, body.encode())
                assert 202 == answer.status
            eventually(lambda n=run_number, door=door: plays(door) == 2 * n)  # type: ignore[misc]  # mypy cannot type a lambda's defaults
            told = json.loads(service.command("stats", "track", "a", "--json").stdout)
            assert (2 * run_number, 1, 1) == (told["totalPlays"], told["listeners"], told["listenersToday"])
            assert "generation" in service.command("salt", "status").stdout
            assert f"{2 * run_number} plays and 0 shares in the log" in service.command("check").stdout
        assert 0 == service.process.returncode
    assert not (data_dir / "postgres").exists()


def plays(door: Door) -> int:
    return int(ask(door, "GET", "/api/stats/home").json()["totalPlays"])


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (lambda server: server.by_tcp("postgres", "wrong"), "password authentication failed"),
        pytest.param(
            lambda server: server.by_tcp("missing"), 'database "missing" does not exist', marks=pytest.mark.full
        ),
        (lambda server: f"postgresql://127.0.0.1:{free_ports(1)[0]}/postgres", "PostgreSQL cannot be reached"),
    ],
)
def test_a_database_that_says_no_is_one_sentence_without_the_password(
    debian: DebianPostgres, data_dir: Path, url: Callable[[DebianPostgres], str], sentence: str
) -> None:
    service = Service(data_dir, {"TONEARM_DATABASE_URL": url(debian)})
    assert 1 == service.process.wait(60)
    said = service.said()
    assert sentence in said
    assert 1 == len(said.strip().splitlines())
    assert [] == [word for word in (PASSWORD, quote(PASSWORD, safe="")) if word in said]
