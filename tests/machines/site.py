"""A whole installation on machines of its own: replicas, PostgreSQL, a proxy, and those who listen."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.machines import crowd
from tests.machines.network import Host, Network, network
from tests.machines.page import installed
from tests.machines.postgres import Server, folder_for_servers
from tests.support import nginx
from tests.support.service import TONEARM, Service

FRONT, BACK = "front", "back"
PROXY = "10.77.1.2"
LISTENERS = [f"10.77.1.{number}" for number in range(100, 140)]
SECRET = "0123456789abcdef0123456789abcdef"
DATABASE = "tonearm"
_ROOT = Path(__file__).parents[2]
_NGINX = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/tonearm-shared.conf;
    include {folder}/tonearm-machines.conf;
    server {{
        listen {address}:8088;
        include {folder}/tonearm-routes.conf;
        location / {{ return 404; }}
    }}
}}
"""


@dataclass(frozen=True)
class Answer:
    """Of HTTP; status 0: there was none, and `body` says why."""

    status: int
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


class Agent:
    """Asks from a machine."""

    def __init__(self, host: Host) -> None:
        self._process = subprocess.Popen(
            host.command(sys.executable, "-I", "-S", _ROOT / "tests/machines/agent.py"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        *,
        source: str = "",
        within_s: float = 10,
    ) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"method": method, "url": url, "headers": dict(headers or {}), "body": body, "source": source}
        self._process.stdin.write(json.dumps({**order, "within_s": within_s}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Answer(told.get("status", 0), told.get("body", told.get("error", "")))

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


class Replica:
    """A machine that counts: `tonearm serve`, with a data directory of its own."""

    def __init__(self, host: Host, data_dir: Path, environment: Mapping[str, str]) -> None:
        self.host = host
        self.name = host.name
        self.address = host.addresses[FRONT]
        self._data_dir = data_dir
        self._environment = {
            "TONEARM_HTTP__BIND": f"{self.address}:8080",
            "TONEARM_BEACON__BIND": f"{self.address}:8081",
            "TONEARM_SECRET": SECRET,
            "TONEARM_PRIVACY__MODE": "both",
            "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
            "TONEARM_HTTP__TRUSTED_PROXIES": json.dumps([f"{PROXY}/32"]),
            **environment,
        }
        self._agent = Agent(host)
        self.service: Service
        self.killed_at: list[datetime] = []

    def begin(self) -> "Replica":
        """Start it, without waiting."""
        program = self.host.command(TONEARM, "serve")
        self.service = Service(self._data_dir, self._environment, program=program)
        return self

    def ready(self) -> "Replica":
        self.service.ready()
        return self

    def kill(self) -> None:
        self.service.process.kill()
        self.service.process.wait()
        self.killed_at.append(datetime.now(UTC))

    def end(self) -> None:
        self._agent.end()
        if self.service.process.poll() is None:
            self.service.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.service.process.wait(40)
        if self.service.process.poll() is None:
            self.service.process.kill()
            self.service.process.wait()

    def metric(self, name: str) -> float:
        """Asked for on the machine itself, so that it can be cut off."""
        text = self._agent.ask("GET", f"http://{self.address}:8080/metrics").body
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found is not None, text[:300]
        return float(found.group(1))

    def figures(self, what: str) -> Any:
        """`/api/stats/WHAT`; nothing where it cannot be read."""
        answer = self._agent.ask("GET", f"http://{self.address}:8080/api/stats/{what}", within_s=30)
        return answer.json() if answer.status == 200 else {}

    def terms(self) -> list[tuple[datetime, datetime]]:
        """From when to when it has led, as its log tells; what has not ended ends now."""
        said = [(_moment(line), "begin") for line in self._lines("this process leads: ")]
        said += [(_moment(line), "end") for line in self._lines("this process leads no more")]
        said += [(moment, "end") for moment in [*self.killed_at, datetime.now(UTC)]]
        found, began = [], None
        for moment, what in sorted(said):
            if what == "begin":
                began = moment
            elif began is not None:
                found.append((began, moment))
                began = None
        return found

    def times_said(self, words: str) -> int:
        return len(self._lines(words))

    def _lines(self, words: str) -> list[str]:
        """Of its log, in all its runs."""
        return [line for line in self.service.log.read_text().splitlines() if words in line]

    def command(self, *words: str) -> str:
        """`tonearm WORDS` on this machine."""
        done = subprocess.run(
            self.host.command(TONEARM, *words),
            env=self.service.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout


class Crowd:
    """Those who listen, while the context is open; afterwards `tally` is what they were promised."""

    def __init__(self, host: Host, doors: Sequence[tuple[str, int]], **orders: Any) -> None:
        told = {"doors": list(doors), "listeners": LISTENERS, **orders}
        program: list[str | Path] = [sys.executable, "-I", "-S", _ROOT / "tests/machines/crowd.py", json.dumps(told)]
        self._process = subprocess.Popen(
            host.command(*program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._last = "0"
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.tally: dict[str, Any] = {}

    @property
    def promised(self) -> int:
        """Events answered with 202 so far."""
        return int(self._last) if self._last.isdecimal() else -1

    def end(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join(crowd.LAST_S + 60)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.tally = dict(json.loads(self._last))
        return self.tally

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._last = line.strip()


class Proxy:
    """nginx with the files of deploy/nginx, put where docs/machines.md says."""

    def __init__(self, host: Host, folder: Path, machines: Sequence[str]) -> None:
        folder.mkdir()
        own = {f"10.0.0.{11 + number}": address for number, address in enumerate(machines)}
        for name, text in installed().items():
            for before, after in {**own, "/var/log/nginx/": f"{folder}/"}.items():
                text = text.replace(before, after)
            (folder / name).write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_NGINX.format(user=user, folder=folder, address=host.addresses[FRONT]))
        assert nginx.PROGRAM is not None
        words = [nginx.PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
        self._process = subprocess.Popen(host.as_user("root", *words))

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Site:
    """`back` connects replicas and databases, `front` replicas, the proxy and the listeners."""

    def __init__(self, made: Network, folder: Path, servers: Path, stack: ExitStack) -> None:
        self.network = made
        self.folder = folder
        self.replicas: list[Replica] = []
        self._servers = servers
        self._stack = stack
        made.switch(FRONT)
        made.switch(BACK)
        self.listeners = made.host("listeners", {FRONT: "10.77.1.99"})
        made.also(self.listeners, LISTENERS)
        self._agent = Agent(self.listeners)
        stack.callback(self._agent.end)

    def database(self, name: str, number: int) -> Server:
        """A machine for PostgreSQL, which does not run yet."""
        server = Server(self.network.host(name, {BACK: f"10.77.2.{number}"}), self._servers)
        self._stack.callback(server.stop)
        return server

    def primary(self, name: str = "db1", number: int = 21, **settings: str) -> Server:
        server = self.database(name, number)
        server.make("10.77.2.0/24")
        server.start(**settings)
        server.ask(f"CREATE DATABASE {DATABASE}")
        return server

    def replica(self, number: int, url: str, **environment: str) -> Replica:
        host = self.network.host(f"r{number}", {FRONT: f"10.77.1.{10 + number}", BACK: f"10.77.2.{10 + number}"})
        made = Replica(host, self.folder / f"r{number}", {"TONEARM_DATABASE_URL": url, **environment})
        self.replicas.append(made)
        made.begin()
        self._stack.callback(made.end)
        return made

    def proxy(self) -> tuple[str, int]:
        """In front of all replicas; where it listens."""
        host = self.network.host("proxy", {FRONT: PROXY})
        made = Proxy(host, self.folder / "nginx", [replica.address for replica in self.replicas])
        self._stack.callback(made.end)
        waited(lambda: self.ask(f"http://{PROXY}:8088/").status == 404, 20, what="nginx")
        return PROXY, 8088

    def play(self, replica: Replica, listener: int, key: str, **more: str) -> int:
        """One listener's play, sent to this very replica; returns the status, 0 where there was no answer."""
        body = json.dumps({"trackEntryKey": key, "bucket": "complete", "anonId": crowd.anon_id(listener), **more})
        headers = {"Content-Type": "text/plain", "User-Agent": crowd.agent(listener)}
        url = f"http://{replica.address}:8081/api/event/play"
        return self._agent.ask("POST", url, headers, body, source=LISTENERS[listener]).status

    def ask(self, url: str) -> Answer:
        """As a listener's browser does."""
        return self._agent.ask("GET", url)

    @contextmanager
    def crowd(self, doors: Sequence[tuple[str, int]], **orders: Any) -> Iterator[Crowd]:
        made = Crowd(self.listeners, doors, **orders)
        try:
            yield made
        finally:
            if not made.tally:
                made.end()


def _moment(line: str) -> datetime:
    return datetime.fromisoformat(line.split()[0])


def assert_one_at_a_time(replicas: Sequence[Replica]) -> None:
    """No two have led at the same moment."""
    terms = sorted((*term, replica.name) for replica in replicas for term in replica.terms())
    assert terms
    assert [] == [pair for pair in pairwise(terms) if pair[0][1] > pair[1][0]]


def leads(replica: Replica) -> bool:
    """As its own log tells."""
    text = replica.service.said()
    return text.rfind("this process leads: ") > text.rfind("this process leads no more")


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """An empty one."""
    with folder_for_servers() as servers, network() as made, ExitStack() as stack:
        yield Site(made, folder, servers, stack)


def counted(server: Server) -> dict[str, int]:
    """Plays of the all-time counters, as `KEY/BUCKET`."""
    sums = ", ".join(f"sum({bucket})" for bucket in crowd.BUCKETS)
    statement = f"SELECT target_key, {sums} FROM play_counter WHERE target_kind = 'track' GROUP BY 1"
    found: dict[str, int] = {}
    for key, *plays in server.rows(statement, DATABASE):
        found |= {f"{key}/{bucket}": int(number) for bucket, number in zip(crowd.BUCKETS, plays, strict=True)}
    return {key: number for key, number in found.items() if number}


def listeners(server: Server) -> dict[str, int]:
    """All-time distinct listeners of each track; of the site under ''."""
    statement = """SELECT target_key, count(*) FROM listener WHERE target_kind IN ('track', 'site') GROUP BY 1"""
    return {key: int(number) for key, number in server.rows(statement, DATABASE)}


def assert_kept(tally: Mapping[str, Any], server: Server) -> None:
    """Every promise was kept once, and nothing counts that was not promised but may have been."""
    plays, distinct = counted(server), listeners(server)
    singles = {key.split("/")[0]: number for key, number in plays.items() if key.startswith("single-")}
    became = tally["single"]
    assert 0 == tally["unfinished"]
    assert tally["plays"] == {key: number for key, number in plays.items() if key.startswith("track-")}
    assert [] == [key for key, outcome in became.items() if outcome == "promised" and singles.get(key) != 1]
    assert [] == [key for key, number in singles.items() if number != 1 or became.get(key) == "refused"]
    of_tracks = {key: len(found) for key, found in tally["listeners"].items() if key.startswith("track-")}
    assert of_tracks == {key: number for key, number in distinct.items() if key.startswith("track-")}
    everybody = {one for found in tally["listeners"].values() for one in found}
    assert len(everybody) == distinct[""]


def waited(condition: Any, within_s: float, *, what: str = "") -> float:
    """Seconds until it came to hold."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, f"it did not come about within {within_s} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def note(folder: Path, **seconds: float) -> None:
    """Figures for the documentation, with --full, in a file of the test's folder and on the screen with -s."""
    line = json.dumps({name: round(value, 1) for name, value in seconds.items()})
    with (folder / "measured.jsonl").open("a") as file:
        file.write(line + "\n")
    print(line)
