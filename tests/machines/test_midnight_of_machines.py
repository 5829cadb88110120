"""Midnight of the site with one machine cut off from the database: no old salt serves, and one closes the day."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.machines.postgres import Server
from tests.machines.site import BACK, DATABASE, Site, assert_one_at_a_time, site, waited
from tests.support.site_zone import SiteZone

pytestmark = [pytest.mark.full, pytest.mark.usefixtures("machines")]
LEADS_S = (25.0, 60.0, 150.0)  # to midnight; a machine that is too slow for one has another try
CLOSED_S = 180  # a minute until nothing of the day can come any more, and the housekeeper's round
BEFORE, WAITING, WITHOUT, AFTER = range(10), range(5, 15), range(10, 20), range(20, 27)  # who plays in which phase


class TooSlow(Exception):
    """Midnight came before everything was ready for it."""


def test_a_machine_cut_off_over_midnight_makes_no_token_and_the_day_is_closed_once(tmp_path: Path) -> None:
    for number, lead_s in enumerate(LEADS_S):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            with site(folder) as made:
                live_through(made, SiteZone(folder / "zones", midnight_in_s=lead_s))
            return
        except TooSlow:
            continue
    raise AssertionError("this machine is too slow for every midnight")


def live_through(site: Site, zone: SiteZone) -> None:
    database = site.primary()
    replicas = [site.replica(number, database.url(DATABASE), **zone.environment) for number in (1, 2, 3)]
    for replica in replicas:
        replica.ready()
    cut, *others = replicas
    for replica in replicas:
        assert {202} == {site.play(replica, listener, "tide") for listener in BEFORE}
    waited(lambda: cut.figures("home").get("listenersToday") == len(BEFORE), 20)
    cut.host.lose(BACK)
    assert {202} == {site.play(cut, listener, "tide") for listener in WAITING}
    if zone.left_s() < 0.5:
        raise TooSlow
    waited(lambda: zone.left_s() < -1, zone.left_s() + 5)

    waited(lambda: cut.metric("tonearm_salt_overdue") == 1, 10, what="the machine that is cut off has no salt")
    assert {202} == {site.play(cut, listener, "tide") for listener in WITHOUT}
    waited(lambda: all(replica.metric("tonearm_salt_overdue") == 0 for replica in others), 40, what="others have one")
    for replica in others:
        assert {202} == {site.play(replica, listener, "tide") for listener in AFTER}
    waited(lambda: others[0].metric("tonearm_events_pending") == 0, 20)

    cut.host.find(BACK)
    waited(lambda: cut.metric("tonearm_salt_overdue") == 0, 40, what="it has the others' salt")
    assert {202} == {site.play(cut, listener, "tide") for listener in AFTER}
    waited(lambda: all(replica.metric("tonearm_events_pending") == 0 for replica in replicas), 40)
    ending = zone.ending
    ended, begun = 3 * len(BEFORE) + len(WAITING), len(WITHOUT) + 3 * len(AFTER)
    plays = "SELECT day, sum(complete) FROM day_counter WHERE target_kind = 'site' GROUP BY 1 ORDER BY 1"
    days = [ending.isoformat(), (ending + timedelta(1)).isoformat()]
    assert [(days[0], str(ended)), (days[1], str(begun))] == database.rows(plays, DATABASE)
    assert [len({*BEFORE, *WAITING}), len(AFTER)] == listeners_by_day(database)

    waited(lambda: any(replica.times_said("a day is closed") for replica in replicas), CLOSED_S, what="it is closed")
    assert 1 == sum(replica.times_said("a day is closed") for replica in replicas)
    assert [len({*BEFORE, *WAITING}), len(AFTER)] == listeners_by_day(database)
    assert_one_at_a_time(replicas)
    replicas[0].command("check")


def listeners_by_day(database: Server) -> list[int]:
    """Of the site, each day's, those of earlier salts left out."""
    statement = """SELECT (SELECT sum(listeners) FROM listener_count c
                           WHERE target_kind = 'site' AND (c.day, c.generation) = (d.day, d.generation))
                   FROM token_day d ORDER BY day"""
    return [int(number) for (number,) in database.rows(statement, DATABASE)]
