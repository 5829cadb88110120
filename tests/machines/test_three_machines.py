"""Three replicas, a proxy, a database and its synchronous standby, each on a machine of its own, through a bad day."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.machines.postgres import Server
from tests.machines.site import (
    BACK,
    DATABASE,
    FRONT,
    LISTENERS,
    Replica,
    Site,
    assert_kept,
    assert_one_at_a_time,
    leads,
    note,
    waited,
)
from tests.machines.site import listeners as listeners_of
from tests.support import nginx

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(nginx.PROGRAM is None, reason="there is no nginx on this machine"),
]
ISLAND = "island"
EVERYBODY = "everybody"  # a track


def everybody_plays(site: Site, *replicas: Replica) -> None:
    """Each listener once on each of these machines: with another salt on one of them there were more tokens."""
    for replica in replicas:
        for listener in range(len(LISTENERS)):
            assert 202 == site.play(replica, listener, EVERYBODY)


def one_that_leads(site: Site) -> Replica:
    leaders = [replica for replica in site.replicas if leads(replica)]
    assert 1 == len(leaders), [replica.name for replica in leaders]
    return leaders[0]


def sessions_that_hold_the_lock(server: Server) -> int:
    return int(server.ask("SELECT count(*) FROM pg_locks WHERE objid = 748309121 AND granted"))


def all_counted(site: Site) -> bool:
    return all(replica.metric("tonearm_events_pending") == 0 for replica in site.replicas)


def test_counts_listeners_and_salts_are_right_through_cuts_a_kill_and_a_failover(site: Site, tmp_path: Path) -> None:
    first = site.primary("db1", 21)
    second = site.database("db2", 22)
    second.follow(first)
    first.wait_for(second)
    url = first.url(DATABASE).replace(first.address, f"{first.address},{second.address}")
    for number in (1, 2, 3):
        site.replica(number, url)
    for replica in site.replicas:
        replica.ready()
    door = site.proxy()
    measured = {}

    with site.crowd([door]) as crowd:
        everybody_plays(site, *site.replicas)
        waited(lambda: one_that_leads(site).figures(f"track/{EVERYBODY}").get("totalPlays") == 120, 30)
        for replica in site.replicas:
            assert len(LISTENERS) == replica.figures(f"track/{EVERYBODY}")["listenersToday"]

        # The leader loses the database without being told: what it takes waits, and another one leads.
        cut = one_that_leads(site)
        others = [replica for replica in site.replicas if replica is not cut]
        cut.host.lose(BACK)
        measured["another leads after"] = waited(lambda: any(map(leads, others)), 30, what="another leader")
        waited(lambda: cut.metric("tonearm_events_pending") > 10, 30, what="events in its spool")
        cut.host.find(BACK)
        measured["a cut machine counts after"] = waited(lambda: cut.metric("tonearm_events_pending") < 5, 40)
        waited(lambda: not leads(cut), 20)

        # Another one's cables are pulled, both of them.
        pulled = others[0]
        for switch in (FRONT, BACK):
            pulled.host.pull(switch)
        promised = crowd.promised
        waited(lambda: crowd.promised > promised + 100, 60, what="the others take events")
        for switch in (FRONT, BACK):
            pulled.host.put_back(switch)
        before = pulled.metric("tonearm_events_received_total")
        waited(lambda: pulled.metric("tonearm_events_received_total") > before + 5, 40, what="it takes events again")

        # The third is killed, and started again on what it had.
        killed = others[1]
        killed.kill()
        promised = crowd.promised
        waited(lambda: crowd.promised > promised + 50, 60)
        killed.begin().ready()
        waited(lambda: killed.metric("tonearm_events_received_total") > 5, 40)
        waited(lambda: sum(map(leads, site.replicas)) == 1, 30, what="one leader")

        assert_one_at_a_time(site.replicas)
        fail_over(site, first, second, measured)

        everybody_plays(site, *site.replicas)
        tally = crowd.end()
    waited(lambda: all_counted(site), 60)
    assert_kept(tally, second)
    assert 6 * len(LISTENERS) == site.replicas[0].figures(f"track/{EVERYBODY}")["totalPlays"]
    assert len(LISTENERS) == listeners_of(second)[EVERYBODY]
    for replica in site.replicas:  # the day began again with the failover, and all make the same tokens since
        found = replica.figures(f"track/{EVERYBODY}")
        assert (len(LISTENERS), True) == (found["listenersToday"], found["listenersTodayPartial"])
        assert replica.service.process.poll() is None
    site.replicas[0].command("check")  # which fails where anything differs
    assert 1 == sum(map(leads, site.replicas)) == sessions_that_hold_the_lock(second)
    note(tmp_path, **measured, **{f"answered {status}": number for status, number in tally["answers"].items()})


def fail_over(site: Site, first: Server, second: Server, measured: dict[str, float]) -> None:
    """The network falls apart: the leader and the primary are on an island, and the standby is promoted."""
    lonely = one_that_leads(site)
    others = [replica for replica in site.replicas if replica is not lonely]
    site.network.switch(ISLAND)
    for host in (first.host, lonely.host):
        host.find(BACK, instead=ISLAND)
    second.promote()
    began = time.monotonic()
    before = [replica.metric("tonearm_events_counted_total") for replica in others]
    for replica, number in zip(others, before, strict=True):
        waited(lambda r=replica, n=number: r.metric("tonearm_events_counted_total") > n, 60, what="counting")
    measured["counting goes on after"] = time.monotonic() - began
    waited(lambda: any(map(leads, others)), 30, what="a leader on the side of the new primary")
    measured["a leader there after"] = time.monotonic() - began

    # The old primary lives, and its replica can talk to it. Neither can commit anything.
    stuck = lonely.metric("tonearm_events_counted_total")
    waiting = lonely.metric("tonearm_events_pending")
    with pytest.raises(subprocess.TimeoutExpired):
        first.ask("CREATE TABLE of_the_island ()", DATABASE, within_s=5)
    waited(lambda: lonely.metric("tonearm_events_pending") > waiting + 10, 40)
    assert stuck == lonely.metric("tonearm_events_counted_total")

    # It is fenced, the network is whole again.
    first.kill()
    lonely.host.find(BACK)
    measured["the island counts after"] = waited(lambda: lonely.metric("tonearm_events_pending") < 5, 60)
    waited(lambda: all(replica.metric("tonearm_salt_overdue") == 0 for replica in site.replicas), 60)
    waited(lambda: sum(map(leads, site.replicas)) == 1, 30, what="one leader")
