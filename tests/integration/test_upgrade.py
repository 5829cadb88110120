"""Upgrades with data in the database, processes of two versions on one database, and no way back."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Final

import pytest
import trio

from server import opening
from storage.bridge import Address, LockBusy, open_database
from storage.check import check
from storage.migrate import Migration, migrate, migrations
from tests.faults.test_workers import workers_of
from tests.support import older
from tests.support.blocks import DOCS, blocks
from tests.support.http import Door, ask
from tests.support.locks import locked
from tests.support.postgres import rows
from tests.support.service import Service, eventually, serving

[REFUSAL] = [text for kind, text in blocks(DOCS / "data-life.md") if not kind]
STEPS: Final = [migration.number for migration in migrations()]
FIGURES: Final = """
SELECT target_kind, target_key, sum(partial)::int, sum(sampled)::int, sum(complete)::int, sum(shares_link)::int,
       sum(shares_embed)::int, sum(via_link)::int, sum(via_embed)::int, sum(listeners)::int
FROM play_counter GROUP BY 1, 2 ORDER BY 1, 2
"""
DAILY: Final = """
SELECT target_kind, target_key, day::text, sum(partial)::int, sum(sampled)::int, sum(complete)::int,
       sum(shares_link)::int, sum(via_link)::int, sum(via_embed)::int
FROM day_counter GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
EVENTS: Final = "SELECT (SELECT count(*)::int FROM play_event), (SELECT count(*)::int FROM share_event)"
LOG: Final = "SELECT track_key, day::text, bucket, via FROM play_event ORDER BY 1, 2, 3, 4"
DUMP: Final = "LOCK TABLE play_event IN ACCESS SHARE MODE"  # as pg_dump has it
FUTURE: Final = Migration(
    9999,
    "future",
    """CREATE TABLE future (); ALTER TABLE play_event ADD COLUMN new text;
       ALTER TABLE play_counter ADD COLUMN new bigint NOT NULL DEFAULT 0""",
)


def on_database(url: str, statement: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        async with open_database(Address(url=url), connections=1) as database:
            return await rows(database, statement)

    return trio.run(run)


def built(url: str, number: int) -> None:
    """The database at `url` as an older version left it."""

    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(older.build, number)

    trio.run(run)


def migrated_to(url: str, *known: Migration) -> None:
    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(migrate, known)

    trio.run(run)


@pytest.mark.parametrize("number", STEPS)
async def test_every_older_schema_comes_up_to_date_with_its_figures(database_url: str, number: int) -> None:
    async with open_database(Address(url=database_url), connections=2) as database:
        await database.transaction(older.build, number)
        before = [await rows(database, statement) for statement in (FIGURES, DAILY, EVENTS, LOG)]
        await database.transaction(migrate, migrations())
        assert before == [await rows(database, statement) for statement in (FIGURES, DAILY, EVENTS, LOG)]
        report = await database.transaction(check)
    assert () == report.differences
    assert (report.plays, report.shares) == before[2][0]


async def test_what_the_first_schema_counted_is_what_was_played(database_url: str) -> None:
    """In figures, so that a comparison with nothing cannot pass for one with data."""
    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(older.build, 1)
        await database.transaction(migrate, migrations())
        figures = await rows(database, FIGURES)
    assert [
        ("release", "night-ferry", 0, 1, 1, 1, 0, 1, 0, 1),
        ("site", "", 1, 1, 1, 1, 0, 1, 1, 2),
        ("track", "a", 0, 1, 1, 0, 0, 1, 0, 1),
        ("track", "b", 1, 0, 0, 0, 0, 0, 1, 1),
    ] == figures


def serve(data_dir: Path, url: str) -> dict[str, str]:
    return {"TONEARM_DATABASE_URL": url, "TONEARM_SECRET": older.SECRET, "TONEARM_PRIVACY__MODE": "both"}


def play(service: Service, key: str) -> None:
    body = json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()
    headers = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    assert 202 == ask(Door.at(service.url), "POST", "/api/event/play", headers, body).status


def total(service: Service, key: str) -> int:
    return int(ask(Door.at(service.url), "GET", f"/api/stats/track/{key}").json().get("totalPlays", 0))


@pytest.mark.parametrize(
    ("number", "plays"),
    [(1, 2), (13, 103), *(pytest.param(n, 2 if n < 9 else 3, marks=pytest.mark.full) for n in STEPS if 1 < n <= 9)],
)
def test_the_service_serves_and_counts_on_what_an_older_one_left(
    data_dir: Path, database_url: str, number: int, plays: int
) -> None:
    built(database_url, number)
    with serving(data_dir, serve(data_dir, database_url)) as service:
        assert plays == total(service, "a")
        play(service, "a")
        eventually(lambda: total(service, "a") == plays + 1)
        assert "Every counter agrees" in service.command("check").stdout
        assert "0 counters were wrong" in service.command("rebuild").stdout


def test_a_running_process_goes_on_when_a_newer_one_has_changed_the_schema(data_dir: Path, database_url: str) -> None:
    with serving(data_dir, serve(data_dir, database_url), "--workers", "2") as service:
        play(service, "a")
        eventually(lambda: total(service, "a") == 1)
        migrated_to(database_url, *migrations(), FUTURE)
        for _ in range(20):
            play(service, "a")
        eventually(lambda: total(service, "a") == 21)
        os.kill(workers_of(service)[0], signal.SIGKILL)
        eventually(lambda: "a worker ended and is started again" in service.said())
        for _ in range(20):
            play(service, "a")
        eventually(lambda: total(service, "a") == 41)
    assert [(41,)] == on_database(database_url, "SELECT count(*)::int FROM play_event")


@pytest.mark.parametrize("words", [("serve",), ("stats", "home"), ("check",)])
def test_a_version_that_does_not_know_the_schema_is_refused_with_a_sentence(
    data_dir: Path, database_url: str, words: tuple[str, ...]
) -> None:
    migrated_to(database_url, *migrations(), FUTURE)
    service = Service(data_dir, serve(data_dir, database_url), program=("true",))
    service.stop()
    refused = service.command(*words, check=False)
    assert 1 == refused.returncode
    assert "" == refused.stdout.replace("Comparing the counters with the log\n", "")
    assert re.sub(r"\(\w+\)", "(9999_future)", REFUSAL) in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_an_upgrade_does_not_keep_others_waiting_behind_a_dump(database_url: str) -> None:
    async with open_database(Address(url=database_url), connections=3) as database:
        await database.transaction(migrate, migrations())
        async with locked(database, DUMP):
            with trio.fail_after(20), pytest.raises(LockBusy):
                await database.transaction(migrate, [*migrations(), FUTURE])
            assert [(None,)] == await rows(database, "SELECT to_regclass('future')::text")


async def test_an_upgrade_is_made_once_the_dump_is_done(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [*migrations(), FUTURE]
    monkeypatch.setattr(opening, "_UPGRADE_PAUSE_S", 0.05)
    monkeypatch.setattr("storage.migrate.migrations", lambda: everything)
    async with open_database(Address(url=database_url), connections=3) as database, trio.open_nursery() as nursery:
        await database.transaction(migrate, everything[:-1])
        async with locked(database, DUMP):
            nursery.start_soon(opening.bring_up_to_date, database)
            waits = "SELECT count(*)::int FROM pg_locks WHERE NOT granted"
            while [(0,)] == await rows(database, waits):
                await trio.sleep(0.01)
            while [(0,)] != await rows(database, waits):  # it has given up once
                await trio.sleep(0.01)
        with trio.fail_after(30):
            while [("future",)] != await rows(database, "SELECT to_regclass('future')::text"):
                await trio.sleep(0.01)


async def test_an_upgrade_gives_up_with_a_sentence(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [*migrations(), FUTURE]
    monkeypatch.setattr(opening, "_UPGRADE_WAITS_S", 0)
    monkeypatch.setattr("storage.migrate.migrations", lambda: everything)
    async with open_database(Address(url=database_url), connections=3) as database:
        await database.transaction(migrate, everything[:-1])
        async with locked(database, DUMP):
            with pytest.raises(opening.CannotStart, match="Nothing was changed; start again when it is done"):
                await opening.bring_up_to_date(database)


TAKES_AWAY: Final = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW|FUNCTION)|\bRENAME\b|\bSET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE"
    r"|\bADD\s+(COLUMN\s+)?\w+\s+\w+\s+NOT\s+NULL(?!\s+DEFAULT)",
    re.IGNORECASE,
)
BEFORE_THE_RULE: Final = 10


@pytest.mark.parametrize("migration", [one for one in migrations() if one.number > BEFORE_THE_RULE], ids=str)
def test_a_migration_takes_nothing_away_from_the_version_before(migration: Migration) -> None:
    """The rule of docs/operate.md. What the version before did not use any more may go, and the file says so."""
    statements = "\n".join(line for line in migration.sql.splitlines() if not line.lstrip().startswith("--"))
    if not migration.sql.startswith("-- Contracts:"):
        assert None is TAKES_AWAY.search(statements)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE play_event DROP COLUMN via",
        "ALTER TABLE track RENAME title TO name",
        "ALTER TABLE track ALTER COLUMN position SET NOT NULL",
        "ALTER TABLE track ALTER COLUMN position TYPE bigint",
        "ALTER TABLE track ADD COLUMN length integer NOT NULL",
    ],
)
def test_what_would_stop_the_version_before_is_seen(statement: str) -> None:
    assert TAKES_AWAY.search(statement)
