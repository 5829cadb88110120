"""The whole path on the PostgreSQL that Debian packages: by unix socket and by TCP with a password."""

import json
import os
import pwd
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.http import Door, ask
from tests.support.service import Service, eventually, serving

PASSWORD = "pässword / with: marks@"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
NOT_INSTALLED = "Debian's PostgreSQL is not installed (apt-get install postgresql)"
pytestmark = pytest.mark.skipif(not PROGRAMS, reason=NOT_INSTALLED)


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int

    def by_socket(self, database: str) -> str:
        where = f"host={quote(str(self.folder))}&port={self.port}"
        return f"postgresql://tonearm:{quote(PASSWORD, safe='')}@/{database}?{where}"

    def by_tcp(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://tonearm:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"


def account() -> str:
    """Who may run PostgreSQL: it refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def run(folder: Path, *command: str | Path) -> None:
    """Run one of the programs as `account()`; what it says is in the failure."""
    done = subprocess.run(
        command,
        cwd=folder,
        user=account() if os.geteuid() == 0 else None,
        group=pwd.getpwnam(account()).pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def debian() -> Iterator[Server]:
    """A cluster of its own, beside whatever the package may have made; passwords are asked for everywhere."""
    programs = PROGRAMS[-1]
    # Not in pytest's folder, which only its owner may pass; and short, for the socket's name.
    with tempfile.TemporaryDirectory(prefix="tonearm-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(account()).pw_uid, -1)
        else:
            folder.chmod(0o700)
        secret = folder / "password"
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o644)
        server = Server(folder, free_port())
        cluster = folder / "cluster"
        initdb: list[str | Path] = [programs / "initdb", "-D", cluster, "-U", "tonearm", "-E", "UTF8", "--no-sync"]
        run(folder, *initdb, "--auth=scram-sha-256", f"--pwfile={secret}")
        options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run(folder, programs / "pg_ctl", "-D", cluster, "-w", "-o", options, "-l", folder / "log", "start")
        try:
            folder.chmod(0o755)  # so that the service may pass to the socket
            yield server
        finally:
            run(folder, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")


def new_database(server: Server, name: str) -> str:
    command = ["psql", "-XAtc", f"CREATE DATABASE {name}", server.by_tcp("postgres")]
    subprocess.run([PROGRAMS[-1] / command[0], *command[1:]], check=True, capture_output=True, timeout=60)
    return name


@pytest.mark.parametrize("way", ["by_socket", pytest.param("by_tcp", marks=pytest.mark.full)])
def test_the_whole_path_works(debian: Server, data_dir: Path, way: str) -> None:
    url = getattr(debian, way)(new_database(debian, way))
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
        (lambda server: f"postgresql://127.0.0.1:{free_port()}/postgres", "PostgreSQL cannot be reached"),
    ],
)
def test_a_database_that_says_no_is_one_sentence_without_the_password(
    debian: Server, data_dir: Path, url: Callable[[Server], str], sentence: str
) -> None:
    service = Service(data_dir, {"TONEARM_DATABASE_URL": url(debian)})
    assert 1 == service.process.wait(60)
    said = service.said()
    assert sentence in said
    assert 1 == len(said.strip().splitlines())
    assert [] == [word for word in (PASSWORD, quote(PASSWORD, safe="")) if word in said]
