"""What the operator's questions answer, held against the log, which is counted anew for each by plain statements."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import pytest
import trio

from storage import leaderboard, series
from storage.bridge import Address, Connection, open_database
from storage.check import check
from storage.counters import Target
from storage.figures import SITE
from storage.leaderboard import Days, Entry, Wanted
from storage.series import Counts
from tests.support.filled import UNCATALOGUED, Music, fill_database
from tests.support.postgres import Postgres, rows

T = TypeVar("T")
P = ParamSpec("P")
TODAY: Final = date(2026, 11, 21)
MONTH: Final = Days(date(2026, 10, 23), TODAY)
_COUNTS: Final = """
count(*) FILTER (WHERE bucket = 'partial'), count(*) FILTER (WHERE bucket = 'sampled'),
count(*) FILTER (WHERE bucket = 'complete')
"""


class Filled:
    """A database with a year and more in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.music: Music = fill_database(url, seed=3, events=6_000, today=TODAY)

    def ask(self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        async def run() -> T:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await database.transaction(work, *args, **kwargs)

        return trio.run(run)

    def query(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)

    def board(self, wanted: Wanted) -> leaderboard.Board:
        return self.ask(leaderboard.board, wanted)


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Filled:
    return Filled(postgres.new_database())


def test_the_generated_site_is_one_that_the_service_could_have_written(filled: Filled) -> None:
    assert () == filled.ask(check).differences


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_a_series_says_what_the_log_says(filled: Filled, step: series.Step) -> None:
    expected = filled.query(
        f"SELECT date_trunc($3, day::timestamp)::date, {_COUNTS} FROM play_event"
        " WHERE day BETWEEN $1 AND $2 GROUP BY 1 ORDER BY 1",
        MONTH.first,
        MONTH.last,
        step,
    )
    found = filled.ask(series.series, SITE, MONTH.first, MONTH.last, step)
    assert expected == [(p.start, p.counts.partial, p.counts.sampled, p.counts.complete) for p in found]
    assert len(expected) > 1


def test_a_series_counts_shares_by_channel_and_plays_they_brought(filled: Filled) -> None:
    total = sum((p.counts for p in filled.ask(series.series, SITE, MONTH.first, MONTH.last, "day")), Counts())
    [shares] = filled.query(
        "SELECT count(*) FILTER (WHERE channel = 'link'), count(*) FILTER (WHERE channel = 'embed') FROM share_event"
        " WHERE day BETWEEN $1 AND $2",
        MONTH.first,
        MONTH.last,
    )
    [via] = filled.query(
        "SELECT count(*) FILTER (WHERE via = 'link'), count(*) FILTER (WHERE via = 'embed') FROM play_event"
        " WHERE day BETWEEN $1 AND $2",
        MONTH.first,
        MONTH.last,
    )
    assert (shares, via) == ((total.shares_link, total.shares_embed), (total.via_link, total.via_embed))
    assert all(shares)
    assert all(via)


def test_a_target_nobody_played_has_an_empty_series(filled: Filled) -> None:
    silent = Target(filled.music.tracks[-1].key, "track")
    assert [] == filled.ask(series.series, silent, MONTH.first, MONTH.last, "day")
    assert None is filled.ask(series.first_day, silent)


def test_all_time_begins_with_the_first_day_counted(filled: Filled) -> None:
    [(first,)] = filled.query("SELECT min(day) FROM play_event")
    assert first == filled.ask(series.first_day, SITE)


def test_listeners_of_a_week_are_those_of_its_days_added_up_and_a_part_of_a_day_is_said(filled: Filled) -> None:
    days = filled.ask(series.listeners, SITE, MONTH.first, MONTH.last, "day")
    weeks = filled.ask(series.listeners, SITE, MONTH.first, MONTH.last, "week")
    assert sum(one.listeners for one in days) == sum(one.listeners for one in weeks)
    assert [TODAY - timedelta(9)] == [one.start for one in days if one.partial]
    assert 1 == sum(one.partial for one in weeks)


@pytest.mark.parametrize("days", [MONTH, None])
def test_the_board_of_tracks_says_what_the_log_says(filled: Filled, days: Days | None) -> None:
    found = filled.board(Wanted("track", days, limit=1000))
    first, last = (days.first, days.last) if days else (date(1, 1, 1), TODAY)
    expected = filled.query(
        f"SELECT track_key, {_COUNTS} FROM play_event WHERE day BETWEEN $1 AND $2 GROUP BY 1 ORDER BY 1", first, last
    )
    played = [one for one in found.entries if one.counts.plays]
    assert expected == sorted((e.key, e.counts.partial, e.counts.sampled, e.counts.complete) for e in played)
    assert len(filled.music.tracks) + 1 == found.total == len(found.entries)  # one is not in the catalog


def test_the_board_of_releases_says_what_the_log_says(filled: Filled) -> None:
    found = filled.board(Wanted("release", MONTH, limit=1000))
    expected = filled.query(
        f"SELECT release_key, {_COUNTS} FROM play_event WHERE day BETWEEN $1 AND $2 AND release_key IS NOT NULL"
        " GROUP BY 1 ORDER BY 1",
        MONTH.first,
        MONTH.last,
    )
    played = [one for one in found.entries if one.counts.plays]
    assert expected == sorted((e.key, e.counts.partial, e.counts.sampled, e.counts.complete) for e in played)


_WORTH: Final[dict[str, Callable[[Entry], float]]] = {
    "plays": lambda entry: entry.counts.plays,
    "completion": lambda entry: entry.counts.complete / entry.counts.plays if entry.counts.plays else -1,
    "shares": lambda entry: entry.counts.shares,
    "listeners": lambda entry: entry.listeners,
    "sharesPerHundredPlays": lambda entry: entry.counts.shares / entry.counts.plays if entry.counts.plays else -1,
    "via": lambda entry: entry.counts.via,
}


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", [*_WORTH])
def test_a_board_is_in_the_order_asked_for_and_ties_in_the_order_of_keys(
    filled: Filled, sort: leaderboard.Sort, descending: bool
) -> None:
    found = filled.board(Wanted("track", MONTH, sort=sort, descending=descending, limit=1000)).entries
    sign = -1 if descending else 1
    assert sorted(found, key=lambda entry: (sign * _WORTH[sort](entry), entry.key)) == found


def test_by_title_upper_and_lower_case_stand_together(filled: Filled) -> None:
    titles = [e.title for e in filled.board(Wanted("track", MONTH, sort="title", descending=False, limit=99)).entries]
    assert sorted(titles, key=str.lower) == titles


def test_listeners_by_day_sort_by_the_days_of_the_range(filled: Filled) -> None:
    found = filled.board(Wanted("track", MONTH, sort="listeners", by_day=True, limit=1000)).entries
    [expected] = filled.query(
        "SELECT sum(listeners)::bigint FROM listener_count WHERE target_kind = 'track' AND day BETWEEN $1 AND $2",
        MONTH.first,
        MONTH.last,
    )
    assert expected == (sum(entry.daily_listeners for entry in found),)
    assert sorted((entry.daily_listeners for entry in found), reverse=True) == [e.daily_listeners for e in found]


def test_pages_make_up_the_whole_board_and_none_shows_an_entry_twice(filled: Filled) -> None:
    whole = filled.board(Wanted("track", MONTH, sort="shares", limit=1000))
    pages = [filled.board(Wanted("track", MONTH, sort="shares", limit=7, offset=at)) for at in range(0, 105, 7)]
    assert list(whole.entries) == [entry for page in pages for entry in page.entries]
    assert {whole.total, 0} == {page.total for page in pages}  # 0: behind the last


def test_a_search_finds_parts_of_titles_and_keys_in_any_case(filled: Filled) -> None:
    some = filled.music.tracks[5]
    by_title = filled.board(Wanted("track", search=some.title[2:-2].upper(), limit=1000)).entries
    by_key = filled.board(Wanted("track", search=some.key.upper(), limit=1000)).entries
    assert some.key in [entry.key for entry in by_title]
    assert [some.key] == [entry.key for entry in by_key]
    assert 0 == filled.board(Wanted("track", search="100%")).total  # a sign of SQL is a letter like any other


def test_a_medium_and_a_release_narrow_the_board(filled: Filled) -> None:
    media = filled.ask(leaderboard.media)
    assert ["album", "ep", "mix", "session"] == media
    for medium in media:
        expected = {release.key for release in filled.music.releases if release.medium == medium}
        assert expected == {e.key for e in filled.board(Wanted("release", medium=medium)).entries}
    of_one = filled.board(Wanted("track", release="release-03", sort="title", limit=99)).entries
    assert {t.key for t in filled.music.tracks if t.release == "release-03"} == {e.key for e in of_one}


def test_what_nobody_played_and_what_the_catalog_does_not_know_stand_on_the_board(filled: Filled) -> None:
    by_key = {entry.key: entry for entry in filled.board(Wanted("track", limit=1000)).entries}
    silent = filled.music.tracks[-1]
    assert (silent.title, 0, None) == (
        by_key[silent.key].title,
        by_key[silent.key].counts.plays,
        by_key[silent.key].counts.completion_rate,
    )
    assert (UNCATALOGUED, False) == (by_key[UNCATALOGUED].title, by_key[UNCATALOGUED].catalogued)


def test_trends_are_the_series_of_each_key(filled: Filled) -> None:
    keys = [track.key for track in filled.music.tracks[:3]]
    found = filled.ask(leaderboard.trends, "track", keys, MONTH, "week")
    for key in keys:
        expected: Sequence[series.Point] = filled.ask(
            series.series, Target(key, "track"), MONTH.first, MONTH.last, "week"
        )
        assert expected == found.get(key, [])
