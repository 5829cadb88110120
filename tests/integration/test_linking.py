"""The attacker finds what is there to be found, and nothing where there is nothing; the page says what it found."""

import json
from pathlib import Path
from random import Random

import pytest

from bench.linking.__main__ import DOCS, LEVELS, page
from bench.linking.attacker import Row, linked
from bench.linking.database import stolen


async def test_lone_listeners_of_quiet_hours_are_linked_in_a_real_database(database_url: str, tmp_path: Path) -> None:
    taken = await stolen(database_url, tmp_path, 1, 60, Random(1))
    found = linked(taken.log, taken.truth, Random(1))
    assert found.tried > 30
    assert found.chance < 0.6
    assert found.right > found.chance + 0.2
    assert {row.name for row in taken.tokens} <= taken.truth.keys()
    assert len(taken.tokens) == len({(row.track, row.name) for row in taken.log})


def names(listeners: int, tracks: int) -> dict[tuple[int, int], bytes]:
    everybody = [(who, track) for who in range(listeners) for track in range(tracks)]
    return {(who, track): Random(who * tracks + track).randbytes(16) for who, track in everybody}


def test_rows_whose_order_says_nothing_are_linked_no_better_than_by_chance() -> None:
    of, random = names(60, 4), Random(2)
    rows = [Row(0, random.randrange(10_000), track, name) for (_, track), name in of.items() for _ in range(3)]
    found = linked(rows, {name: who for (who, _), name in of.items()}, random)
    assert 1 / 60 == pytest.approx(found.chance)
    assert found.right < 0.1


def test_a_listener_alone_in_each_hour_is_always_linked() -> None:
    of = names(20, 2)
    rows = [Row(who, 100 * who + track, track, name) for (who, track), name in of.items()]
    assert 1.0 == linked(rows, {name: who for (who, _), name in of.items()}, Random(3)).right


def test_the_page_is_that_of_the_figures() -> None:
    figures = json.loads((DOCS / "linking.json").read_text("utf-8"))
    assert page(figures) == (DOCS / "linking.md").read_text("utf-8")
    assert [str(level) for level in LEVELS] == list(figures)
