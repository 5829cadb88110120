"""The services that several files ask, each started once: starting costs more than asking."""

from collections.abc import Iterator
from itertools import count

import pytest
import trio

from storage.bridge import Address, open_database
from tests.support.debian_postgres import DebianPostgres, debian_postgres
from tests.support.http import Door, ask
from tests.support.postgres import Postgres, rows
from tests.support.service import Service, eventually, serving

DOORS = ("http", "beacon")
"""Every door that takes events; the contract is one for all of them."""


class Open:
    """A service without limits, and what its database holds."""

    def __init__(self, service: Service, database_url: str) -> None:
        self.service = service
        self.database_url = database_url
        self._names = count(1)

    def door(self, name: str) -> Door:
        return Door.at({"http": self.service.url, "beacon": self.service.beacon}[name])

    @property
    def reads(self) -> Door:
        return self.door("http")

    def new_key(self) -> str:
        """A track key no test has used."""
        return f"fresh-{next(self._names)}"

    def logged(self) -> tuple[int, int]:
        """(plays, shares) in the log, once everything sent before is in it."""
        fence = self.new_key()
        body = b'{"trackEntryKey": "%s", "bucket": "partial"}' % fence.encode()
        assert 202 == ask(self.reads, "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status
        self.await_plays(fence, 1)
        [(plays, shares)] = self.query(
            "SELECT (SELECT count(*) FROM play_event WHERE track_key NOT LIKE 'fresh-%'),"
            " (SELECT count(*) FROM share_event)"
        )
        return int(str(plays)), int(str(shares))

    def await_plays(self, key: str, plays: int) -> None:
        """The spool keeps the order: when this is counted, so is everything before it."""
        path = f"/api/stats/track/{key}"
        eventually(lambda: ask(self.reads, "GET", path).json().get("totalPlays") == plays)

    def query(self, statement: str, *args: object) -> list[tuple[object, ...]]:
        """Rows of the service's database."""

        async def read() -> list[tuple[object, ...]]:
            async with open_database(Address(url=self.database_url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(read)


@pytest.fixture(scope="session")
def open_service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Takes any number of events, from any page; says as much as it can say."""
    url = postgres.new_database()
    environment = {"TONEARM_DATABASE_URL": url, "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0", "TONEARM_LOG__LEVEL": "debug"}
    with serving(tmp_path_factory.mktemp("open") / "data", environment) as service:
        yield Open(service, url)


@pytest.fixture(scope="session", params=DOORS)
def door(open_service: Open, request: pytest.FixtureRequest) -> Door:
    """Each door of `open_service` in turn."""
    return open_service.door(request.param)


@pytest.fixture(scope="module")
def debian() -> Iterator[DebianPostgres]:
    """For one file: a server that asks for passwords."""
    with debian_postgres() as server:
        yield server
