"""One PostgreSQL for a whole test session, and an empty database of its own for each test that wants one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import trio

from storage.bridge import Address, Connection, Database, open_database


class Postgres:
    """A running server; `host` is the folder of its unix socket."""

    def __init__(self, host: str, port: int, user: str) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql://{self._user}@/{database}?host={quote(self._host, safe='')}&port={self._port}"

    def new_database(self) -> str:
        """The URL of a database that was empty a moment ago."""
        name = f"test_{next(self._numbers)}"
        trio.run(self._create, name)
        return self.url(name)

    async def _create(self, name: str) -> None:
        async def create(connection: Connection) -> None:
            await connection.execute(f"CREATE DATABASE {name}")

        async with open_database(Address(url=self.url("tonearm")), connections=1) as database:
            await database.run(create)


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """Start one beneath `folder`, and stop it at the end."""
    command = [sys.executable, "-m", "tests.support.keep_postgres", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        host, port, user = keeper.stdout.readline().split()
        try:
            yield Postgres(host, int(port), user)
        finally:
            keeper.stdin.close()
            keeper.wait(60)


async def rows(database: Database, statement: str, *args: object) -> list[tuple[object, ...]]:
    """The rows of one statement, as tuples."""

    async def fetch(connection: Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await connection.fetch(statement, *args)]

    return await database.run(fetch)
