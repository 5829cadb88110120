"""Sends requests whose outcome it knows, stops and kills what it likes, and keeps the books beside the service's own.

Every method without an underscore but `open` is a step that may follow any other.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import trio

from storage.bridge import Address, Connection, open_database
from storage.check import check
from tests.support.http import Client, Door
from tests.support.ledger import ledger
from tests.support.ledger_books import Books, missing
from tests.support.ledger_requests import SITE, Sample, sample
from tests.support.load import assert_kept
from tests.support.service import Service, eventually
from tests.support.stoppable_postgres import StoppablePostgres

BURST: Final = 20
ENVIRONMENT: Final = {
    "TONEARM_LIMITS__EVENTS_PER_MINUTE": "1",
    "TONEARM_LIMITS__BURST": str(BURST),
    "TONEARM_LIMITS__REFUSE_CRAWLERS": "true",
    "TONEARM_SITE__ORIGINS": f'["{SITE}"]',
    "TONEARM_SPOOL__MAX_MIB": "1",
    "TONEARM_BEACON__HEADER_S": "0.2",
    "TONEARM_BEACON__BODY_S": "0.2",
    "TONEARM_PRIVACY__MODE": "both",
}
OTHERS: Final = (
    "SELECT count(*)::int FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
)
STRIKE: Final = """SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xid IS NOT NULL"""
# One row each: a play, a share, and the tag of a listener who asked to be forgotten.
WRITTEN: Final = """SELECT ((SELECT count(*) FROM play_event) + (SELECT count(*) FROM share_event)
                            + (SELECT count(*) FROM forgotten))::int"""
BY_KEY: Final = """SELECT target_key, sum(partial + sampled + complete + shares_link + shares_embed)::int
                   FROM play_counter WHERE target_kind = 'track' GROUP BY target_key"""
_LONG: Final = "k" * 170  # a name that fills the spool sooner


class Driver:
    """One installation over several lives of its service. The server is left as it is at the end."""

    def __init__(self, folder: Path, server: StoppablePostgres) -> None:
        self._server = server
        self._url = server.start().new_database()
        self._data_dir = folder / "data"
        self._numbers = count(1)
        self._clients = count(1)
        self._books = Books()
        self._service: Service

    @contextmanager
    def open(self) -> Iterator["Driver"]:
        """The first life begins; whatever still runs at the end is killed."""
        self._live(written=0)
        try:
            yield self
        finally:
            self._service.process.kill()
            self._service.process.wait()

    # Traffic.

    def send(self, door: str, kinds: list[str]) -> None:
        """One after another, each over a connection and from an address of its own."""
        for kind in kinds:
            self._tell([self._sample(kind)], door)

    def pipeline(self, door: str, kinds: list[str]) -> None:
        """All at once, over one connection."""
        self._tell([self._sample(kind) for kind in kinds], door)

    def flood(self, door: str) -> None:
        """More than one address may send."""
        with self._client(door) as client:
            for _ in range(BURST + 5):
                one = self._sample("play")
                client.send(one.data)
                self._books.answered(one, client.receive())
        assert self._books.life["rate"] >= 5

    def dawdle(self) -> None:
        """A head and a body that do not come to an end in time, and each is told so."""
        play = self._sample("play").data
        with self._client("beacon") as headless, self._client("beacon") as bodiless:
            headless.send(play[:30])
            bodiless.send(play[:-1])
            for client in (headless, bodiless):
                self._books.too_slow(client.receive())

    def leave(self, door: str, sent: int) -> None:
        """With a request begun and not ended: that is none, and nothing is counted."""
        play = self._sample("play").data
        with self._client(door) as client:
            client.send(play[: 1 + sent % (len(play) - 1)])

    def hang_up(self, number: int) -> None:
        """After whole requests, and without waiting for an answer: they have an outcome nevertheless."""
        received = self._books.life["received"] + number
        with self._client("beacon") as client:
            client.send(b"".join(self._sample("play").data for _ in range(number)))
            client.half_close()
            eventually(lambda: ledger(self._service)["received"] >= received)
        self._books.unheard(number, self._settled())

    def fill(self) -> None:
        """With the database away, until the spool is at its bound."""
        self._server.stop()
        before = self._books.life["unavailable"]
        for _ in range(600):
            self._tell([self._sample("play", _LONG) for _ in range(BURST)], "beacon")
            if self._books.life["unavailable"] > before:
                return
        raise AssertionError("the spool did not reach its bound")

    # Faults.

    def stop_postgres(self) -> None:
        self._server.stop()

    def start_postgres(self) -> None:
        self._server.start()

    def strike(self) -> None:
        """A transaction that has written something loses its connection."""
        self._server.start()
        trio.run(self._strike)

    def restart(self, number: signal.Signals) -> None:
        """One life ends; the next begins, for which the database must be there, as it must for an end in order."""
        if number == signal.SIGTERM:
            self._server.start()
        self._service.stop(number)
        self._begin()

    def stop_in_an_outage(self) -> None:
        """In order, but with the database away: what could not be counted waits in the spool."""
        self._server.stop()
        assert 0 == self._service.stop()
        self._begin()

    def kill(self, door: str, number: int, after: int) -> None:
        """With `number` requests under way, of which `after` have been answered."""
        burst = [self._sample("play") for _ in range(number)]
        heard = 0
        with self._client(door) as client:
            client.send(b"".join(one.data for one in burst))
            try:
                for heard, one in enumerate(burst):
                    if heard == after:
                        self._service.stop(signal.SIGKILL)
                    self._books.last_words(one, client.receive())
                heard = len(burst)
            except (EOFError, OSError):
                pass
        self._service.stop(signal.SIGKILL)
        self._books.unanswered(len(burst) - heard)
        self._begin()

    # What must hold.

    def holds(self) -> None:
        """Every request of this life has its one outcome."""
        self._books.agree(self._settled())

    def ends(self) -> None:
        """The last life ends in order, and every promise of every life was kept."""
        self._server.start()
        eventually(lambda: ledger(self._service)["pending"] == 0, 60)
        self.holds()
        assert 0 == self._service.stop()
        trio.run(self._kept)

    # How it is done.

    def _sample(self, kind: str, name: str = "") -> Sample:
        one = sample(kind, next(self._numbers), name)
        self._books.sent(one)
        return one

    def _client(self, door: str) -> Client:
        """From an address of its own, so that no step has used up what the next may send."""
        number = next(self._clients)
        url = {"beacon": self._service.beacon, "http": self._service.url}[door]
        return Client(Door.at(url), f"127.{1 + number // 62500 % 250}.{1 + number // 250 % 250}.{1 + number % 250}")

    def _tell(self, samples: list[Sample], door: str) -> None:
        with self._client(door) as client:
            client.send(b"".join(one.data for one in samples))
            for one in samples:
                self._books.answered(one, client.receive(one.method))

    def _settled(self) -> dict[str, int]:
        """The ledger at a moment at which nothing is on its way from one figure to the next."""
        figures: dict[str, int] = {}

        def still() -> bool:
            figures.update(ledger(self._service))
            return missing(figures) == 0

        eventually(still)
        return figures

    def _begin(self) -> None:
        self._server.start()
        self._live(trio.run(self._written))

    def _live(self, written: int) -> None:
        self._service = Service(self._data_dir, ENVIRONMENT | {"TONEARM_DATABASE_URL": self._url}).ready()
        self._books.next_life(written, ledger(self._service)["recovered"])

    async def _strike(self) -> None:
        async def struck(connection: Connection) -> int:
            return int(await connection.fetchval(STRIKE))

        async with open_database(Address(url=self._url), connections=1) as database:
            with trio.fail_after(60):
                while True:
                    self._tell([self._sample("play")], "beacon")
                    with trio.move_on_after(1):  # it is written within half a second
                        while not await database.run(struck):
                            await trio.sleep(0)
                        return

    async def _written(self) -> int:
        """Once the last life's connections are gone: a commit that was under way when it died may still take place."""

        async def others(connection: Connection) -> int:
            return int(await connection.fetchval(OTHERS))

        async def written(connection: Connection) -> int:
            return int(await connection.fetchval(WRITTEN))

        async with open_database(Address(url=self._url), connections=1) as database:
            with trio.fail_after(60):
                while await database.run(others):
                    await trio.sleep(0.01)
            return await database.run(written)

    async def _kept(self) -> None:
        async def by_key(connection: Connection) -> dict[str, int]:
            return {str(key): int(number) for key, number in await connection.fetch(BY_KEY)}

        self._books.all_written(await self._written())
        async with open_database(Address(url=self._url), connections=1) as database:
            assert_kept(self._books.promises, await database.run(by_key))
            assert () == (await database.transaction(check)).differences
