"""Two replicas on machines of their own: one leads, what one is told both know, and a cut one is replaced."""

from pathlib import Path

from tests.machines.site import BACK, DATABASE, Site, assert_kept, assert_one_at_a_time, leads, note, waited


def test_the_leader_that_is_cut_off_from_the_database_is_replaced_and_nothing_is_lost(
    site: Site, tmp_path: Path
) -> None:
    database = site.primary()
    one = site.replica(1, database.url(DATABASE)).ready()
    two = site.replica(2, database.url(DATABASE)).ready()
    assert leads(one)
    assert not leads(two)

    # Told to one, known to both: a catalog, and another salt.
    catalog = tmp_path / "catalog.csv"
    catalog.write_text("track_key,track_title,release_key,release_title\nharbour,Harbour,ferry,Night Ferry\n")
    one.command("catalog", "load", str(catalog))
    one.command("salt", "rotate")
    for listener in (0, 1):
        assert [202, 202] == [site.play(replica, listener, "harbour") for replica in (one, two)]
    waited(lambda: two.figures("release/ferry").get("totalPlays") == 4, 20)
    assert (2, True) == (two.figures("home")["listenersToday"], two.figures("home")["listenersTodayPartial"])

    with site.crowd([(one.address, 8081), (two.address, 8081)]) as crowd:
        waited(lambda: crowd.promised > 20, 20)
        one.host.lose(BACK)
        until_led = waited(lambda: leads(two), 30, what="another leader")
        assert not leads(one) or one.metric("tonearm_events_pending") > 0
        before = one.metric("tonearm_events_pending")
        waited(lambda: one.metric("tonearm_events_pending") > before > 0, 20, what="events in its spool")
        one.host.find(BACK)
        until_counted = waited(lambda: one.metric("tonearm_events_pending") < 5, 40, what="its spool counted")
        tally = crowd.end()
    waited(lambda: one.metric("tonearm_events_pending") + two.metric("tonearm_events_pending") == 0, 20)
    tally["listeners"] = {**tally["listeners"], "harbour": [0, 1]}
    assert_kept(tally, database)
    assert {"202"} == tally["answers"].keys()
    assert_one_at_a_time([one, two])
    note(tmp_path, until_led=until_led, until_counted=until_counted)
