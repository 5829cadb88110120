"""What the health page complains of, and of what it does not: canaries that do not arrive, clients that are all one."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from actors.networks import ENOUGH
from actors.processes import Process, summed
from actors.report import Report
from server.health import Health, as_json
from storage.vitals import Vitals

NOW = 1_795_000_000
VITALS = Vitals("18.0", 1, date(2026, 11, 21), None)


def report(worker: int = 0, **said: Any) -> Report:
    return Report(worker=worker, version="1", mode="off", started_at=NOW - 3600, **said)


def health(*reports: Report, vitals: Vitals | None = VITALS) -> Health:
    processes = [Process(f"{number}", one, 0.0, False, False) for number, one in enumerate(reports)]
    total = summed(reports)
    assert total is not None
    return Health(datetime.fromtimestamp(NOW, UTC), processes, total, vitals, False)


def troubles(*reports: Report) -> list[str]:
    return list(health(*reports).troubles())


STUCK: dict[str, Any] = {
    "canary_every_s": 300.0,
    "canary_overdue": True,
    "canary_trouble": "https://band.example answers 502.",
}


def test_an_overdue_canary_is_told_with_where_it_got_stuck() -> None:
    said = "No canary event has been counted for 14 minutes. https://band.example answers 502."
    assert [said] == troubles(report(**STUCK, canary_at=NOW - 14 * 60), report(1))


def test_one_that_was_never_seen_is_told_since_the_start() -> None:
    assert troubles(report(**STUCK))[0].startswith("No canary event has been counted for 60 minutes. ")


def test_machines_with_the_same_to_say_say_it_once() -> None:
    said = "No canary event has been counted for 20 minutes. https://band.example answers 502."
    assert [said] == troubles(report(**STUCK, canary_at=NOW - 900), report(**STUCK, canary_at=NOW - 1200))


def test_of_two_machines_the_one_whose_canary_is_overdue_speaks_for_all() -> None:
    total = health(report(canary_every_s=300.0, canary_at=NOW), report(**STUCK, canary_at=NOW - 900)).total
    assert (True, NOW - 900) == (total.canary_overdue, total.canary_at)


def test_a_worker_that_sends_none_does_not_speak_for_the_one_that_does() -> None:
    total = health(report(canary_every_s=300.0, canary_at=NOW, canary_s=0.5), report(1)).total
    assert (300.0, NOW, 0.5) == (total.canary_every_s, total.canary_at, total.canary_s)


def test_a_canary_that_arrives_is_no_trouble() -> None:
    assert [] == troubles(report(canary_every_s=300.0, canary_at=NOW, canary=12, received=12))


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("untold", ["by a proxy that does not say who sends them", "Let the proxy send X-Forwarded-For"]),
        ("unbelieved", ["X-Forwarded-For is not believed", "http.trusted_proxies", '"unix"']),
        ("address", ["from one network", "If a proxy or a load balancer stands in front", "all is well"]),
    ],
)
def test_events_that_all_come_from_one_network_are_told_with_what_to_mend(way: str, words: list[str]) -> None:
    [said] = troubles(report(networks=1, network_events=ENOUGH, network_way=way))
    assert said.startswith(f"All {ENOUGH} events of the last hour came ")
    assert all(one in said for one in words)


@pytest.mark.parametrize(("networks", "events"), [(0, 0), (1, ENOUGH - 1), (2, 10 * ENOUGH)])
def test_few_events_or_several_networks_are_no_trouble(networks: int, events: int) -> None:
    way = "untold" if networks == 1 else ""
    assert [] == troubles(report(networks=networks, network_events=events, network_way=way))


def test_a_later_versions_words_for_how_events_came_do_not_break_the_page() -> None:
    later = report(networks=1, network_events=1000, network_way="of the future", one_network=True)
    assert [] == troubles(later)


def test_programs_are_told_the_same() -> None:
    said = as_json(health(report(**STUCK), report(1, networks=1, network_events=ENOUGH, network_way="untold")))
    assert {"networks": 1, "events": ENOUGH, "oneNetwork": True, "way": "untold"} == said["clients"]
    expected = {"everyS": 300.0, "at": None, "tookS": None, "overdue": True, "trouble": STUCK["canary_trouble"]}
    assert expected == said["canary"]
    assert (False, 2) == (said["ok"], len(said["troubles"]))
    assert [STUCK["canary_trouble"], None] == [one["canary"]["trouble"] for one in said["processes"]]
