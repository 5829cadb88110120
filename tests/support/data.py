"""What tests of moving data have in common: the command line against a database, and questions to that database."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import trio

from storage import check, migrate
from storage.bridge import Address, Connection, open_database
from tests.support.postgres import rows
from tests.support.service import TONEARM, without_settings

T = TypeVar("T")
P = ParamSpec("P")


class Site:
    """An installation without a running service: a database, a data directory and the command line."""

    def __init__(self, url: str, data_dir: Path, more: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.data_dir = data_dir
        self.environment = without_settings() | {
            "TONEARM_DATABASE_URL": url,
            "TONEARM_DATA_DIR": str(data_dir),
            "COLUMNS": "160",
            **(more or {}),
        }

    def tonearm(self, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """`tonearm WORDS`, which must end with `code`."""
        told = subprocess.run(
            [TONEARM, *words], env=self.environment | {"PATH": os.environ["PATH"]}, capture_output=True, text=True
        )
        assert code == told.returncode, told.stdout + told.stderr
        return told

    def run(self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """In a transaction of its own."""

        async def crossing() -> T:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await database.transaction(work, *args, **kwargs)

        return trio.run(crossing)

    def query(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        """Rows."""

        async def crossing() -> list[tuple[Any, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(crossing)

    def execute(self, statement: str) -> None:
        """One statement."""

        async def work(connection: Connection) -> None:
            await connection.execute(statement)

        self.run(work)

    def migrated(self) -> "Site":
        """With this version's schema."""
        self.run(migrate.migrate, migrate.migrations())
        return self

    def differences(self) -> list[str]:
        """What `tonearm check` finds."""
        return [str(one) for one in self.run(check.check).differences]

    def figures(self) -> list[tuple[Any, ...]]:
        """Every all-time counter and every day's, as figures of targets."""
        return self.query(
            "SELECT target_kind, target_key, NULL, sum(partial), sum(sampled), sum(complete), sum(unbucketed),"
            " sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed) FROM play_counter GROUP BY 1, 2"
            " UNION ALL SELECT target_kind, target_key, day, sum(partial), sum(sampled), sum(complete),"
            " sum(unbucketed), sum(shares_link), sum(shares_embed), sum(via_link), sum(via_embed)"
            " FROM day_counter GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )

    def plays(self, key: str, kind: str = "track") -> tuple[int, int]:
        """(all plays, those without a bucket) of a target."""
        [(plays, unbucketed)] = self.query(
            "SELECT coalesce(sum(partial + sampled + complete + unbucketed), 0), coalesce(sum(unbucketed), 0)"
            " FROM play_counter WHERE target_key = $1 AND target_kind = $2",
            key,
            kind,
        )
        return int(plays), int(unbucketed)
