"""The dashboard over HTTP: numbers against the log, files beside pages, odd keys, bad questions, a lost database."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import trio
from markupsafe import escape

from storage import catalog, migrate
from storage.bridge import Address, Connection, open_database
from storage.catalog import Release, Track
from tests.support.dashboard import ENVIRONMENT, OPERATOR
from tests.support.filled import Music, fill_database
from tests.support.http import Answer, Door, ask
from tests.support.postgres import Postgres, rows
from tests.support.service import Service, eventually, serving
from tests.support.stoppable_postgres import StoppablePostgres

PAGES: Final = ("", "tracks", "releases", "shares", "track/loose-1", "release/release-03")
HOSTILE: Final = '<script>alert("1")</script>'
ODD_KEYS: Final = (
    "a/b",
    "/starts/with",
    "ends/",
    "two//slashes",
    "with space",
    "per%cent%2F",
    "question?mark&and=more#hash",
    "sheet.csv",
    "日本語/🎷",
    "../../up",
    "line\nfeed",
    HOSTILE,
    "'quotes\"",
    "_external",
)


class Looked:
    """A service with its dashboard, and the database beneath it."""

    def __init__(self, service: Service, url: str) -> None:
        self.service = service
        self._url = url
        self._door = Door.at(service.url)

    def page(self, path: str, *, status: int = 200, mount: str = "/dashboard/") -> Answer:
        answer = ask(self._door, "GET", mount + path, OPERATOR)
        assert status == answer.status, answer.body.decode()
        return answer

    def text(self, path: str, *, status: int = 200) -> str:
        return self.page(path, status=status).body.decode()

    def table(self, path: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text(path), newline="")))

    def query(self, statement: str, *args: object) -> list[tuple[object, ...]]:
        async def run() -> list[tuple[object, ...]]:
            async with open_database(Address(url=self._url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)


@contextmanager
def looking(folder: Path, url: str, **more: str) -> Iterator[Looked]:
    environment = {**ENVIRONMENT, "TONEARM_DATABASE_URL": url, **more}
    with serving(folder / "data", environment) as service:
        yield Looked(service, url)


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Looked, Music]]:
    url = postgres.new_database()
    music = fill_database(url, seed=5, events=4_000)
    with looking(tmp_path_factory.mktemp("dashboard"), url) as looked:
        yield looked, music


@pytest.fixture(scope="module")
def site(filled: tuple[Looked, Music]) -> Looked:
    return filled[0]


_SUMS: Final = """
SELECT count(*) FILTER (WHERE bucket = 'partial'), count(*) FILTER (WHERE bucket = 'sampled'),
       count(*) FILTER (WHERE bucket = 'complete'),
       count(*) FILTER (WHERE via = 'link'), count(*) FILTER (WHERE via = 'embed')
FROM play_event WHERE day > $1::date - 30
"""
_SHARED: Final = """
SELECT count(*) FILTER (WHERE channel = 'link'), count(*) FILTER (WHERE channel = 'embed')
FROM share_event WHERE day > $1::date - 30
"""


def test_the_file_of_the_overview_adds_up_to_the_log(site: Looked) -> None:
    today = datetime.now(UTC).date()
    table = site.table("overview.csv")
    fields = ("partial", "sampled", "complete", "viaLink", "viaEmbed", "sharesLink", "sharesEmbed")
    found = [sum(int(row[field]) for row in table) for field in fields]
    assert [*site.query(_SUMS, today)[0], *site.query(_SHARED, today)[0]] == found
    assert 30 == len(table)
    assert all(found)


def test_the_overview_says_what_its_file_says(site: Looked) -> None:
    plays = sum(int(row["plays"]) for row in site.table("overview.csv"))
    assert f"<dt>Plays</dt>\n    <dd>{plays:,}</dd>" in site.text("")


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_a_year_has_the_same_sum_in_every_step(site: Looked, step: str) -> None:
    [[expected]] = site.query("SELECT count(*) FROM play_event WHERE day > $1::date - 365", datetime.now(UTC).date())
    assert expected == sum(int(row["plays"]) for row in site.table(f"overview.csv?range=365d&step={step}"))


def test_the_file_of_tracks_is_the_whole_board_whatever_page_is_open(filled: tuple[Looked, Music]) -> None:
    site, music = filled
    table = site.table("tracks.csv?page=2&range=all")
    expected = site.query("SELECT track_key, count(*) FROM play_event GROUP BY 1 ORDER BY 1")
    assert expected == sorted((row["key"], int(row["plays"])) for row in table if row["plays"] != "0")
    assert len(music.tracks) + 1 == len(table)


def test_a_release_has_its_tracks_in_order_with_what_each_kept_of_the_one_before(
    filled: tuple[Looked, Music],
) -> None:
    site, music = filled
    table = site.table("release.csv/release-03?table=tracks&range=all")
    assert [track.key for track in music.tracks if track.release == "release-03"] == [row["key"] for row in table]
    plays = [int(row["plays"]) for row in table]
    assert ["", *(f"{now / before:.4f}" for before, now in pairwise(plays))] == [
        row["keptOfTrackBefore"] and f"{float(row['keptOfTrackBefore']):.4f}" for row in table
    ]


def test_shares_that_worked_are_the_plays_that_came_with_a_mark(site: Looked) -> None:
    expected = site.query(
        "SELECT track_key, count(*) FROM play_event WHERE via IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 25"
    )
    table = site.table("shares.csv?range=all")
    assert expected == [(row["key"], int(row["via"])) for row in table]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_takes_nothing_from_elsewhere_and_has_neither_style_nor_script_inside(site: Looked, path: str) -> None:
    answer = site.page(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|https?://", answer.body.decode())
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_and_table_of_a_page_is_a_file_beside_it(site: Looked, path: str) -> None:
    page = site.text(f"{path}?range=90d")
    links = re.findall(r'href="(/dashboard/(?!static/)[^"]+\.(?:svg|csv)[^"]*)"', page)
    files = {unescape(link) for link in links}
    assert files
    for file in files:
        answer = site.page(file, mount="")
        assert answer.headers["content-disposition"].startswith('attachment; filename="tonearm-')
        assert "range=90d" in file
        if answer.headers["content-type"] == "image/svg+xml":
            ElementTree.fromstring(answer.body.decode())
        else:
            assert 1 < len(answer.body.decode().splitlines())


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("?range=fortnight", "&#39;fortnight&#39; is not a range; allowed are today, 7d, 30d, 90d, 365d, all, custom."),
        ("?from=yesterday", "from is &#39;yesterday&#39;; a day is written as 2026-11-21."),
        ("?from=2026-02-02&to=2026-01-01", "swap them."),
        ("?from=2000-01-01&to=2020-01-01&step=day", "take a longer step."),
        ("?step=hour", "&#39;hour&#39; is not a step"),
        ("tracks?sort=beauty", "sort is &#39;beauty&#39;; allowed are plays"),
        ("tracks?order=up", "order is &#39;up&#39;; allowed are asc, desc."),
        ("tracks?page=0", "page is &#39;0&#39;; it is a whole number from 1 to 1,000,000."),
        ("tracks?page=99999999999999999999", "it is a whole number from 1"),
        ("tracks?page=%D9%A3", "it is a whole number from 1"),
        ("tracks?q=%00", "q is a part of a title or key"),
        ("overview.svg?picture=beauty", "There is no such picture; this page has plays"),
        ("overview.csv?table=beauty", "There is no such table; this page has series."),
        (f"?range={quote(HOSTILE)}", "&lt;script&gt;"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_page_that_says_what_to_mend(
    site: Looked, path: str, sentence: str
) -> None:
    page = site.text(path, status=400)
    assert sentence in page
    assert "<nav" in page
    assert HOSTILE not in page


@pytest.mark.parametrize("path", ["track/nobody-knows", "release/nobody-knows", "track/" + "x" * 300, "track/a%00b"])
def test_a_key_nobody_knows_is_a_page_that_says_so(site: Looked, path: str) -> None:
    assert "of this key is in the catalog or has been counted." in site.text(path, status=404)


def test_words_of_an_address_never_become_words_of_another_site(site: Looked) -> None:
    page = site.text("tracks?_external=1&_scheme=javascript&_anchor=x&endpoint=y&key=z&link=w")
    assert not re.search(r'href="(?!/dashboard/|#main)', page)


def test_a_search_keeps_what_else_was_asked_for(site: Looked) -> None:
    page = site.text("tracks?q=harbour&sort=shares&range=90d")
    assert '<input type="hidden" name="sort" value="shares">' in page
    assert '<input type="hidden" name="range" value="90d">' in page
    assert all(
        "q=harbour" in link for link in re.findall(r'<a href="(\?|/dashboard/tracks\?[^"]*range=7d[^"]*)"', page)
    )


def test_the_sorted_column_says_its_order_and_its_link_turns_it_round(site: Looked) -> None:
    page = site.text("tracks?sort=shares")
    assert 1 == page.count("aria-sort")
    [link] = re.findall(r'aria-sort="descending"><a href="([^"]+)"', page)
    turned = site.page(unescape(link), mount="").body.decode()
    assert 'aria-sort="ascending"' in turned


def plays_of(table: Sequence[dict[str, str]]) -> list[int]:
    return [int(row["plays"]) for row in table]


def test_ascending_is_descending_turned_round(site: Looked) -> None:
    down, up = site.table("tracks.csv?order=desc"), site.table("tracks.csv?order=asc")
    assert plays_of(down) == sorted(plays_of(up), reverse=True)
    assert plays_of(up) == sorted(plays_of(up))


async def _odd(connection: Connection) -> None:
    releases = [Release(key, f"Release {HOSTILE} {number}") for number, key in enumerate(ODD_KEYS)]
    await catalog.upsert(connection, releases, [Track(key, f"={HOSTILE}", key, 1) for key in ODD_KEYS])


@pytest.fixture(scope="module")
def odd(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """A site with strange keys and titles, where each track was played once."""
    url = postgres.new_database()

    async def fill() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(migrate.migrate, migrate.migrations())
            await database.transaction(_odd)

    trio.run(fill)
    with looking(tmp_path_factory.mktemp("odd"), url) as looked:
        door = Door.at(looked.service.url)
        for key in ODD_KEYS:
            body = f'{{"trackEntryKey": {_json(key)}, "bucket": "complete"}}'.encode()
            assert 202 == ask(door, "POST", "/api/event/play", {"Content-Type": "application/json"}, body).status
        eventually(lambda: looked.query("SELECT count(*) FROM play_event") == [(len(ODD_KEYS),)])
        yield looked


def _json(text: str) -> str:
    return json.dumps(text)


@pytest.mark.parametrize("kind", ["track", "release"])
@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_key_has_a_page_files_and_a_link_to_it(odd: Looked, kind: str, key: str) -> None:
    board = odd.text(f"{kind}s")
    links = re.findall(rf'class="board__title" href="(/dashboard/{kind}/[^"]*)"', board)
    pages = [odd.page(unescape(link), mount="").body.decode() for link in links]
    assert len(ODD_KEYS) == len(links)
    assert 1 == len({page for page in pages if f"<code>{_escaped(key)}</code>" in page})
    direct = odd.text(f"{kind}/{quote(key, safe='')}")
    assert HOSTILE not in direct
    assert f"<code>{_escaped(key)}</code>" in direct
    assert ["1"] == [row["plays"] for row in odd.table(f"{kind}.csv/{quote(key, safe='')}?range=today")]
    ElementTree.fromstring(odd.text(f"{kind}.svg/{quote(key, safe='')}?picture=plays"))


def _escaped(text: str) -> str:
    return str(escape(text))


def test_a_title_that_is_a_formula_is_not_one_in_the_file(odd: Looked) -> None:
    assert {f"'={HOSTILE}"} == {row["title"] for row in odd.table("tracks.csv")}


@pytest.mark.full
def test_a_site_with_nothing_counted_has_pages_that_say_so(database_url: str, tmp_path: Path) -> None:
    with looking(tmp_path, database_url) as empty:
        assert "Nothing has been counted yet." in empty.text("")
        assert "There are no tracks yet" in empty.text("tracks")
        assert "There are no releases yet" in empty.text("releases")
        assert "No link or embed was copied" in empty.text("shares")
        for path in ("?range=all", "?range=today", "?range=365d", "overview.csv?range=all"):
            empty.page(path)
        assert "There is no such picture; this page has none." in empty.text("overview.svg", status=400)


@pytest.mark.full
def test_where_the_database_is_away_a_page_says_so_and_when_to_come_again(tmp_path: Path) -> None:
    server = StoppablePostgres(tmp_path / "postgres")
    with server as postgres, looking(tmp_path, postgres.new_database()) as looked:
        looked.page("")
        server.stop()
        for path in PAGES:
            answer = looked.page(path, status=503)
            assert answer.headers["retry-after"]
            assert "the database is away" in answer.body.decode()
        server.start()
        eventually(lambda: ask(Door.at(looked.service.url), "GET", "/dashboard/", OPERATOR).status == 200)


@pytest.mark.parametrize(
    ("mode", "shown", "hidden"),
    [
        ("anon-id", "of all time</dd>", "added up"),
        ("daily-salt", "Listeners by day, added up", "of all time</dd>"),
        ("off", "Listeners are not counted: the privacy mode is off.", "<dt>Listeners"),
    ],
)
def test_a_mode_shows_the_listeners_it_counts(
    database_url: str, tmp_path: Path, mode: str, shown: str, hidden: str
) -> None:
    fill_database(database_url, events=300, days=40)
    with looking(tmp_path, database_url, TONEARM_PRIVACY__MODE=mode) as looked:
        page = looked.text("")
        assert shown in page
        assert hidden not in page


def test_who_is_not_signed_in_sees_nothing(site: Looked) -> None:
    for path in PAGES:
        for form in (path, f"{path or 'overview'}.csv", f"{path or 'overview'}.svg"):
            assert 401 == ask(Door.at(site.service.url), "GET", f"/dashboard/{form}").status
            assert 404 == ask(Door.at(site.service.url), "GET", f"/shared/some-link/{form}").status


@pytest.mark.full
def test_a_public_link_shows_the_pages_and_their_files_and_leads_nowhere_else(
    filled: tuple[Looked, Music],
) -> None:
    site, _ = filled
    made = site.service.command("share", "make", "label", "--url", site.service.url).stdout
    found = re.search(r"/shared/[^/\s]+/", made)
    assert found
    door = Door.at(site.service.url)
    for path in PAGES:
        answer = ask(door, "GET", f"{found.group()}{path}")
        assert 200 == answer.status
        links = {unescape(link) for link in re.findall(r'(?:href|action|data-png)="([^"]*)"', answer.body.decode())}
        assert {found.group(), "/dashboard/static/"} == {
            link[: len(found.group())] if link.startswith("/shared/") else link[:18]
            for link in links
            if link != "#main"
        }
        for file in links:
            if ".csv" in file or ".svg?picture" in file:
                assert 200 == ask(door, "GET", file).status


@pytest.mark.full
def test_behind_a_public_link_small_numbers_of_listeners_are_not_told(database_url: str, tmp_path: Path) -> None:
    fill_database(database_url, events=60, days=40)
    with looking(tmp_path, database_url, TONEARM_STATS__MIN_LISTENERS="1000") as looked:
        made = looked.service.command("share", "make", "label", "--url", looked.service.url).stdout
        found = re.search(r"/shared/[^/\s]+/", made)
        assert found
        door = Door.at(looked.service.url)
        shared, own = (ask(door, "GET", found.group()).body.decode(), looked.text(""))
        assert 2 == shared.count("too few to be told")
        assert 0 == own.count("too few to be told")
        table = csv.DictReader(io.StringIO(ask(door, "GET", f"{found.group()}overview.csv").body.decode(), newline=""))
        assert {"", "0"} >= {row["listeners"] for row in table}
        assert any(int(row["listeners"] or 0) for row in looked.table("overview.csv"))
        board = csv.DictReader(io.StringIO(ask(door, "GET", f"{found.group()}tracks.csv").body.decode(), newline=""))
        assert {"", "0"} >= {row[field] for row in board for field in ("listeners", "listenersByDay")}
