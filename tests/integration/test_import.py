"""What an import leaves in the database: all of a file or nothing, once, and counters that agree with the log."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from storage import rebuild
from storage.bridge import Connection
from storage.catalog import Release, Track, upsert
from tests.support.data import Site
from tests.support.filled import fill_database
from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.service import eventually, serving

TODAY: Final = date.today()  # roughly: files have days up to it
DAY: Final = TODAY - timedelta(days=3)


@pytest.fixture
def site(database_url: str, data_dir: Path) -> Site:
    return Site(database_url, data_dir).migrated()


@pytest.fixture(scope="module")
def origin(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Where exports come from."""
    url = postgres.new_database()
    fill_database(url, seed=7, events=3_000, today=TODAY - timedelta(days=2), days=80)
    return Site(url, tmp_path_factory.mktemp("origin") / "data")


def write(folder: Path, text: str, name: str = "plays.csv") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def play(url: str, key: str) -> None:
    body = json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()
    assert 202 == ask(Door.at(url), "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status


def everything(site: Site) -> list[tuple[Any, ...]]:
    return site.query(
        "SELECT (SELECT count(*) FROM play_event), (SELECT count(*) FROM share_event), (SELECT count(*) FROM listener),"
        " (SELECT count(*) FROM import), (SELECT count(*) FROM opening_balance), (SELECT count(*) FROM play_counter),"
        " (SELECT count(*) FROM day_counter), (SELECT count(*) FROM uncatalogued), (SELECT count(*) FROM track)"
    )


@pytest.mark.parametrize("what", ["events", "days"])
@pytest.mark.parametrize("form", ["csv", pytest.param("ndjson", marks=pytest.mark.full)])
def test_an_export_imported_elsewhere_has_the_same_figures(
    origin: Site, site: Site, tmp_path: Path, what: str, form: str
) -> None:
    file = tmp_path / "export.gz"
    origin.tonearm("export", what, "--format", form, "--output", file)
    site.tonearm("import", file)
    assert origin.figures() == site.figures()
    assert not site.differences()
    again = tmp_path / "again.gz"
    site.tonearm("export", what, "--format", form, "--output", again)
    if what == "days":  # the catalog resolves the releases of events that had none
        assert file.read_bytes() == again.read_bytes()


@pytest.mark.full
def test_counters_stay_true_after_an_import_and_a_rebuild(origin: Site, site: Site, tmp_path: Path) -> None:
    origin.tonearm("export", "days", "--output", tmp_path / "days.csv")
    site.tonearm("import", tmp_path / "days.csv")
    site.tonearm("import", write(tmp_path, f"key,plays,date\nharbour-lights,120,\nslow-tide,7,{DAY}\n"))
    before = site.figures()
    assert not site.differences()
    site.tonearm("rebuild")
    assert before == site.figures()
    assert "Every counter agrees" in site.tonearm("check").stdout


def test_the_same_file_counts_once(origin: Site, site: Site, tmp_path: Path) -> None:
    origin.tonearm("export", "events", "--output", tmp_path / "events.csv")
    origin.tonearm("export", "events", "--output", tmp_path / "packed.csv.gz")
    site.tonearm("import", tmp_path / "events.csv")
    before = everything(site), site.figures()
    assert "imported already" in site.tonearm("import", tmp_path / "events.csv").stdout
    assert "imported already" in site.tonearm("import", tmp_path / "packed.csv.gz", "--name", "other").stdout
    assert before == (everything(site), site.figures())


@pytest.mark.full
def test_a_name_stands_for_one_file(site: Site, tmp_path: Path) -> None:
    site.tonearm("import", write(tmp_path, "key,plays\na,1\n"), "--name", "old-site")
    told = site.tonearm("import", write(tmp_path, "key,plays\na,2\n"), "--name", "old-site", code=1)
    assert "Another file was imported as 'old-site'" in told.stderr
    assert (1, 1) == site.plays("a")


def test_plays_so_far_are_plays_of_track_release_and_site_without_a_bucket(site: Site, tmp_path: Path) -> None:
    site.run(upsert, [Release("night-drive", "Night Drive")], [Track("harbour-lights", "Harbour", "night-drive", 1)])
    site.tonearm("import", write(tmp_path, "key,plays\nharbour-lights,120\nloose,5\n"))
    assert [(120, 120), (120, 120), (125, 125)] == [
        site.plays("harbour-lights"), site.plays("night-drive", "release"), site.plays("", "site")
    ]  # fmt: skip
    assert not site.query("SELECT * FROM day_counter"), "what has no day is in no day"
    shown = json.loads(site.tonearm("stats", "track", "harbour-lights", "--json").stdout)
    assert (120, 120, None) == (shown["totalPlays"], shown["unbucketed"], shown["completionRate"])


def test_plays_so_far_are_in_the_all_time_figures_of_the_dashboard(site: Site, tmp_path: Path) -> None:
    site.tonearm("import", write(tmp_path, "key,plays\nharbour-lights,120\nloose,5\n"))
    with serving(
        site.data_dir,
        {
            "TONEARM_DATABASE_URL": site.url,
            "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
            "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
        },
    ) as service:
        door = Door.at(service.url)
        public = ask(door, "GET", "/api/stats/home").json()
        found = ask(door, "GET", "/api/figures/home", {"X-Forwarded-User": "me"}).json()["allTime"]
    assert (125, 125) == (public["totalPlays"], public["unbucketed"])
    assert (125, 125, None) == (found["totalPlays"], found["unbucketed"], found["completionRate"])


@pytest.mark.full
def test_plays_without_a_bucket_leave_the_completion_rate_alone(site: Site, tmp_path: Path) -> None:
    header = "key,plays,date,partial,sampled,complete"
    site.tonearm("import", write(tmp_path, f"{header}\na,1000,,,,\na,4,{DAY},1,0,3\n"))
    shown = json.loads(site.tonearm("stats", "track", "a", "--json").stdout)
    assert (1004, 0.75) == (shown["totalPlays"], shown["completionRate"])


@pytest.mark.full
def test_a_file_names_the_release_where_it_knows_better(site: Site, tmp_path: Path) -> None:
    site.run(upsert, [Release("now", "Now")], [Track("a", "A", "now", 1), Track("b", "B", "now", 2)])
    site.tonearm("import", write(tmp_path, "key,plays,release\na,3,then\nb,5,\n"))
    assert [(3, 3), (5, 5)] == [site.plays("then", "release"), site.plays("now", "release")]


def test_keys_that_no_catalog_knows_are_noted_in_the_order_of_the_writers(site: Site, tmp_path: Path) -> None:
    """Two transactions that note the same new keys in different orders would wait for each other."""

    async def group_by_hash(connection: Connection) -> None:
        """As PostgreSQL does it where it expects many rows."""
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'ALTER DATABASE "{name}" SET enable_sort = off')

    site.run(group_by_hash)
    keys = [f"{letter}{number:03}" for letter in "ZaBÄbz_" for number in range(150)]
    site.tonearm("import", write(tmp_path, "key,plays\n" + "".join(f"{key},1\n" for key in keys)))
    assert sorted(keys) == [key for (key,) in site.query("SELECT target_key FROM uncatalogued ORDER BY ctid")]


def test_titles_fill_the_catalog_and_change_nothing_in_it(site: Site, tmp_path: Path) -> None:
    site.run(upsert, [], [Track("known", "As it is", None, None)])
    text = "key,title,release,release_title,plays\nknown,Otherwise,,,1\nnew,New One,nd,Night Drive,2\n"
    site.tonearm("import", write(tmp_path, text))
    assert [("known", "As it is", None), ("new", "New One", "nd")] == site.query(
        "SELECT track_key, title, release_key FROM track ORDER BY 1"
    )
    assert [("nd", "Night Drive")] == site.query("SELECT release_key, title FROM release")


def test_imported_keys_take_no_room_among_todays_new_keys(site: Site, tmp_path: Path) -> None:
    site.tonearm("import", write(tmp_path, f"key,plays,date\na,1,{TODAY - timedelta(1)}\nb,2,\n"))
    now = date.today()  # read after the import, over which a day may have ended
    assert [(2, 0)] == site.query("SELECT count(*), count(*) FILTER (WHERE day >= $1) FROM uncatalogued", now)


def test_a_mistake_anywhere_imports_nothing(origin: Site, site: Site, tmp_path: Path) -> None:
    text = origin.tonearm("export", "events").stdout
    before = everything(site)
    told = site.tonearm("import", write(tmp_path, text + "play,soon,,,,,,,,\n"), code=1)
    assert "line 3002: " in told.stderr
    assert "Nothing was imported." in told.stderr
    assert before == everything(site)


@pytest.mark.full
def test_days_with_rows_missing_are_refused(origin: Site, site: Site, tmp_path: Path) -> None:
    rows = origin.tonearm("export", "days").stdout.splitlines(keepends=True)
    without = next(number for number, row in enumerate(rows) if ",track," in row and ",0,0,0,0,0,0,0,0" not in row)
    before = everything(site)
    told = site.tonearm("import", write(tmp_path, "".join(rows[:without] + rows[without + 1 :])), code=1)
    assert "the figures of the site are not the sum of those of its tracks on " in told.stderr
    assert before == everything(site)


@pytest.mark.full
def test_a_dry_run_shows_what_would_be_and_leaves_nothing(origin: Site, site: Site, tmp_path: Path) -> None:
    origin.tonearm("export", "events", "--output", tmp_path / "events.csv")
    before = everything(site)
    shown = json.loads(site.tonearm("import", tmp_path / "events.csv", "--dry-run", "--json").stdout)
    [(plays, shares)] = origin.query("SELECT (SELECT count(*) FROM play_event), (SELECT count(*) FROM share_event)")
    assert (plays, shares, True) == (shown["plays"], shown["shares"], shown["dryRun"])
    assert before == everything(site)
    site.tonearm("import", tmp_path / "events.csv")
    assert origin.figures() == site.figures()


@pytest.mark.full
@pytest.mark.parametrize("what", ["events", "days"])
def test_an_import_can_be_taken_back(origin: Site, site: Site, tmp_path: Path, what: str) -> None:
    site.tonearm("import", write(tmp_path, f"key,plays,date\nstays,10,\nstays,3,{DAY}\n"), "--name", "first")
    before = site.figures()
    origin.tonearm("export", what, "--output", tmp_path / "export.csv")
    site.tonearm("import", tmp_path / "export.csv", "--name", "second")
    assert before != site.figures()
    site.tonearm("import", "undo", "second", "--yes")
    assert before == site.figures()
    assert not site.differences()
    assert ["first"] == [one["import"] for one in json.loads(site.tonearm("import", "list", "--json").stdout)]
    site.tonearm("import", tmp_path / "export.csv")
    assert [("import", "first"), ("import", "second"), ("import undo", "second")] == site.query(
        "SELECT act, detail ->> 'name' FROM audit ORDER BY at LIMIT 3"
    )


def test_an_import_nobody_made_cannot_be_taken_back(site: Site) -> None:
    assert "There is no import 'x'" in site.tonearm("import", "undo", "x", "--yes", code=1).stderr


@pytest.mark.full
def test_plays_that_are_here_already_are_pointed_at(origin: Site, site: Site, tmp_path: Path) -> None:
    origin.tonearm("export", "events", "--output", tmp_path / "events.csv")
    origin.tonearm("export", "days", "--output", tmp_path / "days.csv")
    assert "have plays here already" not in site.tonearm("import", tmp_path / "events.csv").stdout
    told = site.tonearm("import", tmp_path / "days.csv", "--dry-run").stdout
    assert "On 80 days the same tracks have plays here already." in told


def test_a_cut_off_import_leaves_nothing(origin: Site, site: Site, tmp_path: Path) -> None:
    """A backend that ends in the middle of the import's transaction is what a kill or a power cut comes to."""
    origin.tonearm("export", "events", "--output", tmp_path / "events.csv")
    site.execute(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    site.execute("CREATE TRIGGER cut BEFORE INSERT ON import EXECUTE FUNCTION cut()")
    before = everything(site)
    told = site.tonearm("import", tmp_path / "events.csv", code=1)
    assert "the connection was lost" in told.stderr
    assert "Traceback" not in told.stderr
    assert before == everything(site)
    site.execute("DROP TRIGGER cut ON import")
    site.tonearm("import", tmp_path / "events.csv")
    assert origin.figures() == site.figures()


@pytest.mark.full
def test_an_import_beside_a_counting_service_loses_and_doubles_nothing(
    origin: Site, database_url: str, data_dir: Path, tmp_path: Path
) -> None:
    origin.tonearm("export", "events", "--output", tmp_path / "events.csv")
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url, "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}) as service:
        for number in range(40):
            play(service.url, f"live-{number % 4}")
        site = Site(database_url, data_dir, {"TONEARM_DATA_DIR": str(data_dir)})
        site.tonearm("import", tmp_path / "events.csv")
        for number in range(40):
            play(service.url, f"live-{number % 4}")
        eventually(lambda: [(20, 0)] * 4 == [site.plays(f"live-{number}") for number in range(4)])
        [(logged,)] = origin.query("SELECT count(*) FROM play_event")
        assert (logged + 80, 0) == site.plays("", "site")
        assert not site.differences()


def move_key(origin: Site, site: Site, folder: Path) -> None:
    """The same secret and the same sealed key: what a restored backup has."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "secret").write_bytes((origin.data_dir / "secret").read_bytes())
    [(sealed,)] = origin.query("SELECT sealed FROM sealed_key")
    site.run(_offer, sealed)


async def _offer(connection: Connection, sealed: bytes) -> None:
    await connection.execute("INSERT INTO sealed_key VALUES ('pseudonym-key', $1)", sealed)


@pytest.fixture
def listened(postgres: Postgres, tmp_path: Path) -> Site:
    """An installation that has counted listeners of both kinds."""
    url = postgres.new_database()
    fill_database(url, seed=8, events=600, today=TODAY - timedelta(days=2), days=20)
    with serving(tmp_path / "listened", {"TONEARM_DATABASE_URL": url}):
        pass  # its first start makes secret and key
    return Site(url, tmp_path / "listened")


LISTENERS: Final = "SELECT target_kind, target_key, sum(listeners) FROM play_counter GROUP BY 1, 2 ORDER BY 1, 2"
DAILY: Final = (
    "SELECT c.day, target_kind, target_key, sum(listeners) FROM listener_count c JOIN token_day d USING (day)"
    " WHERE d.closed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


@pytest.mark.parametrize("what", ["events", "days"])
def test_listeners_are_the_same_where_the_key_is_the_same(
    listened: Site, site: Site, tmp_path: Path, what: str
) -> None:
    move_key(listened, site, site.data_dir)
    listened.tonearm("export", what, "--with-listeners", "--output", tmp_path / "all.csv")
    site.tonearm("import", tmp_path / "all.csv")
    assert listened.query(LISTENERS) == site.query(LISTENERS)
    assert listened.query(DAILY) == site.query(DAILY)
    assert not site.differences()


@pytest.mark.full
def test_a_listener_who_is_here_already_counts_once(listened: Site, site: Site, tmp_path: Path) -> None:
    move_key(listened, site, site.data_dir)
    listened.tonearm("export", "days", "--with-listeners", "--output", tmp_path / "all.csv")
    site.execute(
        "INSERT INTO listener SELECT target_key, target_kind, decode(repeat('00', 16), 'hex') FROM play_counter"
    )
    [here] = listened.query(
        "SELECT target_key, target_kind, pseudonym FROM listener WHERE target_kind = 'site' LIMIT 1"
    )
    site.run(_remember, *here)
    site.run(rebuild.rebuild_totals)
    site.tonearm("import", tmp_path / "all.csv")
    [(there,)] = listened.query("SELECT count(*) FROM listener WHERE target_kind = 'site'")
    [(now,)] = site.query("SELECT sum(listeners) FROM play_counter WHERE target_kind = 'site'")
    assert there == now
    assert not site.differences()


async def _remember(connection: Connection, key: str, kind: str, pseudonym: bytes) -> None:
    await connection.execute("INSERT INTO listener VALUES ($1, $2, $3)", key, kind, pseudonym)


@pytest.mark.full
def test_listeners_of_another_key_are_refused(listened: Site, site: Site, tmp_path: Path) -> None:
    with serving(site.data_dir, {"TONEARM_DATABASE_URL": site.url}):
        pass
    listened.tonearm("export", "days", "--with-listeners", "--output", tmp_path / "all.csv")
    told = site.tonearm("import", tmp_path / "all.csv", code=1)
    assert "made with another pseudonym key" in told.stderr
    assert not site.query("SELECT * FROM import")
    site.tonearm("import", tmp_path / "all.csv", "--without-listeners")
    assert listened.figures() == site.figures()
    assert not site.query("SELECT * FROM listener")


@pytest.mark.full
def test_an_import_with_listeners_cannot_be_taken_back(listened: Site, site: Site, tmp_path: Path) -> None:
    move_key(listened, site, site.data_dir)
    listened.tonearm("export", "days", "--with-listeners", "--output", tmp_path / "all.csv")
    site.tonearm("import", tmp_path / "all.csv", "--name", "all")
    assert "brought listeners" in site.tonearm("import", "undo", "all", "--yes", code=1).stderr
