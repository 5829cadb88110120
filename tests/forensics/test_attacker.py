"""The attacker finds what is there to be found and nothing where there is nothing; the page says what it found."""

import json
from pathlib import Path
from random import Random

import pytest

from bench.linking.__main__ import DOCS, LEVELS, attacked, page
from bench.linking.attacker import Row, linked
from bench.linking.beginnings import Beginnings, SetRow
from bench.linking.database import stolen
from bench.linking.forgetting import Forgotten, LoggedPlay, Remains, linked_plays

RELEASES = {"a": "one", "b": "one", "c": "two"}


@pytest.mark.full
async def test_quiet_hours_give_new_listeners_away_for_three_days_and_no_longer(
    database_url: str, tmp_path: Path
) -> None:
    """Chance is about one in ten."""
    taken = await stolen(database_url, tmp_path, 1, 144, Random(5), day_h=24)
    found = attacked(taken)
    for attack in ("sets, lately", "day"):
        assert found[attack]["tried"] > 50
        assert found[attack]["right"] > found[attack]["chance"] + 0.2
    assert found["sets, long ago"]["tried"] > 50
    assert found["sets, long ago"]["right"] < found["sets, long ago"]["chance"] + 0.1


@pytest.mark.full
async def test_a_busy_hours_crowd_hides_its_listeners(database_url: str, tmp_path: Path) -> None:
    taken = await stolen(database_url, tmp_path, 400, 1, Random(6))
    found = attacked(taken)
    for attack in ("sets, today", "dump", "day"):
        assert found[attack]["tried"] > 200
        assert found[attack]["right"] < 0.25


async def test_options_share_no_name_and_days_share_no_token(database_url: str, tmp_path: Path) -> None:
    taken = await stolen(database_url, tmp_path, 2, 12, Random(7), day_h=4)
    pseudonyms, tokens = {row.name for row in taken.listeners}, {row.name for row in taken.tokens}
    assert not pseudonyms & tokens
    assert pseudonyms | tokens <= taken.truth.keys()
    assert len(tokens) == len(taken.tokens)
    assert 3 == len({row.track // 24 for row in taken.tokens})


async def test_forgetting_is_seen_in_deleted_rows_until_the_sets_are_written_anew(
    database_url: str, tmp_path: Path
) -> None:
    taken = await stolen(database_url, tmp_path, 100, 2, Random(9))
    found, forgotten = attacked(taken), taken.forgotten
    assert len(forgotten.at_once.deleted) > 100
    assert found["forgotten, at once"]["tried"] > 300
    assert found["forgotten, at once"]["right"] > 0.6
    assert ((), 0) == (tuple(forgotten.after.deleted), forgotten.bytes_left)
    assert found["forgotten, after"]["right"] <= found["anybody"]["right"] + 0.02


def test_a_play_whose_listeners_are_all_known_is_left_out() -> None:
    """Of two plays that are as near, one is somebody's who is still in the set."""
    log = [LoggedPlay(1, 10, 0), LoggedPlay(0, 9, 1), LoggedPlay(2, 11, 1)]
    whose = {(10, 0): frozenset({7}), (9, 1): frozenset({8}), (11, 1): frozenset({7})}
    remains = Remains((), {(0, 1): 1})
    taken = Forgotten(log, whose, frozenset({7}), remains, remains, 0)
    assert 1.0 == linked_plays(taken, remains, Random(1)).right
    assert 0.5 == linked_plays(taken, Remains((), {}), Random(1)).right


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


def test_listeners_who_meet_again_and_again_are_told_from_a_crowd_they_are_once_in() -> None:
    """The intersection: each visit is hidden among nine others, but it is always other ones."""
    random, truth, rows = Random(8), {}, []
    for who in range(100):
        for track in range(2):
            truth[random.randbytes(16)] = 2 * who + track
    names = {number: name for name, number in truth.items()}
    for visit in range(6):
        order = random.sample(range(100), 100)
        for turn, who in enumerate(order):
            rows += [Row(visit, 100 * (turn // 10) + track, track, names[2 * who + track]) for track in range(2)]
    once = linked([row for row in rows if row.hour == 0], {name: n // 2 for name, n in truth.items()}, Random(1))
    often = linked(rows, {name: number // 2 for name, number in truth.items()}, Random(1))
    assert once.right < 0.4
    assert often.right > 0.9


def rows_of(place: int, *rows: tuple[str, str, bytes]) -> list[SetRow]:
    return [SetRow(place, kind, key, name) for kind, key, name in rows]


FIRST = rows_of(1, ("track", "a", b"anna-a"), ("release", "one", b""), ("site", "", b""))
SECOND = rows_of(2, ("track", "b", b"bert-b"), ("release", "one", b""), ("site", "", b""))


@pytest.mark.parametrize(
    ("third", "excluded"),
    [
        (rows_of(3, ("track", "c", b"?"), ("release", "two", b""), ("site", "", b"")), {b"anna-a", b"bert-b"}),
        (rows_of(3, ("track", "c", b"?"), ("release", "two", b"")), set()),
        (rows_of(3, ("track", "b", b"?")), set()),
        (rows_of(3, ("track", "b", b"?"), ("release", "one", b"")), {b"anna-a", b"bert-b"}),
        (rows_of(3, ("track", "c", b"?"), ("track", "a", b"!"), ("release", "two", b""), ("site", "", b"")), set()),
    ],
    ids=["a newcomer", "new to the release", "known to the release", "new to a known release", "one of two is new"],
)
def test_who_is_new_is_nobody_who_was_there_before(third: list[SetRow], excluded: set[bytes]) -> None:
    beginnings = Beginnings([*FIRST, *SECOND, *third], RELEASES)
    assert excluded == {name for name in (b"anna-a", b"bert-b") if beginnings.exclude(b"?", name)}
    assert beginnings.exclude(b"anna-a", b"bert-b")


def test_the_page_is_that_of_the_figures() -> None:
    figures = json.loads((DOCS / "linking.json").read_text("utf-8"))
    assert page(figures) == (DOCS / "linking.md").read_text("utf-8")
    assert [str(level) for level in LEVELS] == list(figures)
