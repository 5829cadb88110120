"""The bench of the dashboard's pages asks each of them; how long they take is not for a test."""

from pathlib import Path

import pytest

from bench import pages
from bench.fill import fill_database
from bench.rig import on_database
from storage.bridge import Connection


@pytest.mark.full
def test_each_page_is_asked_as_often_as_wanted_also_with_more_tracks(database_url: str, tmp_path: Path) -> None:
    fill_database(database_url, 2_000, 1, lambda _: None)
    on_database(database_url, lambda connection: pages.widen(connection, 30))
    found = pages.measure(database_url, tmp_path, 2)
    assert set(pages.PAGES) == set(found)
    assert {2} == {len(samples) for samples in found.values()}
    assert len(pages.PAGES) == pages.shown(found).row_count


def test_the_tracks_that_are_added_are_played_on_each_day(database_url: str) -> None:
    fill_database(database_url, 100, 1, lambda _: None)
    on_database(database_url, lambda connection: pages.widen(connection, 20))

    async def days(connection: Connection) -> list[int]:
        statement = """
            SELECT DISTINCT count(*) FROM day_counter
            WHERE target_key LIKE 'wide-%' AND target_kind = 'track' GROUP BY target_key
        """
        return [row[0] for row in await connection.fetch(statement)]

    assert [365] == on_database(database_url, days)
