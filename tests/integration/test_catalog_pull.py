"""The catalog pulled from a feed or the site's own tables: what is good is loaded, what is not changes nothing."""

import gzip
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.catalog_puller import CatalogPuller, PullFailed
from server import catalog_pull
from server.catalog_pull import Feed, Query, pull
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, open_database
from storage.migrate import migrate, migrations
from tests.support.postgres import Postgres, rows
from tests.support.service import eventually, serving
from tests.support.web_server import Asked, Says, WebServer, web_server

FEED = {
    "releases": [{"key": "ferry", "title": "Night Ferry"}],
    "tracks": [{"key": "harbour", "title": "Harbour Lights", "release": "ferry", "position": 1}],
}
SQL = """
SELECT id AS track_key, name AS title, album AS release_key, NULL AS release_title, position FROM song
UNION ALL SELECT NULL, NULL, slug, name, NULL FROM album -- all of it
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=2) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


@pytest.fixture
def site() -> Iterator[WebServer]:
    with web_server() as server:
        server.answer = lambda _: Says(body=json.dumps(FEED).encode(), headers={"etag": '"one"'})
        yield server


async def tracks(database: Database) -> list[tuple[object, ...]]:
    return await rows(database, "SELECT track_key, title, release_key, position FROM track ORDER BY 1")


HARBOUR = ("harbour", "Harbour Lights", "ferry", 1)


async def test_a_feed_is_loaded_and_asked_for_again_only_when_it_has_changed(
    site: WebServer, database: Database
) -> None:
    def answer(asked: Asked) -> Says:
        if asked.headers.get("if-none-match") == '"one"':
            return Says(304)
        return Says(body=json.dumps(FEED).encode(), headers={"etag": '"one"', "last-modified": "then"})

    site.answer = answer
    feed = Feed(site.url + "/feed")
    assert "2 added, 0 changed, 0 the same" == str(await pull(feed, database))
    assert [HARBOUR] == await tracks(database)
    assert "nothing new" == str(await pull(feed, database))
    assert [(None, None), ('"one"', "then")] == [
        (asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")) for asked in site.asked
    ]


async def test_csv_is_a_feed_as_well(site: WebServer, database: Database) -> None:
    site.answer = lambda _: Says(
        body="track_key;track_title\nküste;Küste\n".encode(), headers={"content-type": "text/csv"}
    )
    await pull(Feed(site.url), database)
    assert [("küste", "Küste", None, None)] == await tracks(database)


async def test_a_dry_run_says_what_would_change_and_changes_nothing(site: WebServer, database: Database) -> None:
    feed = Feed(site.url)
    assert "2 added, 0 changed, 0 the same" == str(await pull(feed, database, dry_run=True))
    assert [] == await tracks(database)
    assert "2 added, 0 changed, 0 the same" == str(await pull(feed, database))  # it was not taken for known


BROKEN = [
    (Says(500), "answers 500, not 200"),
    (Says(404, b"<h1>gone"), "answers 404, not 200"),
    (
        Says(body=b'{"tracks": [{"key": "b", "title": "B"}, {"key": "", "title": "C"}]}'),
        "tracks entry 2: the track's key",
    ),
    (Says(body=b"<html>a login page</html>"), "the columns track_key, track_title are missing"),
    (Says(body=b'{"tracks": [{"key": "b"'), "not JSON"),
    (Says(body=b"track_key,track_title\n\xff,x\n"), "is not UTF-8"),
    (Says(body=b"track_key,track_title,release_key\nb,B,nowhere\n"), "neither in it nor in the catalog: 'nowhere'"),
    (Says(body=b" " * 2_000), "is larger than 0 MiB"),
    (Says(302, headers={"location": "/again"}), "cannot be read: too many redirects"),
]


@pytest.mark.parametrize(("says", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
async def test_a_broken_feed_changes_nothing_and_is_told(
    site: WebServer, database: Database, says: Says, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(site.url + "/feed?token=very-secret")
    await pull(feed, database)
    monkeypatch.setattr(catalog_pull, "MOST_BYTES", 1_000)
    site.answer = lambda _: says
    with pytest.raises(PullFailed) as caught:
        await pull(feed, database)
    assert re.match(rf"The feed at {site.url}\b.*{re.escape(sentence)}", str(caught.value))
    assert "Nothing was loaded." in str(caught.value)
    assert "very-secret" not in str(caught.value)
    assert [HARBOUR] == await tracks(database)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore2 leaves a generator to the GC
async def test_a_feed_that_unpacks_to_more_than_it_says_is_left(
    site: WebServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_pull, "MOST_BYTES", 10_000)
    site.answer = lambda _: Says(body=gzip.compress(b" " * 1_000_000), headers={"content-encoding": "gzip"})
    with pytest.raises(PullFailed, match="is larger than"):
        await pull(Feed(site.url), database)


async def test_a_feed_that_nobody_serves_is_told(database: Database) -> None:
    with web_server() as gone:
        url = gone.url
    with pytest.raises(PullFailed, match=r"cannot be read: no connection"):
        await pull(Feed(url), database)


async def test_a_feed_that_never_ends_is_left_after_a_while(
    site: WebServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = trio.lowlevel.current_trio_token()
    waits = trio.Event()

    def never(_: Asked) -> Says:
        trio.from_thread.run(waits.wait, trio_token=done)
        return Says()

    site.answer = never
    monkeypatch.setattr(catalog_pull, "LONGEST_S", 0.2)
    with pytest.raises(PullFailed, match="took longer than"):
        await pull(Feed(site.url), database)
    waits.set()


async def test_three_redirects_are_followed(site: WebServer, database: Database) -> None:
    hops = iter(["/b", "/c", "/d"])
    site.answer = lambda asked: (
        Says(body=json.dumps(FEED).encode()) if asked.path == "/d" else Says(307, headers={"location": next(hops)})
    )
    await pull(Feed(site.url + "/a"), database)
    assert ["/a", "/b", "/c", "/d"] == [asked.path for asked in site.asked]


@pytest.fixture
async def site_tables(postgres: Postgres) -> str:
    """The URL of a site's own database."""
    url = await trio.to_thread.run_sync(postgres.new_database)

    async def fill(connection: Connection) -> None:
        await connection.execute("CREATE TABLE album (slug text, name text)")
        await connection.execute("CREATE TABLE song (id integer, name text, album text, position integer)")
        await connection.execute("INSERT INTO album VALUES ('ferry', 'Night Ferry')")
        await connection.execute("INSERT INTO song VALUES (7, 'Harbour Lights', 'ferry', 1), (8, 'Loose', NULL, NULL)")

    async with open_database(Address(url=url), connections=1) as opened:
        await opened.transaction(fill)
    return url


async def test_the_sites_own_tables_are_read_by_a_query(database: Database, site_tables: str) -> None:
    assert "3 added, 0 changed, 0 the same" == str(await pull(Query(SQL, site_tables), database))
    assert [("7", "Harbour Lights", "ferry", 1), ("8", "Loose", None, None)] == await tracks(database)
    assert "0 added, 0 changed, 3 the same" == str(await pull(Query(SQL, site_tables), database))


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT id FROM song", "columns: there are id; there must be track_key, title, release_key"),
        ("SELECT '' AS track_key, 'A' AS title", "row 1: the track's key must be text of 1 to 200 bytes"),
        ("SELECT nothing FROM nowhere", 'cannot be run: relation "nowhere" does not exist'),
        ("DELETE FROM song RETURNING id AS track_key, name AS title", "cannot be run: syntax error"),
        ("SELECT nextval('numbers') AS track_key, 'A' AS title", "read-only transaction"),
        ("SELECT 1 AS track_key, 'A' AS title; DROP TABLE song", "cannot be run: syntax error"),
        ("SELECT pg_sleep(60)::text AS track_key, 'A' AS title", "canceling statement due to statement timeout"),
        ("SELECT n AS track_key, 'A' AS title FROM generate_series(1, 12) AS n", "gives more than 10 rows"),
    ],
)
async def test_a_query_that_is_wrong_is_told_and_changes_nothing(
    database: Database, site_tables: str, sql: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def number(connection: Connection) -> None:
        await connection.execute("CREATE SEQUENCE numbers")

    async with open_database(Address(url=site_tables), connections=1) as opened:
        await opened.run(number)
    monkeypatch.setattr(catalog_pull, "MOST_ROWS", 10)
    monkeypatch.setattr(catalog_pull, "LONGEST_S", 1.9)
    with pytest.raises(PullFailed) as caught:
        await pull(Query(sql, site_tables), database)
    assert sentence in str(caught.value)
    assert "Nothing was loaded." in str(caught.value)
    assert [] == await tracks(database)


async def test_a_site_database_that_is_away_is_told_without_its_password(database: Database) -> None:
    with pytest.raises(PullFailed, match=r"\[catalog\] sql cannot be asked: ") as caught:
        await pull(Query(SQL, "postgresql://me:very-secret@127.0.0.1:1/site"), database)
    assert "very-secret" not in str(caught.value)


async def test_the_timer_goes_on_after_a_failure(autojump_clock: MockClock) -> None:
    outcomes: Iterator[str | Exception] = iter(["a", PullFailed("broken"), DatabaseUnavailable("away"), "b"])
    times: list[float] = []

    async def do_pull() -> str:
        times.append(trio.current_time())
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    life, its_end = trio.open_memory_channel[None](0)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        await nursery.start(CatalogPuller(its_end, do_pull, every_s=600).run)
        await trio.sleep(1_900)
        await life.aclose()
    assert [0, 600, 1200, 1800] == [round(moment - began) for moment in times]


async def test_a_source_that_hangs_does_not_hold_up_a_stop(autojump_clock: MockClock) -> None:
    life, its_end = trio.open_memory_channel[None](0)
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:

            async def hang() -> str:
                await trio.sleep_forever()
                raise AssertionError

            await nursery.start(CatalogPuller(its_end, hang, every_s=600).run)
            await life.aclose()


@pytest.mark.full
def test_the_service_pulls_by_itself_and_the_command_by_hand(
    postgres: Postgres, tmp_path: Path, site: WebServer
) -> None:
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_CATALOG__URL": f"{site.url}/feed?token=very-secret",
        "TONEARM_CATALOG__EVERY_MIN": "0.005",
        "TONEARM_LOG__LEVEL": "debug",
    }
    with serving(tmp_path / "data", environment, "--workers", "2") as service:
        eventually(lambda: "2 added, 0 changed, 0 the same" in service.said())
        site.answer = lambda _: Says(503)
        eventually(lambda: "the catalog cannot be pulled; it stays as it is" in service.said())
        refused = service.command("catalog", "pull", check=False)
        assert (1, f"The feed at {site.url} answers 503, not 200. Nothing was loaded.\n") == (
            refused.returncode,
            refused.stderr,
        )
        changed = FEED | {"tracks": [{"key": "harbour", "title": "Harbour Lights (2026)", "release": "ferry"}]}
        site.answer = lambda asked: (
            Says(503) if "if-none-match" in asked.headers else Says(body=json.dumps(changed).encode())
        )
        dry = service.command("catalog", "pull", "--dry-run").stdout
        assert (
            "1 tracks changed: harbour\n1 entries were the same already.\nNothing was changed: this was a dry run."
            in dry
        )
        assert "1 tracks changed: harbour\n" in service.command("catalog", "pull").stdout
        assert "very-secret" not in service.said()
        assert 0 == service.stop()


def test_without_a_source_the_command_says_what_to_set(postgres: Postgres, tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"TONEARM_DATABASE_URL": postgres.new_database()}) as service:
        refused = service.command("catalog", "pull", check=False)
    assert 1 == refused.returncode
    assert "There is nothing to pull from. Set [catalog] url, or sql and database_url" in refused.stderr
