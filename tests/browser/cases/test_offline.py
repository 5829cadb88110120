"""Offline: what was played and shared waits, goes out when the network is back, and counts once."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.cases.listener import Listener, listening
from tests.browser.tracker_site import Site, plays

pytestmark = pytest.mark.chromium


def online_once(listener: Listener) -> Page:
    """A page that has learned the privacy mode, as one learns it with the first sound."""
    page = listener.open()
    listener.play(page, 0.1)
    page.wait_for_function("import('/tonearm.js').then(({ status }) => status()).then(({ mode }) => mode)")
    page.evaluate("a.pause(); a.currentTime = 0")
    return page


def share(page: Page, target: str = "track:a") -> Any:
    return page.evaluate("(target) => import('/tonearm.js').then(({ share }) => share(target, 'link'))", target)


def test_what_is_heard_and_shared_offline_goes_out_once_when_the_network_is_back(
    listener: Listener, site: Site
) -> None:
    page = online_once(listener)
    listener.context.set_offline(True)
    listener.play(page, 4)
    page.wait_for_function("a.ended")
    assert "sent" == share(page)
    assert ["play", "share"] == sorted(waiting["path"] for waiting in listener.waiting(page))
    assert [] == site.events
    listener.context.set_offline(False)
    events = dict(site.wait_for(2))
    assert ("a", "complete") == (events["/api/event/play"]["trackEntryKey"], events["/api/event/play"]["bucket"])
    assert ("a", "link") == (events["/api/event/share"]["targetKey"], events["/api/event/share"]["channel"])
    assert 2 == len({event["eventId"] for event in events.values()})
    assert listener.kept(page)["tonearm.listener"] == events["/api/event/play"]["anonId"]
    assert "anonId" not in events["/api/event/share"]
    page.wait_for_function("Object.keys(localStorage).join() === 'tonearm.listener'")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert 2 == len(site.events)


@pytest.mark.full
def test_a_page_closed_offline_is_counted_by_the_next_visit(listener: Listener, site: Site) -> None:
    page = online_once(listener)
    other = listener.open("/elsewhere")
    listener.context.set_offline(True)
    listener.play(page, 1.5)
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    other.wait_for_function("Object.values(localStorage).some((value) => value.includes('sampled'))")
    listener.context.set_offline(False)
    assert [] == site.events
    listener.open()
    [(_, play)] = site.wait_for(1)
    assert ("a", "sampled") == (play["trackEntryKey"], play["bucket"])
    assert play["eventId"]


@pytest.mark.full
def test_several_plays_made_offline_are_each_counted(listener: Listener, site: Site) -> None:
    page = online_once(listener)
    listener.context.set_offline(True)
    for _ in range(3):
        page.evaluate("a.currentTime = 3.5")
        listener.play(page, 3.7)
        page.wait_for_function("a.ended")
    listener.context.set_offline(False)
    assert [("a", "complete")] * 3 == plays(site.wait_for(3))
    assert 3 == len({play["eventId"] for _, play in site.events})


@pytest.mark.full
def test_what_the_service_cannot_take_yet_is_sent_again_with_the_same_id(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the answers
        page = online_once(listener)
        listener.context.set_offline(True)
        page.evaluate("a.currentTime = 3.5")
        listener.play(page, 3.7)
        page.wait_for_function("a.ended")
        site.status = 503
        listener.context.set_offline(False)
        site.wait_for(1)
        assert 1 == len(listener.waiting(page))
        site.status = 202
        page.evaluate("dispatchEvent(new Event('online'))")
        site.wait_for(2)
        page.wait_for_function("Object.keys(localStorage).join() === 'tonearm.listener'")
    assert 1 == len({play["eventId"] for _, play in site.events})


@pytest.mark.full
@pytest.mark.parametrize("mode", ["daily-salt", "off"])
def test_where_the_mode_keeps_nothing_in_the_browser_what_waits_waits_in_the_page(
    listener: Listener, site: Site, mode: str
) -> None:
    site.mode = mode
    page = online_once(listener)
    listener.context.set_offline(True)
    listener.play(page, 4)
    page.wait_for_function("a.ended")
    share(page)
    assert {} == listener.kept(page)
    listener.context.set_offline(False)
    assert ["/api/event/play", "/api/event/share"] == sorted(path for path, _ in site.wait_for(2))
    assert {} == listener.kept(page)


@pytest.mark.full
def test_under_global_privacy_control_what_waits_waits_in_the_page(listener: Listener, site: Site) -> None:
    listener.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    page = listener.open()
    listener.play(page, 0.1)
    page.wait_for_function("import('/tonearm.js').then(({ status }) => status()).then(({ refused }) => refused)")
    listener.context.set_offline(True)
    page.wait_for_function("a.ended")
    assert {} == listener.kept(page)
    listener.context.set_offline(False)
    [(_, play)] = site.wait_for(1)
    assert "anonId" not in play
    assert {} == listener.kept(page)


@pytest.mark.full
def test_an_opt_out_takes_what_waits_out_of_the_browser_and_sends_it_without_an_id(
    listener: Listener, site: Site
) -> None:
    page = online_once(listener)
    listener.play(page, 4)
    site.wait_for(1)
    listener.context.set_offline(True)
    share(page)
    page.evaluate("a.currentTime = 3.5")
    listener.play(page, 3.7)
    page.wait_for_function("a.ended")
    assert 2 == len(listener.waiting(page))
    page.evaluate("window.forgotten = import('/tonearm.js').then(({ optOut }) => optOut())")
    page.wait_for_function("Object.keys(localStorage).join() === 'tonearm.optOut'")
    assert False is page.evaluate("forgotten")
    listener.context.set_offline(False)
    events = site.wait_for(4)[1:]
    assert ["/api/event/forget", "/api/event/play", "/api/event/share"] == sorted(path for path, _ in events)
    [play] = [event for path, event in events if path == "/api/event/play"]
    assert (True, None) == (play["optOut"], play.get("anonId"))
    [forget] = [event for path, event in events if path == "/api/event/forget"]
    assert site.events[0][1]["anonId"] == forget["anonId"]
    assert {"tonearm.optOut": "1"} == listener.kept(page)


@pytest.mark.full
@pytest.mark.parametrize("status", [429, 503])
def test_an_opt_out_that_the_service_could_not_take_is_said_and_made_good(
    chromium: Browser, site: Site, status: int
) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the answers
        listener.context.clock.install()
        page = listener.open()
        page.evaluate("a.play()")
        page.wait_for_function("a.ended")
        site.wait_for(1)
        site.status = status
        assert False is page.evaluate("import('/tonearm.js').then(({ optOut }) => optOut())")
        site.status = 202
        listener.context.clock.fast_forward("02:00")
        assert ["/api/event/forget"] * 2 == [path for path, _ in site.wait_for(3)[1:]]
        assert {"tonearm.optOut": "1"} == listener.kept(page)


@pytest.mark.full
def test_an_opt_out_that_is_said_twice_or_refused_is_not_said_to_be_done(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the answer
        page = online_once(listener)
        listener.play(page, 4)
        site.wait_for(1)
        listener.context.set_offline(True)
        out = "import('/tonearm.js').then(({ optOut }) => optOut())"
        assert [False, False] == [page.evaluate(out), page.evaluate(out)]
        site.status = 403
        listener.context.set_offline(False)
        site.wait_for(2)
        assert False is page.evaluate(out)


@pytest.mark.full
def test_an_opt_out_with_a_full_outbox_reaches_the_service(listener: Listener, site: Site) -> None:
    page = online_once(listener)
    listener.play(page, 4)
    site.wait_for(1)
    listener.context.set_offline(True)
    page.evaluate("""async () => {
        const { share } = await import("/tonearm.js");
        for (let i = 0; i < 120; i += 1) await share(`track:${i}`, "link");
    }""")
    assert False is page.evaluate("import('/tonearm.js').then(({ optOut }) => optOut())")
    listener.context.set_offline(False)
    paths = [path for path, _ in site.wait_for(102)]
    assert ("/api/event/share", 100) == (paths[1], paths.count("/api/event/share"))
    assert 1 == paths.count("/api/event/forget")


@pytest.mark.full
def test_an_opt_out_that_the_service_took_answers_so(listener: Listener, site: Site) -> None:
    page = online_once(listener)
    listener.play(page, 4)
    site.wait_for(1)
    assert page.evaluate("import('/tonearm.js').then(({ optOut }) => optOut())")
    assert "/api/event/forget" == site.events[-1][0]


@pytest.mark.full
def test_the_mode_that_could_not_be_asked_is_asked_again(chromium: Browser, site: Site) -> None:
    site.mode = None
    with listening(chromium, site, complaining=True) as listener:  # of the answer 503
        listener.context.clock.install()
        page = listener.open()
        page.evaluate("a.play()")
        page.wait_for_function("a.ended")
        [(_, play)] = site.wait_for(1)
        assert "anonId" not in play
        site.mode = "both"
        listener.context.clock.fast_forward("02:00")
        page.wait_for_function(
            "import('/tonearm.js').then(({ status }) => status()).then(({ mode }) => mode === 'both')"
        )
