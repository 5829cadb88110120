"""A reader who stops reading an export: what the database holds for him is let go, and his file does not look whole."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import pytest
import trio
from quart_trio import QuartTrio

from server.api import export
from storage.bridge import Address, Connection, Database, open_database
from tests.support.filled import fill_database
from tests.support.postgres import Postgres

TODAY: Final = date(2026, 11, 21)
SCOPE: Final = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/api/export/events",
    "raw_path": b"/api/export/events",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"x")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 2),
    "extensions": {},
    "state": {},
}
# Of clients: autovacuum may be looking at what was filled a moment ago.
_LOCKS: Final = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
WHERE c.relname LIKE 'play_event%' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND a.backend_type = 'client backend'
"""


class Client:
    """Asks for the export and takes it, as long as `taking` is set; written to as Hypercorn writes, shielded."""

    def __init__(self) -> None:
        self.taking = trio.Event()
        self.status = 0
        self.content = b""
        self.whole = False
        self.failed = False
        self.over = trio.Event()

    async def ask(self, app: QuartTrio) -> None:
        try:
            await app.asgi_app(SCOPE, self._receive, self._send)  # type: ignore[arg-type]  # plain dicts are what comes
        except* export.Stalled:
            self.failed = True
        self.over.set()

    async def _receive(self) -> dict[str, Any]:
        if not self.status:
            self.status = -1
            return {"type": "http.request", "body": b"", "more_body": False}
        return await trio.sleep_forever()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        with trio.CancelScope(shield=True):
            await self.taking.wait()
        self.content += message.get("body", b"")
        self.whole = not message.get("more_body", False)


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> str:
    url = postgres.new_database()
    fill_database(url, seed=11, events=8_000, today=TODAY, days=40)
    return url


@pytest.fixture
async def database(filled: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=filled), connections=3) as opened:
        yield opened


def serving(database: Database, patience_s: float) -> QuartTrio:
    app = QuartTrio(__name__)
    app.register_blueprint(export.blueprint(database, patience_s))
    return app


async def locks(database: Database) -> int:
    async def count(connection: Connection) -> int:
        return int(await connection.fetchval(_LOCKS))

    return await database.run(count)


async def test_the_database_is_let_go_though_the_answer_is_stuck(database: Database) -> None:
    app, stuck, other = serving(database, 0.5), Client(), Client()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stuck.ask, app)
        with trio.fail_after(20):
            while not await locks(database):
                await trio.sleep(0.01)
            while await locks(database):
                await trio.sleep(0.01)
        assert not stuck.over.is_set()
        other.taking.set()
        with trio.fail_after(20):
            await other.ask(app)
        assert (200, True, False) == (other.status, other.whole, other.failed), "there is room for another"
        stuck.taking.set()
    assert (200, False, True) == (stuck.status, stuck.whole, stuck.failed)
    assert stuck.content == other.content[: len(stuck.content)]
    assert len(stuck.content) < len(other.content)


async def test_a_reader_who_goes_on_in_time_gets_all_of_it(database: Database) -> None:
    app, late, other = serving(database, 60), Client(), Client()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(late.ask, app)
        with trio.fail_after(20):
            while not await locks(database):
                await trio.sleep(0.01)
        late.taking.set()
    other.taking.set()
    await other.ask(app)
    assert (200, True, False) == (late.status, late.whole, late.failed)
    assert late.content == other.content
    assert 0 == await locks(database)
