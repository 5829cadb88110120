"""Behind a public link no number of listeners below the minimum is told: by no sum, by no order, in no form."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage.series import ListenerSum
from tests.integration.test_dashboard import Looked, looking
from tests.support.filled import fill_database
from tests.support.http import Door, ask
from tests.support.postgres import Postgres

TODAY = datetime.now(UTC).date()
_MONDAYS = [TODAY - timedelta(TODAY.weekday() + back) for back in (14, 21)]
MONDAY = next(monday for monday in _MONDAYS if monday.month == (monday + timedelta(3)).month)
TRACK = "loose-0"
_DAYS = "INSERT INTO token_day SELECT $1::date + n, 1, false, true FROM generate_series(0, 6) AS n"
_COUNTED = """
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT key, kind, $1::date + day, 1, slot, number
FROM (VALUES ('', 'site'), ('loose-0', 'track')) AS target (key, kind)
CROSS JOIN (VALUES (0, 0, 4), (0, 1, 6), (1, 0, 3), (2, 0, 9), (3, 0, 0)) AS counted (day, slot, number)
"""


class Seen:
    """The same pages through a public link and as the operator."""

    def __init__(self, looked: Looked) -> None:
        made = looked.service.command("share", "make", "label", "--url", looked.service.url).stdout
        found = re.search(r"/shared/[^/\s]+/", made)
        assert found
        self.operator = looked
        self._link = found.group()
        self._door = Door.at(looked.service.url)

    def text(self, path: str, *, status: int = 200) -> str:
        answer = ask(self._door, "GET", self._link + path)
        assert status == answer.status, answer.body.decode()
        return answer.body.decode()

    def table(self, path: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text(path), newline="")))


@pytest.fixture(scope="module")
def seen(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    url = postgres.new_database()
    fill_database(url, events=300, days=40)
    folder = tmp_path_factory.mktemp("hidden")
    with looking(folder, url, TONEARM_STATS__MIN_LISTENERS="5", TONEARM_PRIVACY__MODE="daily-salt") as looked:
        looked.query("DELETE FROM listener_count")
        looked.query("DELETE FROM token_day WHERE day < $1", TODAY)
        looked.query(
            "INSERT INTO token_day SELECT $1::date + n, 1, false, true FROM generate_series(0, 6) AS n", MONDAY
        )
        looked.query(_COUNTED, MONDAY)
        yield Seen(looked)


def days(first: int, last: int, step: str) -> str:
    """10, 3, 9 and 0 listeners were counted from the Monday on."""
    return f"range=custom&from={MONDAY + timedelta(first)}&to={MONDAY + timedelta(last)}&step={step}"


@pytest.mark.parametrize("step", ["week", "month"])
@pytest.mark.parametrize(("first", "last", "told"), [(0, 2, ""), (0, 1, ""), (1, 3, ""), (0, 0, "10"), (2, 3, "9")])
def test_a_step_with_a_day_below_the_minimum_has_no_sum(
    seen: Seen, first: int, last: int, told: str, step: str
) -> None:
    asked = days(first, last, step)
    steps = [row["listeners"] for row in seen.table(f"overview.csv?{asked}") if row["listeners"] != "0"]
    of_track = [row["listeners"] for row in seen.table(f"track.csv/{TRACK}?{asked}") if row["listeners"] != "0"]
    assert [told] == steps == of_track


def test_the_figures_of_a_range_with_a_day_below_the_minimum_have_no_sum(seen: Seen) -> None:
    assert "too few to be told on one of the days" in seen.text(f"?{days(0, 2, 'day')}")
    assert ">22<" not in seen.text(f"?{days(0, 2, 'day')}")
    assert ">9<" in seen.text(f"?{days(2, 3, 'day')}")
    assert ">22<" in seen.operator.text(f"?{days(0, 2, 'day')}")


def test_the_days_before_are_not_told_either(seen: Seen) -> None:
    """From Wednesday and Thursday, with the change against Monday and Tuesday, those would be known."""
    assert 'class="change' not in _listeners_figure(seen.text(f"?{days(2, 3, 'day')}"))


def _listeners_figure(page: str) -> str:
    return page.partition("<dt>Listeners by day, added up")[2].partition("</dl>")[0].partition("<dt>")[0]


def test_the_picture_tells_no_sum_either(seen: Seen) -> None:
    path = f"overview.svg?picture=listeners&{days(0, 3, 'week')}"
    assert "Listeners: not known" in seen.text(path)
    assert "22" not in re.findall(r">([^<]*listeners[^<]*)<", seen.text(path))
    assert "Listeners: 22" in seen.operator.text(path)


@pytest.mark.parametrize(("first", "last", "told"), [(0, 2, ""), (0, 0, "10"), (1, 1, ""), (2, 3, "9"), (3, 3, "0")])
def test_on_a_leaderboard_a_sum_with_a_day_below_the_minimum_is_not_told(
    seen: Seen, first: int, last: int, told: str
) -> None:
    asked = days(first, last, "day")
    assert [told] == [r["listenersByDay"] for r in seen.table(f"tracks.csv?{asked}") if r["key"] == TRACK]
    assert {"22"} == {
        r["listenersByDay"] for r in seen.operator.table(f"tracks.csv?{days(0, 3, 'day')}") if r["key"] == TRACK
    }
    assert "<td>22</td>" not in seen.text(f"tracks?q={TRACK}&{days(0, 3, 'day')}")


@pytest.mark.parametrize("page", ["tracks", "releases", "tracks.csv"])
def test_the_order_by_listeners_is_neither_offered_nor_answered(seen: Seen, page: str) -> None:
    assert "sort is" in seen.text(f"{page}?sort=listeners", status=400)
    assert "sort=listeners" not in seen.text(page)
    assert 200 == seen.operator.page(f"{page}?sort=listeners").status


def test_the_operator_is_offered_the_order_by_listeners(seen: Seen) -> None:
    assert "sort=listeners" in seen.operator.text("tracks")


def test_of_sums_added_up_the_day_with_the_fewest_decides() -> None:
    quiet, loud, none = ListenerSum(3, 3), ListenerSum(30, 9), ListenerSum()
    assert (None, 33, 30, 0) == (
        (quiet + loud).told(5),
        (quiet + loud).told(3),
        (loud + none).told(5),
        none.told(5),
    )
