"""A day of listeners in each mode, and then every byte of the disk, of a base backup and of two dumps.

What must be nowhere: addresses, User-Agents and the browsers' ids, in any mode; the values ingest derives from them;
the salt, open or sealed, once it has been replaced; the tokens of a day that is closed; anything of who objects. Of
who was forgotten something is left in the write-ahead log and in the files of a backup made before, and nowhere else.
What must be found, so that the search is known to see: the pseudonyms that the mode does keep; the sealed salt and
the tokens of a day that is still open, in PostgreSQL's tables; and what is planted in each place.

pg_basebackup and pg_dump are those of the embedded PostgreSQL. Both run while the salt is in its table.
"""

import signal
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
import trio

from actors import rotator
from privacy import sealing
from privacy.modes import Mode, derives
from server.opening import PSEUDONYM_PURPOSE
from storage import salts, sealed
from storage.bridge import Address, Connection, Database, open_database
from storage.embedded import binaries, client_environment, running_postgres
from storage.embedded.cluster import Layout
from storage.embedded.processes import running_on, signal_them
from storage.salts import Stored
from tests.forensics.listeners import FORGETFUL, LISTENERS, OBJECTOR, Secrets, a_day_passes, personal
from tests.forensics.needles import Needles, of_bytes, search
from tests.support.postgres import rows
from tests.support.service import Service, eventually, serving
from tests.support.site_zone import SiteZone

T = TypeVar("T")

DUMPS = {  # the two ways that docs/operate.md and docs/privacy.md name
    "dump.sql": ["--exclude-table-data=daily_salt", "--exclude-table-data=listener_day*"],
    "logged.sql": ["--no-unlogged-table-data"],
}


A_ROUND_S = 150  # a minute after midnight until nothing of the day is on its way, one more until the housekeeper looks
BACKUPS = ("base backup", *DUMPS)


class End(Enum):
    """How the day and the service end. The housekeeper closes the day, as soon as midnight is a minute ago."""

    STOPPED = "stopped"  # the service is stopped in order before midnight and starts after it
    KILLED = "killed"  # service and PostgreSQL are killed before midnight and start after it
    KILLED_AFTER = "killed after"  # as stopped; at the end both are killed, and the disk is taken as it is
    RUNNING = "running"  # over midnight


class Place:
    """Where one service lives, and everything that is on disk of it."""

    def __init__(self, folder: Path, mode: Mode, *, midnight_in_s: float = 3600) -> None:
        self.zone = SiteZone(folder / "zones", midnight_in_s=midnight_in_s)
        self.data = folder / "data"
        self.log = folder / "data.log"  # of the service's output
        self.temporary = folder / "temporary"
        self.backups = folder / "backups"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)  # as /tmp: PostgreSQL runs as another account where the tests run as root
        self.backups.mkdir()
        self.environment = {
            "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.0/8"]',
            "TONEARM_LIMITS__EVENTS_PER_MINUTE": "6000",
            "TONEARM_LOG__LEVEL": "debug",
            "TONEARM_PRIVACY__MODE": mode.value,
            "TMPDIR": str(self.temporary),
            **self.zone.environment,
        }

    @contextmanager
    def serving(self) -> Iterator[Service]:
        with serving(self.data, self.environment) as service:
            yield service

    @contextmanager
    def postgres(self) -> Iterator[Address]:
        with running_postgres(self.data / "postgres") as own:
            assert own is not None
            yield Address(host=own.host, port=own.port, user=own.user, database=own.database)

    def on_database(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run(where: Address) -> T:
            async with open_database(where, connections=1) as database:
                return await work(database)

        with self.postgres() as where:
            return trio.run(run, where)

    def dig(self) -> Secrets:
        """With the installation's secret in hand."""
        secret = (self.data / "secret").read_bytes().strip()

        async def read(database: Database) -> tuple[bytes, Stored | None]:
            keys = await database.transaction(sealed.all_sealed)
            return keys[PSEUDONYM_PURPOSE], await database.run(salts.read)

        resting, stored = self.on_database(read)
        salt = rotator.opened(secret, stored) if stored else None
        return Secrets(sealing.unseal(secret, PSEUDONYM_PURPOSE, resting), stored, salt)

    def back_up(self) -> None:
        """A base backup with its write-ahead log, and the dumps."""
        with running_postgres(self.data / "postgres") as own:
            assert own is not None
            programs: dict[str, list[str]] = {
                "base backup": ["pg_basebackup", "-X", "fetch", "-c", "fast", "-D"],
                **{name: ["pg_dump", *words, "-f"] for name, words in DUMPS.items()},
            }
            for name, (program, *words) in programs.items():
                command: list[str | Path] = [binaries() / program, *words, self.backups / name]
                subprocess.run(command, env=client_environment(own), check=True, capture_output=True)

    def kill(self, service: Service) -> None:
        """The service and every process of its PostgreSQL, with no chance to tidy up."""
        layout = Layout((self.data / "postgres").resolve())
        own = running_on(layout)
        assert own
        service.stop(signal.SIGKILL)
        signal_them(layout, own, signal.SIGKILL)
        eventually(lambda: not running_on(layout))

    def left(self, needles: Needles) -> list[tuple[str, str, str]]:
        """(place, needle, file) of everything found, anywhere."""
        places = {
            "data": self.data,
            "log": self.log,
            "temporary": self.temporary,
            **{name: self.backups / name for name in BACKUPS},  # apart: what they hold alike is wanted of each
        }
        return [(name, found.needle, found.file) for name, place in places.items() for found in search(place, needles)]


def live(place: Place, end: End, *, makes_tokens: bool) -> Secrets:
    """The day, its backups and its end."""
    with place.serving() as service:
        a_day_passes(service)
        secrets = place.dig()
        assert makes_tokens == (secrets.salt is not None)
        place.back_up()
        assert place.zone.left_s() > 0
        if end is End.RUNNING:
            end_day(place, makes_tokens=makes_tokens)
            return secrets
        if end is End.KILLED:
            place.kill(service)
    place.zone.move_past_midnight(90)
    with place.serving() as service:
        end_day(place, makes_tokens=makes_tokens)
        if end is End.KILLED_AFTER:
            place.kill(service)
    return secrets


def end_day(place: Place, *, makes_tokens: bool) -> None:
    """Waits for the service to do it by itself."""
    eventually(lambda: place.on_database(is_tidy), within_s=max(place.zone.left_s(), 0) + A_ROUND_S)
    if makes_tokens:
        eventually(lambda: place.on_database(days) == [(place.zone.ending, True)], within_s=A_ROUND_S)
    waiting = list(place.data.glob("spool-*.sqlite-wal"))
    assert waiting
    eventually(lambda: all(path.stat().st_size == 0 for path in waiting))  # drained, and its traces removed


async def days(database: Database) -> list[tuple[object, ...]]:
    """Those that are over, and whether they are closed."""
    return await rows(database, "SELECT day, closed FROM token_day ORDER BY day LIMIT 1")


async def is_tidy(database: Database) -> bool:
    """Nothing is left in the files of the sets of who was forgotten."""
    statement = "SELECT generation = anew_generation AND compact FROM listener_generation"
    return [(True,)] == await rows(database, statement)


CASES = [
    pytest.param(mode, end, id=f"{mode.value}, {end.value}", marks=[] if short else pytest.mark.full)
    for mode in Mode
    for end in End
    for short in [(mode, end) == (Mode.BOTH, End.STOPPED)]
]


@pytest.mark.parametrize(("mode", "end"), CASES)
def test_nothing_of_a_listener_is_left_but_what_the_mode_says(tmp_path: Path, mode: Mode, end: End) -> None:
    place = Place(tmp_path, mode, midnight_in_s=60 if end is End.RUNNING else 3600)
    kept = derives(mode, objected=False)
    secrets = live(place, end, makes_tokens=kept.token)
    never = personal() | secrets.bases() | secrets.open_salt() | secrets.sealed_salt()
    of_objector = secrets.pseudonyms(OBJECTOR)
    assert [] == place.left(never | secrets.tokens(*LISTENERS, OBJECTOR) | of_objector)
    forgotten = {(where, in_what(file)) for where, _, file in place.left(secrets.pseudonyms(FORGETFUL))}
    assert forgotten <= {("data", "pg_wal"), ("base backup", "pg_wal"), ("base backup", "base")}  # as it was before
    pseudonyms = secrets.pseudonyms(*(one for one in LISTENERS if one is not FORGETFUL))
    found = {(where, needle.removesuffix(" in hex")) for where, needle, _ in place.left(pseudonyms)}
    raw = {needle for needle in pseudonyms if " in " not in needle} if kept.pseudonym else set()
    assert {(where, needle) for needle in raw for where in ("data", *BACKUPS)} == found


async def plant(database: Database) -> None:
    async def write(connection: Connection) -> None:
        await connection.execute("CREATE TABLE planted (text text, bytes bytea, PRIMARY KEY (bytes))")
        await connection.execute(
            "INSERT INTO planted VALUES ($1, $2)", LISTENERS[1].agent, UUID(LISTENERS[1].anon_id).bytes
        )

    await database.run(write)


def in_what(file: str) -> str:
    """The folder of a cluster that a file belongs to, or the file itself."""
    inside = file.removeprefix("postgres/cluster/")
    return inside.split("/")[0] if inside.startswith(("base/", "pg_wal/")) else file


@pytest.mark.full
def test_the_search_finds_what_is_planted_and_an_open_days_salt_and_tokens(tmp_path: Path) -> None:
    place, planted = Place(tmp_path, Mode.BOTH), LISTENERS[1]
    with place.serving() as service:
        a_day_passes(service)
        secrets = place.dig()
        place.on_database(plant)
        place.back_up()
    with closing(sqlite3.connect(place.data / "spool-0.sqlite")) as spool:
        spool.execute("INSERT INTO batch (events, payload) VALUES (1, ?)", (bytes(9) + planted.address.encode(),))
        spool.commit()
    with place.log.open("a") as log:
        log.write(f"somebody at {LISTENERS[-1].address}\n")
    (place.temporary / planted.anon_id).touch()
    found = {(where, needle, in_what(file)) for where, needle, file in place.left(personal())}
    agent, packed_id = planted.agent, f"{planted.anon_id} packed"
    assert {
        *(("data", needle, part) for needle in (agent, packed_id) for part in ("base", "pg_wal")),
        *(("base backup", needle, "base") for needle in (agent, packed_id)),
        *((name, needle, name) for name in DUMPS for needle in (agent, f"{packed_id} in hex")),
        ("data", planted.address, "spool-0.sqlite"),
        ("log", LISTENERS[-1].address, "data.log"),
        ("log", f"the /64 of {LISTENERS[-1].address}", "data.log"),
        ("temporary", planted.anon_id, planted.anon_id),
    } == found
    today = secrets.sealed_salt() | secrets.tokens(*LISTENERS)
    raw = {name for name in today if " in " not in name}
    still_there = {(where, needle, in_what(file)) for where, needle, file in place.left(today)}
    assert {("data", needle, "base") for needle in raw} == still_there
    assert [] == place.left(secrets.open_salt() | secrets.tokens(OBJECTOR) | secrets.bases())


def test_a_needle_is_found_across_blocks_and_across_pages_of_the_write_ahead_log(tmp_path: Path) -> None:
    needle = of_bytes("needle", bytes(range(1, 61)))
    raw = needle["needle"]
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "blocks").write_bytes(bytes(8192 - 7) + raw + bytes(100))
    (tmp_path / "pg_wal" / "pages").write_bytes(bytes(8192 - 59) + raw[:59] + b"\xaa" * 24 + raw[59:] + bytes(100))
    assert ["blocks", "pg_wal/pages"] == [found.file for found in search(tmp_path, needle)]
