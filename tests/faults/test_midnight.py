"""PostgreSQL is away over the site's midnight: a real service, the real clock, and every event under its own day."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest
import trio

from actors import rotator
from privacy import pseudonym, token
from privacy.address import network, packed
from storage import salts
from storage.bridge import Address, Connection, open_database
from storage.check import check
from tests.support.http import Door, ask
from tests.support.postgres import rows
from tests.support.service import Service, eventually, serving
from tests.support.site_zone import SiteZone
from tests.support.stoppable_postgres import StoppablePostgres

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
ENVIRONMENT = {
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.0/8"]',
    "TONEARM_LIMITS__EVENTS_PER_MINUTE": "6000",
    "TONEARM_PRIVACY__MODE": "both",
}
BEFORE, WAITING, WITHOUT, AFTER = ("a", "b"), ("b", "c"), ("c", "d"), ("b", "d", "e")  # who plays in which phase
LEADS_S = (9.0, 30.0, 120.0)  # to midnight; a machine that is too slow for one has another try


class TooSlow(Exception):
    """Midnight came before everything was ready for it."""


class Site:
    """A service, its PostgreSQL and its midnight."""

    def __init__(self, folder: Path, lead_s: float) -> None:
        self.data = folder / "data"
        self.server = StoppablePostgres(folder / "postgres")
        self.zone = SiteZone(folder / "zones", midnight_in_s=lead_s)
        self.url = ""
        self.service: Service

    @property
    def begun(self) -> date:
        """The day that begins at its midnight."""
        return self.zone.ending + timedelta(days=1)

    @contextmanager
    def serving(self) -> Iterator[None]:
        with self.server as postgres:
            self.url = postgres.new_database()
            environment = ENVIRONMENT | self.zone.environment | {"TONEARM_DATABASE_URL": self.url}
            with serving(self.data, environment) as self.service:
                try:
                    yield
                finally:
                    self.server.start()  # so that the service can stop in order, however this ends

    def play(self, listeners: Sequence[str]) -> None:
        for name in listeners:
            body = json.dumps({"trackEntryKey": "tide", "bucket": "complete", "anonId": str(anon_id(name))}).encode()
            headers = {"Content-Type": "text/plain", "User-Agent": AGENT, "X-Forwarded-For": address(name)}
            assert 202 == ask(Door.at(self.service.beacon), "POST", "/api/event/play", headers, body).status

    def metric(self, name: str) -> float:
        text = ask(Door.at(self.service.url), "GET", "/metrics").body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    def read(self, statement: str, *args: object) -> list[tuple[object, ...]]:
        async def run() -> list[tuple[object, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)

    def plays(self) -> dict[object, object]:
        found = self.read("SELECT day, sum(complete)::int FROM day_counter WHERE target_kind = 'track' GROUP BY 1")
        return {row[0]: row[1] for row in found}

    def tokens(self, day: date) -> set[object]:
        return {one[0] for one in self.read("SELECT token FROM listener_day WHERE day = $1", day)}

    def listeners(self, day: date) -> list[tuple[object, ...]]:
        return self.read(
            """SELECT partial, closed, (SELECT sum(listeners)::int FROM listener_count c
                                        WHERE target_kind = 'site' AND (c.day, c.generation) = (d.day, d.generation))
               FROM token_day d WHERE day = $1""",
            day,
        )

    def tokens_under_the_salt(self, listeners: Sequence[str]) -> set[object]:
        """What the salt that is now in force makes of them; with the installation's secret in hand."""

        async def read() -> salts.Stored | None:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await database.run(salts.read)

        stored = trio.run(read)
        assert stored is not None
        salt = rotator.opened((self.data / "secret").read_bytes().strip(), stored)
        made = set[object]()
        for name in listeners:
            raw = packed(address(name))
            assert raw is not None
            base = token.base(salt, network(raw), AGENT)
            made |= {pseudonym.for_target(base, kind, key) for kind, key in (("track", "tide"), ("site", ""))}
        return made

    def check(self) -> None:
        async def run(connection: Connection) -> None:
            assert () == (await check(connection)).differences

        async def opened() -> None:
            async with open_database(Address(url=self.url), connections=1) as database:
                await database.transaction(run)

        trio.run(opened)


def address(name: str) -> str:
    return f"198.51.100.{ord(name)}"


def anon_id(name: str) -> UUID:
    return UUID(bytes=uuid5(UUID(int=0), name).bytes, version=4)


def outage_over_midnight(folder: Path, past_s: float, afterwards: Callable[[Site], None]) -> None:
    """With PostgreSQL back so long after midnight, and everything counted that came before, meanwhile and after."""
    for number, lead_s in enumerate(LEADS_S):
        (folder / str(number)).mkdir()
        site = Site(folder / str(number), lead_s)
        with suppress(TooSlow), site.serving():
            live_through(site, past_s)
            afterwards(site)
            assert 0 == site.service.stop()
            return
    raise AssertionError("this machine is too slow for every midnight")


def live_through(site: Site, past_s: float) -> None:
    ending, begun = site.zone.ending, site.begun
    site.play(BEFORE)
    eventually(lambda: site.plays() == {ending: len(BEFORE)})
    of_ending_day = site.tokens_under_the_salt(BEFORE + WAITING)
    site.server.stop()
    site.play(WAITING)
    if site.zone.left_s() < 0.5:
        raise TooSlow
    time.sleep(site.zone.left_s() + past_s)  # nothing but the clock tells, and it is the real one
    eventually(lambda: site.metric("tonearm_salt_overdue") == 1)
    site.play(WITHOUT)
    assert len(WAITING) + len(WITHOUT) == site.metric("tonearm_events_pending")
    site.server.start()
    eventually(lambda: site.metric("tonearm_salt_overdue") == 0)
    eventually(lambda: site.metric("tonearm_events_pending") == 0)
    if site.tokens(ending) != of_ending_day:  # by now everything is counted that came on it, so it may be closed
        assert (set(), True) == (site.tokens(ending), site.listeners(ending)[0][1])
    site.play(AFTER)
    eventually(lambda: site.plays() == {ending: len(BEFORE + WAITING), begun: len(WITHOUT + AFTER)})
    assert site.tokens_under_the_salt(AFTER) == site.tokens(begun)


def test_every_event_is_counted_once_under_the_day_it_was_accepted_on(tmp_path: Path) -> None:
    def afterwards(site: Site) -> None:
        everybody = len({*BEFORE, *WAITING, *WITHOUT, *AFTER})
        [(partial, _, listeners)] = site.listeners(site.zone.ending)
        assert (True, 3) == (partial, listeners)  # the service began in the middle of it
        assert [(False, False, len(AFTER))] == site.listeners(site.begun)  # a salt within a minute is in time
        all_time = "SELECT sum(listeners)::int FROM play_counter WHERE target_kind = 'site'"
        assert [(everybody,)] == site.read(all_time)
        site.check()

    outage_over_midnight(tmp_path, 1.0, afterwards)


@pytest.mark.full
def test_a_long_outage_marks_the_new_day_and_the_old_one_is_closed_after_it(tmp_path: Path) -> None:
    def afterwards(site: Site) -> None:
        closed = (True, True, 3)
        eventually(lambda: [closed] == site.listeners(site.zone.ending), within_s=90)  # at the housekeeper's next round
        assert [(True, False, len(AFTER))] == site.listeners(site.begun)
        name = f"listener_day_{site.zone.ending:%Y_%m_%d}"
        assert [(None,)] == site.read("SELECT to_regclass($1)::text", name)
        site.check()

    outage_over_midnight(tmp_path, 63.0, afterwards)
