"""The database the bench compares with is one that a service could have written."""

from datetime import date

import pytest
import trio

from bench import fill
from storage.bridge import Address, open_database
from storage.check import check
from storage.migrate import migrate, migrations
from tests.support.postgres import Postgres, rows

EVENTS = 3_000
TODAY = date(2026, 3, 1)
SUMS = """
SELECT target_kind, target_key, sum(listeners)::bigint, sum(complete)::bigint
FROM play_counter GROUP BY 1, 2 ORDER BY 1, 2
"""


@pytest.mark.full
def test_every_counter_agrees_with_the_log_and_a_seed_gives_the_same_again(postgres: Postgres) -> None:
    first, again, other = [filled(postgres.new_database(), seed) for seed in (7, 7, 8)]
    assert first == again
    assert first != other


def filled(url: str, seed: int) -> list[tuple[object, ...]]:
    async def fill_and_check() -> list[tuple[object, ...]]:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(migrate, migrations())
            await database.run(fill.fill, EVENTS, seed, TODAY, lambda _: None)
            report = await database.transaction(check)
            assert (EVENTS, ()) == (report.plays + report.shares, report.differences)
            return await rows(database, SUMS)

    return trio.run(fill_and_check)
