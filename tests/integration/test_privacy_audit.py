"""`tonearm privacy audit` on what a real service leaves: clean after real traffic, and blind to no place."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.events import Moment, Play, encode
from server.audit.database import DATABASE
from storage import inventory
from storage.bridge import Address, Connection, Database, open_database
from storage.embedded import running_postgres
from storage.inventory import Column
from storage.migrate import migrate, migrations
from storage.spool import Spool
from tests.support.http import Door, ask
from tests.support.service import Service, eventually, serving

CLIENT = "203.0.113.207"
CLIENT_6 = "2001:db8:85a3:7::8a2e:370:7334"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ID = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
NEEDLES = ("--needle", CLIENT, "--needle", CLIENT_6, "--needle", BROWSER, "--needle", ID)
ENVIRONMENT = {"TONEARM_PRIVACY__MODE": "both", "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]'}
AUDIT = "import typer; from server.cli.privacy_audit import audit; typer.run(audit)"


@dataclass(frozen=True, slots=True)
class Report:
    code: int
    out: str
    said: str

    def json(self) -> Any:
        return json.loads(self.out)

    def findings(self) -> set[tuple[str, str]]:
        """(place, what)."""
        return {(finding["place"], finding["what"]) for finding in self.json()["findings"]}


@dataclass(frozen=True, slots=True)
class Audited:
    """A service's remains after real traffic, and later with something planted in each place."""

    data_dir: Path
    log: Path
    clean: Report
    planted: Report


def run(service: Service, *words: str) -> Report:
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, *words], env=service.environment, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr
    return Report(done.returncode, done.stdout, done.stderr)


def send(service: Service) -> None:
    """Everything a listener can send, to both doors, by IPv4 and IPv6, some of it wrong."""
    play = {"trackEntryKey": "harbour-lights", "bucket": "complete", "anonId": ID}
    share = {"targetType": "track", "targetKey": "harbour-lights", "channel": "link", "anonId": ID}
    for address in (CLIENT, CLIENT_6):
        headers = {"Content-Type": "text/plain", "User-Agent": BROWSER, "X-Forwarded-For": address}
        for url in (service.url, service.beacon):
            door = Door.at(url)
            assert 202 == ask(door, "POST", "/api/event/play", headers, json.dumps(play).encode()).status
            assert 202 == ask(door, "POST", "/api/event/share", headers, json.dumps(share).encode()).status
            assert 400 == ask(door, "POST", "/api/event/play", headers, b'{"anonId": "%s"' % ID.encode()).status
            assert 404 == ask(door, "POST", f"/api/event/{ID}", headers, b"{}").status
    home = Door.at(service.url)
    eventually(lambda: ask(home, "GET", "/api/stats/home").json()["totalShares"] == 4)
    figures = ask(home, "GET", "/api/stats/track/harbour-lights").json()
    assert (4, 1, 2) == (figures["totalPlays"], figures["listeners"], figures["listenersToday"])


async def plant_rows(connection: Connection) -> None:
    await connection.execute("ALTER TABLE spool_cursor ADD COLUMN peer text")
    await connection.execute("UPDATE spool_cursor SET peer = '198.51.100.23'")
    await connection.execute("UPDATE sealed_key SET purpose = $1", BROWSER)
    await connection.execute("INSERT INTO audit (act, detail) VALUES ($1, '{}')", ID)
    await connection.execute("INSERT INTO track (track_key, title) VALUES ('a', $1)", f"Live at {CLIENT}")
    await connection.execute("INSERT INTO track (track_key, title) VALUES ('b', 'Live at 198.51.100.99')")
    await connection.execute("CREATE TABLE visitors (address inet, browser bytea)")
    await connection.execute("INSERT INTO visitors VALUES ('198.51.100.24', 'curl/8.5.0')")
    # Into the write-ahead log and nowhere else.
    await connection.execute("SELECT pg_logical_emit_message(false, 'x', '2001:db8:aaaa::17')")
    # Of a row that is gone the page keeps the bytes.
    await connection.execute("CREATE TABLE emptied (id uuid) WITH (autovacuum_enabled = false)")
    await connection.execute("INSERT INTO emptied VALUES ($1::text::uuid)", ID)
    await connection.execute("DELETE FROM emptied")
    await connection.execute("CHECKPOINT")


def plant(data_dir: Path) -> None:
    async def work(where: Address) -> None:
        async with open_database(where, connections=1) as database:
            await database.run(plant_rows)

    with running_postgres(data_dir / "postgres") as own:
        assert own is not None
        trio.run(work, Address(host=own.host, port=own.port, user=own.user, database=own.database))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    data_dir = tmp_path_factory.mktemp("audit") / "data"
    with serving(data_dir, ENVIRONMENT) as service:
        send(service)
        clean = run(service, "--json", "--logs", str(service.log), *NEEDLES)
        plant(data_dir)
    spool = Spool(data_dir / "spool-0.sqlite", max_bytes=1 << 20)
    try:
        spool.append(encode([Play(Moment(1_763_700_000, 739_576), BROWSER, "partial")]), 1)
    finally:
        spool.close()
    (data_dir / "postgres" / "cluster" / "base" / "pgsql_tmp").mkdir(exist_ok=True)
    (data_dir / "core").write_bytes(bytes(3_000_000) + ID.encode("utf-16-le"))
    log = data_dir.with_name("access.log")
    log.write_text(f'time=08:36:12 client={CLIENT_6} "GET /" 200\n')
    yield Audited(data_dir, log, clean, run(service, "--json", "--logs", str(log), *NEEDLES))
    shutil.rmtree(data_dir)


async def migrated(url: str) -> list[Column]:
    async with open_database(Address(url=url), connections=1) as database:
        await database.transaction(migrate, migrations())
        return list(await database.run(inventory.columns))


def test_every_column_of_the_schema_is_described_and_nothing_else(database_url: str) -> None:
    columns = {(column.table, column.column) for column in trio.run(migrated, database_url)}
    assert columns == set(DATABASE), "describe it in server/audit/database.py, and write docs/privacy.md anew"


def test_the_remains_of_real_traffic_are_clean(audited: Audited) -> None:
    report = audited.clean.json()
    assert ([], [], []) == (report["findings"], report["unread"], report["notices"])
    assert 0 == audited.clean.code
    assert report["searched"]["rows"] > 20
    assert report["searched"]["bytes"] > 30_000_000  # PostgreSQL's files among them


def test_what_is_stored_is_told_from_the_catalog(audited: Audited) -> None:
    told = {(entry["table"], entry["column"]): entry["kind"] for entry in audited.clean.json()["stored"]}
    assert told == {place: fact.kind.value for place, fact in DATABASE.items()}
    told = {(entry["table"], entry["column"]): entry["kind"] for entry in audited.planted.json()["stored"]}
    assert (None, None) == (told["visitors", "address"], told["spool_cursor", "peer"])


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("spool_cursor.peer", "a column nobody has described"),
        ("spool_cursor.peer", "address"),
        ("sealed_key.purpose", "User-Agent"),
        ("sealed_key.purpose", "needle 3 as UTF-8"),
        ("audit.act", "UUID"),
        ("audit.act", "needle 4 as UTF-8"),
        ("track.title", "needle 1 as UTF-8"),
        ("visitors.address", "address"),
        ("visitors.browser", "User-Agent"),
        ("spool-0.sqlite, row ", "needle 3 as UTF-8"),
        ("{data}/spool-0.sqlite", "needle 3 as UTF-8"),
        ("{data}/core", "needle 4 as UTF-16LE"),
        ("{log}", "address"),
        ("{log}", "needle 2 as UTF-8"),
    ],
)
def test_what_is_planted_is_found(audited: Audited, place: str, what: str) -> None:
    assert 1 == audited.planted.code
    where = place.format(data=audited.data_dir, log=audited.log)
    assert any(found.startswith(where) and what == kind for found, kind in audited.planted.findings())


@pytest.mark.parametrize(
    ("folder", "what"),
    [
        ("pg_wal", "address"),
        ("pg_wal", "needle 4 as packed UUID"),  # of the row that was deleted
        ("base", "needle 4 as packed UUID"),
        ("base", "User-Agent"),
        ("base", "address"),
    ],
)
def test_what_is_planted_is_found_in_the_files_of_postgresql(audited: Audited, folder: str, what: str) -> None:
    beneath = str(audited.data_dir / "postgres" / "cluster" / folder)
    assert any(found.startswith(beneath) and what == kind for found, kind in audited.planted.findings())


def test_a_title_that_looks_like_an_address_is_a_notice(audited: Audited) -> None:
    notices = {(notice["place"], notice["what"]): notice["times"] for notice in audited.planted.json()["notices"]}
    assert 2 == notices["track.title", "address"]
    assert not any((place, what) == ("track.title", "address") for place, what in audited.planted.findings())


def test_offsets_are_those_of_the_file(audited: Audited) -> None:
    [finding] = [entry for entry in audited.planted.json()["findings"] if entry["place"].endswith("/core")]
    assert (3_000_000, 1) == (finding["offset"], finding["times"])


def test_no_report_repeats_what_was_searched_for(audited: Audited) -> None:
    report = audited.planted.json()
    told = json.dumps([report["findings"], report["notices"], report["unread"]]) + audited.planted.said
    for secret in (CLIENT, CLIENT_6, BROWSER, "Mozilla", ID, "198.51.100", "curl/8"):
        assert secret not in told


async def read_statistics(url: str) -> set[tuple[str, str]]:
    async with open_database(Address(url=url), connections=1) as database:
        await database.run(fill)
        return {(kept.relation, kept.column) for kept in await statistics_with(database, CLIENT)}


async def fill(connection: Connection) -> None:
    await connection.execute("CREATE TABLE visit (address text)")
    await connection.execute("INSERT INTO visit SELECT $1 FROM generate_series(1, 100)", CLIENT)
    await connection.execute("ANALYZE visit")


async def statistics_with(database: Database, text: str) -> list[inventory.Statistics]:
    return [kept for kept in await database.run(inventory.statistics) if text in kept.values]


def test_what_analyze_copies_is_read_too(database_url: str) -> None:
    assert {("visit", "address")} == trio.run(read_statistics, database_url)


def test_for_a_person_it_says_what_is_stored_and_what_it_found(data_dir: Path, database_url: str) -> None:
    service = Service(data_dir, {"TONEARM_DATABASE_URL": database_url})
    try:
        service.ready()
        listed = run(service, "--list")
        clean = run(service)
        (data_dir / "note").write_text(CLIENT)
        found = run(service, "--logs", str(data_dir / "absent"))
    finally:
        service.stop()
    assert (0, 0, 1) == (listed.code, clean.code, found.code)
    assert "listener: pseudonym" in listed.out
    assert "Searched:" not in listed.out
    assert "Nothing was found that must not be there." in clean.out
    assert f"FOUND: {data_dir / 'note'} at byte 0: address\n" in found.out
    assert f"Not searched: {data_dir / 'absent'} does not exist.\n" in found.out
