"""docs/scale.md: its arithmetic, and that its figures are those last measured."""

from xml.etree import ElementTree

import pytest

from bench.scale import page, picture
from bench.scale.__main__ import documents
from bench.scale.arithmetic import Need, Sets, hll_error, lasting, plain, rate, served, servers, size
from bench.shards import cut
from bench.shards.__main__ import read
from bench.shards.measure import PLAIN, WAYS
from server import opening
from server.config import Spool
from storage.bridge import database
from storage.cursor import SLOTS
from tests.support.blocks import DOCS

PAGE = (DOCS / "scale.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["scale.md", "scale.svg"])
def test_the_page_says_what_was_measured_last(name: str) -> None:
    assert documents()[name] == (DOCS / name).read_text("utf-8"), "run `python -m bench.scale --write-docs`"


def test_a_million_plays_a_day_by_hand() -> None:
    need = Need(970_000)
    assert (1_000_000, 11.574, 115.74) == (need.events, round(need.mean, 3), round(need.peak, 2))


def test_what_a_rate_serves_needs_that_rate() -> None:
    assert 8_731 == pytest.approx(served(8_731).peak)


def test_rows_of_the_sets_grow_with_listeners() -> None:
    assert (26_000_000, 520) == (Sets(1_000_000).rows, Sets(1_000_000).rewriting_s)


def test_servers_share_the_events_and_each_gets_its_parts() -> None:
    need = served(1_000_000)
    assert 5 == servers(need, event_us=20, parts=0, part_ms=1, cores=4)
    assert 10 == servers(need, event_us=20, parts=2_000, part_ms=1, cores=4)
    with pytest.raises(ValueError, match="nothing but parts"):
        servers(need, event_us=20, parts=4_000, part_ms=1, cores=4)


def test_four_times_the_registers_are_half_the_error() -> None:
    assert hll_error(2048) == pytest.approx(2 * hll_error(8192))
    assert 0.0230 == round(hll_error(2048), 4)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (rate(0.0119), "0.012"),
        (rate(1.19), "1.2"),
        (rate(8731.4), "8,731"),
        (plain(260_000), "260,000"),
        (plain(1_000_000), "1 million"),
        (plain(7.3e10), "73 billion"),
        (size(0.4), "0.4 MiB"),
        (size(2048), "2.0 GiB"),
        (size(5 * 2**20), "5.0 TiB"),
        (lasting(5.2), "5.2 s"),
        (lasting(520), "8.7 minutes"),
        (lasting(52_000), "14 hours"),
    ],
)
def test_figures_are_told_shortly(told: str, words: str) -> None:
    assert words == told


def test_the_picture_is_well_formed_and_keeps_every_bar_inside() -> None:
    root = ElementTree.fromstring(picture.drawn(page.needs(), {"1 x": 8_731.0, "1,000 x": 8_731_000.0}))
    width = float(root.attrib["viewBox"].split()[2])
    bars = [bar.attrib for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("class") == "need"]
    assert len(page.PLAYS) == len(bars)
    assert all(0 <= float(bar["x"]) and float(bar["x"]) + float(bar["width"]) <= width for bar in bars)


def test_a_cut_batch_is_the_whole_batch_and_a_target_is_in_one_part() -> None:
    [whole] = cut.made(1, 500, 1)
    parts = cut.cut(whole, 4)
    assert sorted(whole.plays, key=repr) == sorted((row for part in parts for row in part.plays), key=repr)
    assert sorted(whole.shares) == sorted(row for part in parts for row in part.shares)
    assert whole.listeners == {pair: hour for part in parts for pair, hour in part.listeners.items()}
    assert cut.rows(whole) == sum(map(cut.rows, parts))
    homes = [{target.key for target, _ in part.daily} | {row.track_key for row in part.plays} for part in parts]
    assert sum(map(len, homes)) == len(set().union(*homes))
    assert all(homes)


def test_every_way_was_measured_beside_one_transaction_in_every_round() -> None:
    kept = read()
    assert set(WAYS) == {arm.way for arm in kept.arms}
    assert {kept.rounds} == {len(arm.costs) for arm in kept.arms} | {len(one.rates) for one in kept.writers}
    assert {arm.events for arm in kept.arms} == {arm.events for arm in kept.arms if arm.way == PLAIN}


def test_on_the_measured_cores_more_writers_add_little() -> None:
    rates = {(one.writers, one.own_slots): sorted(one.rates)[len(one.rates) // 2] for one in read().writers}
    assert all(0.5 < rate / rates[1, True] < 1.5 for rate in rates.values())


def test_what_the_page_takes_from_the_service_is_so() -> None:
    assert f"It is one row in each of {SLOTS} slots" in PAGE
    assert f"hold at most {opening.CONNECTIONS}, or five each" in PAGE
    assert 5 == opening.FEWEST_CONNECTIONS
    assert opening.CONNECTIONS // 4 >= opening.FEWEST_CONNECTIONS > opening.CONNECTIONS // 5
    assert 1024 == Spool().max_mib  # "a gibibyte"
    assert 6 * 3600 == database._LONG_S  # "six hours"
    assert "for 100 s with five million" in (DOCS / "operate.md").read_text("utf-8")
    assert "of five million 13 s" in (DOCS / "data-life.md").read_text("utf-8")
