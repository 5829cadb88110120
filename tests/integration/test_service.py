"""The service as a user runs it: starts, counts, stops, starts again; and the sentences where it cannot."""

import json
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.support.service import Service, eventually, serving

PLAY = {"trackEntryKey": "harbour-lights", "bucket": "complete", "anonId": "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"}


def post(url: str, body: object) -> int:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict(json.load(answer))


def test_a_second_start_on_the_same_data_keeps_every_count(data_dir: Path) -> None:
    with serving(data_dir) as service:
        assert 202 == post(f"{service.url}/api/event/play", PLAY)
        assert 0 == service.stop(signal.SIGINT)
    with serving(data_dir) as service:
        eventually(lambda: get(f"{service.url}/api/stats/home")["totalPlays"] == 1)
        home = get(f"{service.url}/api/stats/home")
        assert (1, 1, 1) == (home["totalPlays"], home["complete"], home["listeners"])
        assert "Every counter agrees" in service.command("check").stdout
        assert home == json.loads(service.command("stats", "home", "--json").stdout)
    assert 0 == service.process.returncode


def refused(service: Service) -> str:
    assert 1 == service.process.wait(60)
    return service.said()


def test_a_taken_port_is_one_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused(Service(data_dir, {"TONEARM_HTTP__BIND": bind}))
    assert f"Tonearm cannot listen on {bind}: something else is listening there." in said
    assert 1 == len(said.strip().splitlines())


def test_a_data_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(Service(tmp_path / "elsewhere", {"TONEARM_DATA_DIR": str(tmp_path / "file" / "data")}))
    assert "is not writable (Not a directory). Set TONEARM_DATA_DIR to one that is." in said
    assert 1 == len(said.strip().splitlines())


def test_a_database_that_is_not_there_is_one_sentence(data_dir: Path) -> None:
    said = refused(Service(data_dir, {"TONEARM_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}))
    assert "PostgreSQL cannot be reached" in said
    assert 1 == len(said.strip().splitlines())


@pytest.mark.full
def test_another_secret_is_refused(data_dir: Path) -> None:
    with serving(data_dir):
        pass
    said = refused(Service(data_dir, {"TONEARM_SECRET": "another secret than the first"}))
    assert "sealed under another secret" in said


def test_a_second_service_on_the_same_data_is_refused_and_the_first_goes_on(data_dir: Path) -> None:
    with serving(data_dir) as first:
        assert "Another Tonearm (process " in refused(Service(data_dir, {}))
        assert 202 == post(f"{first.url}/api/event/play", PLAY)


def test_a_broken_database_is_one_sentence_and_the_exit_code_is_not_0(data_dir: Path) -> None:
    with serving(data_dir):
        pass
    (data_dir / "postgres" / "cluster" / "global" / "pg_control").write_bytes(b"broken")
    said = refused(Service(data_dir, {}))
    assert "PostgreSQL in" in said
    assert "did not start" in said


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.full), signal.SIGTERM, signal.SIGKILL]
)
def test_no_postgres_is_left_and_none_is_missing(data_dir: Path, number: signal.Signals) -> None:
    with serving(data_dir) as service:
        assert 202 == post(f"{service.url}/api/event/play", PLAY)
        assert (0 if number != signal.SIGKILL else -signal.SIGKILL) == service.stop(number)
    with serving(data_dir) as service:
        eventually(lambda: get(f"{service.url}/api/stats/home")["totalPlays"] == 1)
        pid = int((data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
        assert [pid] == postmasters(data_dir)
    assert [] == postmasters(data_dir)


def postmasters(data_dir: Path) -> list[int]:
    """The pids of PostgreSQL servers whose working folder is this data directory's cluster."""
    cluster = (data_dir / "postgres" / "cluster").stat()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").stat()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if (where.st_dev, where.st_ino) == (cluster.st_dev, cluster.st_ino):
            found.append((int(process.name), parent))
    pids = {pid for pid, _ in found}
    return [pid for pid, parent in found if parent not in pids]
