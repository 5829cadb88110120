"""The simulation errs where it must and nowhere else, and the page says what it found."""

from dataclasses import asdict, replace

import pytest

from bench.accuracy import results
from bench.accuracy.__main__ import DOCS, documents
from bench.accuracy.assumptions import ASSUMPTIONS, MIX
from bench.accuracy.counts import Errors, simulated
from bench.accuracy.people import World, plays
from bench.accuracy.scenarios import MIXED, RUNS

SMALL = World(people=200)


def errors(world: World) -> Errors:
    return simulated(world, seed=4)


def stored() -> results.Results:
    return results.read((DOCS / "accuracy.json").read_text("utf-8"))


def test_one_browser_on_its_own_address_is_counted_exactly() -> None:
    assert Errors(0.0, 0.0, 0.0, 0.0) == errors(SMALL)


def test_many_behind_one_address_are_too_few_a_day_and_right_by_their_ids() -> None:
    found = errors(replace(SMALL, nat=1.0, nat_same_agent=1.0))
    assert (0.0, 0.0) == (found.listeners, found.track)
    assert found.today < -0.5
    assert found.today == found.today_whole


def test_a_carriers_shared_address_is_too_few_a_day_and_fewer_the_more_share_it() -> None:
    some = errors(replace(SMALL, carrier=1.0, carrier_size=4))
    many = errors(replace(SMALL, carrier=1.0, carrier_size=16))
    assert many.today < some.today < 0.0
    assert 0.0 == some.listeners == many.listeners


def test_two_listeners_in_one_home_are_too_few_where_they_send_the_same_user_agent() -> None:
    found = errors(replace(SMALL, housemate=1.0, commonest_agent=0.9))
    assert found.today < -0.05
    assert 0.0 == found.listeners


def test_an_ipv4_that_changes_is_too_many_a_day_with_the_rule_and_without() -> None:
    found = errors(replace(SMALL, mobile=1.0))
    assert found.today > 0.1
    assert found.today == found.today_whole
    assert 0.0 == found.listeners


def test_addresses_that_rotate_in_their_64_are_too_many_without_the_rule_only() -> None:
    found = errors(replace(SMALL, ipv6=1.0))
    assert (0.0, 0.0) == (found.listeners, found.today)
    assert found.today_whole > 0.05


def test_a_school_in_one_64_is_too_few_with_the_rule_only() -> None:
    found = errors(replace(SMALL, nat=1.0, nat_ipv6=1.0, nat_same_agent=1.0))
    assert found.today < -0.5
    assert found.today_whole > 0.0


@pytest.mark.parametrize("cause", [{"storage_cap": 1.0}, {"clears_a_week": 0.5}, {"incognito": 0.5}])
def test_ids_that_are_lost_are_too_many_listeners_and_right_by_the_day(cause: dict[str, float]) -> None:
    found = errors(replace(SMALL, **cause))  # type: ignore[arg-type]  # the fields named are floats
    assert found.listeners > 0.2
    assert found.listeners > found.track > 0.0
    assert (0.0, 0.0) == (found.today, found.today_whole)


def test_listeners_err_more_the_longer_one_counts() -> None:
    week, month = (errors(replace(SMALL, storage_cap=1.0, incognito=0.1, days=days)).listeners for days in (7, 28))
    assert 0.0 < week < month / 2


def test_another_device_is_another_listener_all_time_and_seldom_on_one_day() -> None:
    found = errors(replace(SMALL, second_device=1.0))
    assert found.listeners > 0.5
    assert 0.0 < found.today < found.listeners / 2


def test_a_browser_updated_within_a_day_is_too_many_that_day_only() -> None:
    found = errors(replace(SMALL, update_days=0.5))
    assert found.today > 0.02
    assert 0.0 == found.listeners


def test_a_sitting_across_midnight_counts_on_both_days() -> None:
    found = errors(replace(SMALL, night=1.0))
    assert found.today > 0.3
    assert 0.0 == found.listeners


def test_the_evening_of_a_listener_in_the_west_is_the_sites_next_day() -> None:
    world = replace(SMALL, abroad=1.0, abroad_hours=6)
    assert {0, 1} == {play.day - play.own_day for play in plays(world, seed=4)}
    assert {0} == {play.day - play.own_day for play in plays(SMALL, seed=4)}
    assert 0.0 != errors(world).today
    assert 0.0 == errors(world).listeners


def test_who_objects_is_in_no_count() -> None:
    assert Errors(-1.0, -1.0, -1.0, -1.0) == errors(replace(SMALL, objects=1.0))
    assert -0.65 < errors(replace(SMALL, objects=0.5)).listeners < -0.35


def test_a_seed_gives_the_same_again_and_another_seed_another() -> None:
    world = replace(MIX, people=100)
    assert simulated(world, 1) == simulated(world, 1) != simulated(world, 2)


def test_every_assumption_is_a_field_of_the_world_between_its_ends() -> None:
    assert {"people", "days"} == asdict(World()).keys() - {one.field for one in ASSUMPTIONS}
    assert [] == [one.label for one in ASSUMPTIONS if not one.low < one.middle < one.high]


def test_the_page_and_the_picture_are_those_of_the_figures() -> None:
    for name, text in documents(stored()).items():
        assert text == (DOCS / name).read_text("utf-8"), f"make accuracy writes docs/{name} anew"


def test_the_figures_are_those_of_these_worlds() -> None:
    assert {name: asdict(world) for name, world in RUNS.items()} == {name: one.world for name, one in stored().items()}


def test_the_figures_are_what_the_simulation_gives(full: bool) -> None:
    # In the mix everything happens, so in short it stands for all runs.
    for name, world in RUNS.items() if full else [(MIXED, MIX)]:
        assert results.run(world, seeds=results.SEEDS[:1]).errors == stored()[name].errors[:1], name
