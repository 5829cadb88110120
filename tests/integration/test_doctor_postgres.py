"""The doctor and a PostgreSQL of one's own that was set up badly: the one that Debian packages, with each fault."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from storage.bridge import Address, Connection, open_database
from storage.migrate import migrate, migrations
from tests.support.debian_postgres import NOT_INSTALLED, PROGRAMS, account, run
from tests.support.doctor import examined
from tests.support.service import eventually

pytestmark = pytest.mark.skipif(not PROGRAMS, reason=NOT_INSTALLED)

BADLY = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "8",
    "max_wal_senders": "2",
    "shared_buffers": "16MB",
    "statement_timeout": "30s",
    "synchronous_commit": "off",
    "wal_level": "replica",
}
FOUND = {
    "database": "ok",
    "database-encoding": "ok",
    "synchronous-commit": "fail",
    "database-fsync": "fail",
    "full-page-writes": "warn",
    "database-connections": "warn",
    "database-memory": "warn",
    "database-timeouts": "warn",
    "standby": "ok",
    "vacuum": "fail",
    "disk-shared": "warn",
}


@pytest.fixture(scope="module")
def badly() -> Iterator[Path]:
    """The folder of its socket."""
    programs = PROGRAMS[-1]
    with tempfile.TemporaryDirectory(prefix="tonearm-", dir="/tmp") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(account()).pw_uid, -1)
        cluster = folder / "cluster"
        run(folder, programs / "initdb", "-D", cluster, "-U", "tonearm", "-E", "UTF8", "--no-sync", "--auth=trust")
        options = " ".join(f"-c {name}={value}" for name, value in BADLY.items())
        words: list[str | Path] = ["-w", "-o", f"-k {folder} -c listen_addresses= {options}", "-l", folder / "log"]
        run(folder, programs / "pg_ctl", "-D", cluster, *words, "start")
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            run(folder, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")


def url(folder: Path, database: str, role: str = "tonearm") -> str:
    return f"postgresql://{role}@/{database}?host={folder}"


def sql(folder: Path, statement: str, database: str = "postgres") -> None:
    words = [str(PROGRAMS[-1] / "psql"), "-XAtc", statement, url(folder, database)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def migrated(where: str) -> None:
    async def work(connection: Connection) -> None:
        await migrate(connection, migrations())

    async def run_() -> None:
        async with open_database(Address(url=where), connections=1) as database:
            await database.transaction(work)

    trio.run(run_)


def test_every_bad_setting_is_found(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    sql(badly, "CREATE DATABASE settings")
    migrated(url(badly, "settings"))
    found = examined(data_dir, url(badly, "settings"))
    same_disk = badly.stat().st_dev == data_dir.stat().st_dev
    expected = FOUND | ({} if same_disk else {"disk-shared": "ok"})
    assert expected == {code: found[code].state.value for code in expected}


@pytest.mark.full
def test_a_database_that_cannot_hold_every_key_is_found(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    sql(badly, "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    found = examined(data_dir, url(badly, "ascii"))
    assert ("fail", "ok") == (found["database-encoding"].state, found["migrations"].state)


def test_tables_of_another_role_and_a_limit_of_the_role_are_found(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    sql(badly, "CREATE DATABASE owned")
    migrated(url(badly, "owned"))
    sql(badly, "CREATE ROLE other LOGIN CONNECTION LIMIT 4")
    sql(badly, "GRANT USAGE ON SCHEMA public TO other; GRANT ALL ON ALL TABLES IN SCHEMA public TO other", "owned")
    found = examined(data_dir, url(badly, "owned", "other"))
    assert ("ok", "fail", "fail") == tuple(
        found[code].state.value for code in ("migrations", "database-owner", "database-connections")
    )
    assert "4 connections" in found["database-connections"].found


@pytest.mark.full
def test_a_role_that_may_not_read_the_tables_is_no_reason_to_end(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    sql(badly, "CREATE DATABASE closed")
    migrated(url(badly, "closed"))
    sql(badly, "CREATE ROLE stranger LOGIN")
    found = examined(data_dir, url(badly, "closed", "stranger"))
    assert ("ok", "unknown") == (found["database"].state, found["migrations"].state)


def test_a_role_that_is_not_there_is_refused_in_postgresqls_words(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    database = examined(data_dir, url(badly, "postgres", "nobody_knows"))["database"]
    assert ("fail", True) == (database.state, 'role "nobody_knows" does not exist' in database.found)


@pytest.mark.full
def test_a_standby_nobody_waits_for_and_a_slot_nobody_uses_are_found(badly: Path, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    sql(badly, "CREATE DATABASE followed")
    receiving = [str(PROGRAMS[-1] / "pg_receivewal"), "-h", str(badly), "-U", "tonearm", "-D", str(data_dir.parent)]
    receiving.append("--slot=archive")
    subprocess.run([*receiving, "--create-slot"], check=True, capture_output=True, timeout=60)
    try:
        found = examined(data_dir, url(badly, "followed"))
        assert ("warn", "ok") == (found["long-transactions"].state, found["standby"].state)
        with subprocess.Popen(receiving, stderr=subprocess.DEVNULL) as follower:
            try:
                wait_for(badly, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1")
                found = examined(data_dir, url(badly, "followed"))
            finally:
                follower.kill()
        assert ("ok", "warn") == (found["long-transactions"].state, found["standby"].state)
    finally:
        wait_for(badly, "SELECT count(*) FROM pg_replication_slots WHERE active", "0")
        sql(badly, "SELECT pg_drop_replication_slot('archive')")


def wait_for(folder: Path, question: str, answer: str) -> None:
    def answered() -> bool:
        words = [str(PROGRAMS[-1] / "psql"), "-XAtc", question, url(folder, "postgres")]
        return subprocess.run(words, capture_output=True, text=True, timeout=60).stdout.strip() == answer

    eventually(answered)
