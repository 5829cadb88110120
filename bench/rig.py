"""What is measured, running: PostgreSQL, the service on a database of its own, the bare loop."""

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

import trio

from bench import site, wrk
from bench.wrk import BenchError
from storage.bridge import Address, Connection, open_database
from tests.support.postgres import Postgres, running_postgres
from tests.support.service import Service, serving

T = TypeVar("T")

PLAY: Final = "/api/event/play"
HOME: Final = "/api/stats/home"
ENVIRONMENT: Final = {
    # As behind a proxy, which speaks for many clients; each is counted by the limiter, none reaches its limit.
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.0/8"]',
    "TONEARM_LIMITS__EVENTS_PER_MINUTE": "6000",
    "TONEARM_LIMITS__BURST": "6000",
    "TONEARM_LIMITS__REFUSE_CRAWLERS": "true",  # tests.support.service switches these two off; a site does not
    "TONEARM_LIMITS__NEW_KEYS_PER_DAY": "1000",
    "TONEARM_PRIVACY__MODE": "both",  # the mode with the most to do: a pseudonym and a token for every play
}
_DRAINED_WITHIN_S: Final = 900
_LOOK_EVERY_S: Final = 0.05
_SPOOLS: Final = "spool-*.sqlite"  # one for each worker
_WARM_UP_S: Final = 2
_WAIT_FOR_BARE_S: Final = 10


@dataclass(slots=True)
class Rig:
    """`folder` is on a real disk; every run of the load gets a seed of its own from `seeds`."""

    folder: Path
    postgres: Postgres
    seeds: Iterator[int] = field(default_factory=lambda: count(1))
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def service(self, database_url: str = "") -> Iterator[Service]:
        """A service with the catalog of bench/site.py, warmed up and with nothing left to count; by default on an
        empty database.
        """
        data_dir = self.folder / f"service-{next(self._names)}"
        environment = {**ENVIRONMENT, "TONEARM_DATABASE_URL": database_url or self.postgres.new_database()}
        with serving(data_dir, environment) as service:
            service.command("catalog", "load", str(site.write_catalog(self.folder / "catalog.json")))
            self.load(service.beacon, _WARM_UP_S)
            drained(service)
            yield service

    def load(
        self, url: str, seconds: int, *, listeners: int = wrk.NEW_LISTENERS, connections: int = wrk.CONNECTIONS
    ) -> wrk.Run:
        """Events to a door, at full speed."""
        return wrk.send_events(url + PLAY, seconds, listeners=listeners, seed=next(self.seeds), connections=connections)

    def version(self) -> str:
        """What PostgreSQL says it is."""

        async def ask(connection: Connection) -> str:
            return str(await connection.fetchval("SHOW server_version"))

        return on_database(self.postgres.new_database(), ask)


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """With its PostgreSQL started, and stopped at the end."""
    with running_postgres(folder / "postgres") as postgres:
        yield Rig(folder, postgres)


def waiting(service: Service) -> int:
    """Accepted events that are not counted yet: what the files of the spools hold."""
    return sum(map(_held_in, service.data_dir.glob(_SPOOLS)))


def _held_in(spool: Path) -> int:
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=10)) as opened:
        return int(opened.execute("SELECT coalesce(sum(events), 0) FROM batch").fetchone()[0])


def drained(service: Service) -> float:
    """Wait until everything accepted is counted; returns the seconds that took. Raises BenchError."""
    began = time.monotonic()
    while waiting(service):
        if service.process.poll() is not None:
            raise BenchError(f"The service ended while it was measured: {service.said()[-2000:]}")
        if time.monotonic() - began > _DRAINED_WITHIN_S:
            raise BenchError(f"The service does not count what it accepted: {service.said()[-2000:]}")
        time.sleep(_LOOK_EVERY_S)
    return time.monotonic() - began


def on_database(url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """`await work(connection)`, each statement its own transaction."""

    async def run() -> T:
        async with open_database(Address(url=url), connections=1) as database:
            return await database.run(work)

    return trio.run(run)


@contextmanager
def bare_loop() -> Iterator[str]:
    """The yardstick; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-m", "bench.bare_loop", str(port)]) as process:
        try:
            _await_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _WAIT_FOR_BARE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise BenchError("The bare loop did not start; try: python -m bench.bare_loop 9999") from None
            time.sleep(_LOOK_EVERY_S)
        else:
            return
