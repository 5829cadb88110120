"""What `tonearm export` writes, held against the database it was written from."""

import csv
import gzip
import json
import os
import subprocess
from datetime import date
from pathlib import Path
from typing import Final

import pytest
import trio

from server.export_file import COLUMNS, LISTENER_COLUMNS, Wanted, stream
from storage.bridge import Address, Connection, open_database
from tests.support.data import Site
from tests.support.filled import fill_database
from tests.support.postgres import Postgres
from tests.support.service import TONEARM

TODAY: Final = date(2026, 11, 21)


@pytest.fixture(scope="module")
def site(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Site:
    url = postgres.new_database()
    fill_database(url, seed=5, events=4_000, today=TODAY, days=100)
    return Site(url, tmp_path_factory.mktemp("export") / "data")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_every_event_of_the_log_is_exported_with_every_column(site: Site, tmp_path: Path) -> None:
    site.tonearm("export", "events", "--output", tmp_path / "events.csv")
    rows = table((tmp_path / "events.csv").read_text())
    assert list(COLUMNS["events"]) == list(rows[0])
    logged = site.query(
        "SELECT 'play', to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), day::text, 'track', track_key,"
        " coalesce(release_key, ''), bucket, '', coalesce(via, ''), rule_version::text FROM play_event"
        " UNION ALL SELECT 'share', to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), day::text, target_kind,"
        " target_key, '', '', channel, '', '' FROM share_event"
    )
    assert 4_000 == len(rows)
    assert sorted(logged) == sorted(tuple(row.values()) for row in rows)


def test_the_order_of_rows_says_nothing_that_the_rows_do_not(site: Site) -> None:
    rows = table(site.tonearm("export", "events").stdout)
    told = [(row["day"], row["created_at"], row["record"], row["target_kind"], row["target_key"]) for row in rows]
    assert sorted(told) == told


def test_the_days_are_the_day_counters(site: Site) -> None:
    rows = table(site.tonearm("export", "days").stdout)
    counted = site.query(
        "SELECT 'day', day::text, target_kind, target_key, sum(partial)::text, sum(sampled)::text, sum(complete)::text,"
        " sum(unbucketed)::text, sum(shares_link)::text, sum(shares_embed)::text, sum(via_link)::text,"
        " sum(via_embed)::text FROM day_counter GROUP BY day, target_kind, target_key"
    )
    assert sorted(counted) == sorted(tuple(row.values()) for row in rows)


@pytest.mark.parametrize("what", ["events", "days"])
def test_lines_of_json_say_the_same_as_csv(site: Site, what: str) -> None:
    rows = table(site.tonearm("export", what).stdout)
    lines = [json.loads(line) for line in site.tonearm("export", what, "--format", "ndjson").stdout.splitlines()]
    assert [{name: value for name, value in row.items() if value} for row in rows if row["target_kind"] != "site"] == [
        {name: str(value) for name, value in line.items()} for line in lines if line["target_kind"] != "site"
    ]


def test_days_can_be_picked(site: Site) -> None:
    rows = table(site.tonearm("export", "events", "--from", "2026-11-01", "--to", "2026-11-05").stdout)
    [(logged,)] = site.query(
        "SELECT (SELECT count(*) FROM play_event WHERE day BETWEEN '2026-11-01' AND '2026-11-05')"
        " + (SELECT count(*) FROM share_event WHERE day BETWEEN '2026-11-01' AND '2026-11-05')"
    )
    assert logged == len(rows) > 0
    assert {"2026-11-01", "2026-11-05"} == {min(row["day"] for row in rows), max(row["day"] for row in rows)}


def test_a_span_without_events_is_a_header(site: Site) -> None:
    told = site.tonearm("export", "events", "--from", "2001-01-01", "--to", "2001-01-31").stdout
    assert ",".join(COLUMNS["events"]) == told.strip()


def test_listeners_are_exported_only_when_asked_for(site: Site, tmp_path: Path) -> None:
    site.tonearm("export", "days", "-o", tmp_path / "all.csv.gz", "--with-listeners")
    rows = table(gzip.decompress((tmp_path / "all.csv.gz").read_bytes()).decode())
    assert [*COLUMNS["days"], *LISTENER_COLUMNS] == list(rows[0])
    stored = site.query("SELECT target_kind, target_key, encode(pseudonym, 'hex') FROM listener")
    told = [(r["target_kind"], r["target_key"], r["pseudonym"]) for r in rows if r["record"] == "listener"]
    assert sorted(stored) == sorted(told)
    assert {"day"} == {row["record"] for row in table(site.tonearm("export", "days").stdout)}
    today = [row for row in rows if row["record"] == "listeners_of_day" and row["day"] == TODAY.isoformat()]
    assert not today, "an open day's count is not final"


@pytest.mark.full
def test_a_key_that_a_spreadsheet_would_take_for_a_formula_is_guarded(postgres: Postgres, data_dir: Path) -> None:
    site = Site(postgres.new_database(), data_dir).migrated()
    site.execute("INSERT INTO day_counter VALUES ('=1+1', 'track', '2026-11-20', 0, 1, 0, 0, 0, 0, 0, 0, 0)")
    assert ",'=1+1," in site.tonearm("export", "days").stdout
    assert '"target_key":"=1+1"' in site.tonearm("export", "days", "--format", "ndjson").stdout


def test_the_file_is_whole_or_as_it_was(site: Site, tmp_path: Path) -> None:
    output = tmp_path / "events.csv"
    output.write_text("before")
    told = site.tonearm("export", "events", "--output", tmp_path / "no" / "events.csv", code=1)
    assert f"{tmp_path}/no/events.csv cannot be written: No such file or directory." in told.stderr
    environment = site.environment | {"PATH": os.environ["PATH"]}
    script = 'ulimit -f 64; trap "" XFSZ; exec "$0" export events --output "$1"'
    cut = subprocess.run(
        ["bash", "-c", script, TONEARM, output], env=environment, capture_output=True, text=True, check=False
    )
    assert (1, True) == (cut.returncode, "cannot be written: File too large." in cut.stderr)
    assert ["before"] == [path.read_text() for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "tomorrow"], "--from is 'tomorrow'; a day is written as 2026-11-21."),
        (["--from", "2026-11-05", "--to", "2026-11-01"], "--from (2026-11-05) is later than --to (2026-11-01)"),
        (["--with-listeners", "--from", "2026-11-05"], "The distinct sets have no days"),
    ],
)
def test_wrong_use_is_told(site: Site, words: list[str], told: str) -> None:
    assert told in site.tonearm("export", "events", *words, code=1).stderr


def test_who_reads_may_stop_reading(site: Site) -> None:
    with subprocess.Popen(
        [TONEARM, "export", "days"], env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert export.stdout.readline()
        export.stdout.close()
        assert b"Traceback" not in export.stderr.read()
        assert export.wait(30) in (0, 1)


def test_what_is_counted_meanwhile_is_not_in_the_export(postgres: Postgres) -> None:
    url = postgres.new_database()
    fill_database(url, seed=6, events=500, today=TODAY, days=40)

    async def run() -> tuple[int, int]:
        async with open_database(Address(url=url), connections=2) as database, database.snapshot() as snapshot:
            lines = 0
            async for piece in stream(snapshot, Wanted("events", "ndjson")):
                lines += piece.count(b"\n")
                await database.run(_one_more)
            return lines, int(await database.run(_logged))

    exported, logged = trio.run(run)
    assert 500 == exported
    assert logged > 500


async def _one_more(connection: Connection) -> None:
    await connection.execute(
        "INSERT INTO share_event (created_at, day, target_kind, target_key, channel)"
        " VALUES (now(), '2026-11-21', 'track', 'new', 'link')"
    )


async def _logged(connection: Connection) -> int:
    return int(
        await connection.fetchval("SELECT (SELECT count(*) FROM play_event) + (SELECT count(*) FROM share_event)")
    )
