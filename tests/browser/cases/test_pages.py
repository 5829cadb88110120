"""Pages that are hidden, killed, left, restored, rendered ahead, opened twice, framed: each listening counts once."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Frame, Page

from tests.browser.cases.listener import Listener, listening
from tests.browser.tracker_site import Site, plays

pytestmark = pytest.mark.chromium


def test_a_page_killed_while_it_plays_in_the_background_is_counted_by_the_next_visit_once(
    listener: Listener, site: Site
) -> None:
    page = listener.open()
    listener.play(page, 0.5)
    listener.hide(page)
    listener.wait_until_kept(page, "partial")
    listener.hear(page, 1.5)
    listener.wait_until_kept(page, "sampled")
    assert [] == site.events
    listener.kill(page)
    assert [] == site.events
    after = listener.open()
    [(path, play)] = site.wait_for(1)
    assert "/api/event/play" == path
    assert ("a", "sampled") == (play["trackEntryKey"], play["bucket"])
    assert re.fullmatch(r"[\da-f-]{36}", play["eventId"])
    after.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('tonearm.waiting.'))")
    listener.open()
    listener.open()
    after.wait_for_timeout(300)
    assert 1 == len(site.events)


@pytest.mark.full
def test_what_was_heard_to_its_end_is_sent_at_once_and_leaves_nothing_for_the_next_visit(
    listener: Listener, site: Site
) -> None:
    page = listener.open()
    listener.play(page, 0.5)
    listener.wait_until_kept(page, "partial")
    listener.hear(page, 4)
    assert [("a", "complete")] == plays(site.wait_for(1))
    page.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('tonearm.waiting.'))")
    listener.leave(page)
    listener.open()
    page.wait_for_timeout(300)
    assert 1 == len(site.events)


@pytest.mark.full
def test_a_page_frozen_in_the_background_and_thawed_is_one_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1)
    listener.hide(page)
    session = listener.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    page.wait_for_timeout(300)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    listener.play(page, 4)
    assert [("a", "complete")] == plays(site.wait_for(1))
    listener.leave(page)
    page.wait_for_timeout(300)
    assert 1 == len(site.events)


@pytest.mark.full
def test_a_page_that_is_left_sends_its_play_and_keeps_nothing(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    listener.wait_until_kept(page, "sampled")
    listener.leave(page)
    [(_, play)] = site.wait_for(1)
    assert ("a", "sampled") == (play["trackEntryKey"], play["bucket"])
    assert [] == listener.waiting(page)


def restored(listener: Listener, site: Site, count: int, until: float, **properties: Any) -> Page:
    """A page that was heard to this position and left, which made so many plays, and got back out of the cache."""
    page = listener.open()
    listener.play(page, until, **properties)
    page.evaluate("window.same = true; addEventListener('pageshow', (event) => (window.cached = event.persisted))")
    listener.leave(page)
    if not count:
        page.wait_for_timeout(300)
    assert count == len(site.wait_for(count))
    page.go_back(wait_until="commit")
    page.wait_for_function("window.cached")
    assert page.evaluate("same")
    return page


@pytest.mark.full
def test_a_page_restored_from_the_back_forward_cache_does_not_count_the_same_listening_twice(
    listener: Listener, site: Site
) -> None:
    page = restored(listener, site, 1, 1.5)
    listener.play(page, 3.5)
    listener.leave(page)
    page.wait_for_timeout(300)
    assert [("a", "sampled")] == plays(site.events)


@pytest.mark.full
def test_a_page_left_below_the_floor_and_restored_is_the_play_once_it_counts(listener: Listener, site: Site) -> None:
    page = restored(listener, site, 0, 0.3, src="/20.wav")
    listener.play(page, 1.5)
    listener.leave(page)
    assert [("a", "partial")] == plays(site.wait_for(1))
    page.wait_for_timeout(300)
    assert 1 == len(site.events)


@pytest.mark.full
def test_a_restored_page_that_is_played_again_counts_again(listener: Listener, site: Site) -> None:
    page = restored(listener, site, 1, 1.5)
    listener.play(page, 4)
    page.wait_for_function("a.ended")
    listener.play(page, 1)
    listener.leave(page)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))


@pytest.mark.full
def test_a_lap_on_a_restored_page_is_another_play(listener: Listener, site: Site) -> None:
    page = restored(listener, site, 1, 1.5, loop=True)
    page.evaluate("a.addEventListener('seeking', () => (window.lapped = true))")
    listener.play(page, 3)
    page.wait_for_function("window.lapped")
    listener.hear(page, 0.5)
    listener.leave(page)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))


@pytest.mark.full
def test_another_track_on_a_restored_page_is_another_play(listener: Listener, site: Site) -> None:
    page = restored(listener, site, 1, 1.5)
    page.evaluate("a.dataset.tonearmTrack = 'b'; a.src = '/4.wav'")
    listener.play(page, 0.5)
    listener.leave(page)
    assert [("a", "sampled"), ("b", "partial")] == plays(site.wait_for(2))


@pytest.mark.full
def test_a_tab_that_died_and_was_opened_anew_is_the_play_so_far_and_the_new_one(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    listener.wait_until_kept(page, "sampled")
    listener.kill(page)
    anew = listener.open()
    listener.play(anew, 0.5)
    listener.leave(anew)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))
    assert 2 == len({play["eventId"] for _, play in site.events})


@pytest.mark.full
def test_a_visit_by_a_copied_link_stores_nothing(listener: Listener, site: Site) -> None:
    page = listener.open("/?tonearm=link")
    page.wait_for_function("!location.search")
    page.wait_for_timeout(300)
    stored = """async () => [
        Object.keys(localStorage), Object.keys(sessionStorage), await indexedDB.databases(), await caches.keys(),
    ].flat()"""
    assert ([], []) == (page.evaluate(stored), listener.context.cookies())
    site.mode = "off"
    listener.play(page, 1.5)
    listener.leave(page)
    [(_, play)] = site.wait_for(1)
    assert "link" == play["via"]
    assert ([], []) == (page.evaluate(stored), listener.context.cookies())


@pytest.mark.full
def test_a_tab_that_was_loaded_anew_counts_what_it_heard_before_and_after(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.reload()
    listener.play(page, 0.5)
    listener.leave(page)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))


@pytest.mark.full
def test_the_listen_of_a_living_tab_is_left_alone_by_a_second_one(listener: Listener, site: Site) -> None:
    first = listener.open()
    listener.play(first, 0.5, src="/20.wav")
    listener.hear(first, 1.5)
    listener.wait_until_kept(first, "partial")
    second = listener.open()
    second.wait_for_timeout(500)
    assert [] == site.events
    listener.play(second, 1.5)
    listener.leave(second)
    listener.leave(first)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))
    assert 2 == len({play["eventId"] for _, play in site.events})


@pytest.mark.full
def test_two_tabs_that_find_the_same_checkpoint_send_it_under_one_id(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the answer 503
        page = listener.open()
        listener.play(page, 1.5)
        listener.wait_until_kept(page, "sampled")
        listener.kill(page)
        site.status = 503
        listener.open()
        listener.open()
        site.wait_for(2)
        site.status = 202
        third = listener.open()
        third.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('tonearm.waiting.'))")
    assert 3 <= len(site.events)
    assert 1 == len({play["eventId"] for _, play in site.events})


@pytest.mark.full
def test_where_the_browser_cannot_say_which_pages_live_a_checkpoint_rests_for_a_day(
    chromium: Browser, site: Site
) -> None:
    with listening(chromium, site) as listener:
        listener.context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
        page = listener.open()
        listener.play(page, 1.5)
        listener.wait_until_kept(page, "sampled")
        listener.kill(page)
        after = listener.open()
        after.wait_for_timeout(500)
        assert [] == site.events
        assert 1 == len(listener.waiting(after))
        listener.context.add_init_script("{ const { now } = Date; Date.now = () => now() + 86_400_001 }")
        listener.open()
        assert [("a", "sampled")] == plays(site.wait_for(1))


EMBEDDING: Final = """<!doctype html><title>Blog</title><link rel="icon" href="data:,">
<iframe {attribute} src="{address}/" allow="autoplay"></iframe>"""


def embedded(listener: Listener, site: Site, attribute: str = "") -> tuple[Page, Frame]:
    """A page of one site with the player of another in a frame."""
    site.pages["/embedding"] = EMBEDDING.format(attribute=attribute, address=site.elsewhere)
    page = listener.open("/embedding")
    [_, frame] = page.frames
    frame.wait_for_load_state()
    return page, frame


@pytest.mark.full
def test_a_player_in_a_frame_of_another_site_is_a_listener_of_its_own(everyday_listener: Listener, site: Site) -> None:
    page, frame = embedded(everyday_listener, site)
    everyday_listener.play(frame, 1.5)
    everyday_listener.leave(page)
    site.wait_for(1)
    itself = everyday_listener.open(site=site.elsewhere)
    everyday_listener.play(itself, 1.5)
    everyday_listener.leave(itself)
    framed, direct = (play["anonId"] for _, play in site.wait_for(2))
    assert framed != direct
    assert [("a", "sampled")] * 2 == plays(site.events)


@pytest.mark.parametrize(
    "attribute",
    [
        pytest.param("", id="private window", marks=pytest.mark.full),
        pytest.param('sandbox="allow-scripts"', id="sandbox"),
    ],
)
def test_a_player_in_a_frame_without_storage_is_one_play_without_an_id(
    listener: Listener, site: Site, attribute: str
) -> None:
    page, frame = embedded(listener, site, attribute)
    listener.play(frame, 1.5)
    listener.leave(page)
    [(_, play)] = site.wait_for(1)
    assert {"trackEntryKey": "a", "bucket": "sampled"} == play
