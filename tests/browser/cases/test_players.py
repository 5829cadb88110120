"""What players do in real life: one listen is one play, whatever happens in it."""

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.browser.cases.listener import Listener, listening
from tests.browser.measures import counting_layouts
from tests.browser.tracker_site import TRACKED, Site, plays
from tests.support.chromium import launch

pytestmark = [pytest.mark.chromium, pytest.mark.full]

REFUSED = "<script>a.play().catch((error) => (window.refusal = error.name))</script>"
SECOND = '<audio id="b" data-tonearm-track="b" src="/4.wav" preload="auto"></audio>'


def test_a_seek_back_and_forth_is_one_play_of_the_furthest_position(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 0.5, src="/20.wav")
    page.evaluate("a.currentTime = 10")
    listener.hear(page, 10.3)
    page.evaluate("a.currentTime = 1")
    listener.hear(page, 1.3)
    listener.leave(page)
    assert [("a", "sampled")] == plays(site.wait_for(1))


def test_a_stall_in_the_middle_is_the_same_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("a.addEventListener('waiting', () => (window.stalled = true))")
    listener.play(page, 5, src="/stalling.wav", defaultPlaybackRate=16)
    page.wait_for_function("window.stalled")
    site.go_on.set()
    listener.hear(page, 25)
    page.evaluate("a.pause()")
    listener.leave(page)
    assert [("a", "sampled")] == plays(site.wait_for(1))


def test_another_speed_changes_nothing(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 0.5, src="/20.wav")
    page.evaluate("a.playbackRate = 8")
    listener.hear(page, 8)
    page.evaluate("a.playbackRate = 0.5")
    listener.hear(page, 8.2)
    listener.leave(page)
    assert [("a", "sampled")] == plays(site.wait_for(1))


def test_a_pause_of_an_hour_is_the_same_play(listener: Listener, site: Site) -> None:
    listener.context.clock.install()
    page = listener.open()
    page.evaluate("a.play()")
    listener.context.clock.run_for(1_000)
    page.wait_for_function("a.currentTime > 1")
    page.evaluate("a.pause()")
    listener.context.clock.fast_forward("01:00:00")
    assert [] == site.events
    page.evaluate("a.play()")
    page.wait_for_function("a.ended")
    assert [("a", "complete")] == plays(site.wait_for(1))
    listener.leave(page)
    page.wait_for_timeout(300)
    assert 1 == len(site.events)


def test_each_lap_of_a_loop_is_a_play_and_the_rest_is_one(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("a.addEventListener('seeking', () => (window.laps = (window.laps ?? 0) + 1))")
    listener.play(page, 0.1, loop=True, playbackRate=4)
    page.wait_for_function("window.laps >= 2")
    page.evaluate("a.playbackRate = 1; a.currentTime = 2")
    listener.hear(page, 2.2)
    listener.leave(page)
    assert [("a", "complete"), ("a", "complete"), ("a", "sampled")] == plays(site.wait_for(3))


def test_the_same_source_set_again_is_another_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.evaluate("a.src = '/4.wav'")
    listener.play(page, 0.5)
    listener.leave(page)
    assert [("a", "sampled"), ("a", "partial")] == plays(site.wait_for(2))


def test_a_track_changed_without_another_source_is_another_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.evaluate("a.dataset.tonearmTrack = 'b'")
    page.wait_for_function("a.ended")
    assert [("a", "sampled"), ("b", "complete")] == plays(site.wait_for(2))


def test_a_track_changed_at_rest_is_counted_when_the_page_goes(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.evaluate("a.pause(); a.dataset.tonearmTrack = 'b'")
    listener.leave(page)
    assert [("a", "sampled")] == plays(site.wait_for(1))


def test_an_element_removed_while_it_plays_is_closed_and_counts_again_when_it_comes_back(
    listener: Listener, site: Site
) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.evaluate("window.kept = a; kept.remove()")
    assert [("a", "sampled")] == plays(site.wait_for(1))
    page.evaluate("document.body.append(kept)")
    listener.play(page, 4)
    assert [("a", "sampled"), ("a", "complete")] == plays(site.wait_for(2))


def test_an_element_moved_within_the_page_while_it_plays_is_one_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 0.8)
    page.evaluate("document.body.append(document.createElement('main')); document.querySelector('main').append(a)")
    listener.play(page, 4)  # browsers pause what is moved
    assert [("a", "complete")] == plays(site.wait_for(1))


def test_an_element_that_plays_on_outside_the_page_is_heard(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 0.5)
    page.evaluate("window.kept = a; kept.remove()")
    page.wait_for_function("kept.paused")  # browsers pause what is taken out
    listener.play(page, 4, "kept")
    assert [("a", "partial"), ("a", "complete")] == plays(site.wait_for(2))


def test_several_elements_at_once_are_a_play_each(listener: Listener, site: Site) -> None:
    site.pages["/"] = TRACKED + SECOND
    page = listener.open()
    listener.play(page, 0.2)
    listener.play(page, 1.5, "b")
    page.evaluate("b.pause()")
    page.wait_for_function("a.ended")
    listener.leave(page)
    assert [("a", "complete"), ("b", "sampled")] == plays(site.wait_for(2))


def test_a_cross_fade_is_a_play_of_each(listener: Listener, site: Site) -> None:
    site.pages["/"] = TRACKED + SECOND
    page = listener.open()
    listener.play(page, 3.4)
    listener.play(page, 0.3, "b")
    page.evaluate("a.volume = 0.2; b.volume = 0.8")
    page.wait_for_function("a.ended && b.ended")
    assert [("a", "complete"), ("b", "complete")] == plays(site.wait_for(2))


def test_autoplay_that_is_refused_is_no_play(playwright: Playwright, site: Site) -> None:
    site.pages["/"] = TRACKED.replace('preload="auto"', "autoplay") + REFUSED
    browser = launch(playwright, "--autoplay-policy=document-user-activation-required")
    with listening(browser, site) as listener:
        page = listener.open()
        page.wait_for_function("window.refusal === 'NotAllowedError'")
        page.wait_for_timeout(500)
        assert {} == listener.kept(page)
        listener.leave(page)
        page.wait_for_timeout(300)
    browser.close()
    assert [] == site.events


def test_a_source_that_cannot_be_loaded_is_no_play(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the 404
        page = listener.open()
        assert "NotSupportedError" == page.evaluate("a.src = '/none.wav?'; a.play().catch((error) => error.name)")
        listener.leave(page)
        page.wait_for_timeout(300)
    assert [] == site.events


def test_a_source_that_breaks_in_the_middle_is_the_play_so_far(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the connection that broke
        page = listener.open()
        page.evaluate("a.addEventListener('waiting', () => (window.stalled = true))")
        listener.play(page, 5, src="/breaking.wav", defaultPlaybackRate=16)
        page.wait_for_function("window.stalled")  # 20 s of 60 have come; how many of them sound is the browser's choice
        site.go_on.set()
        page.wait_for_function("a.error", timeout=20_000)
        reached = page.evaluate("a.currentTime")
        assert 5 <= reached <= 20
        listener.leave(page)
        assert [("a", "sampled" if reached >= 0.3 * 60 else "partial")] == plays(site.wait_for(1))


def test_a_source_of_no_length_ends_at_once_and_is_no_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("a.src = '/0.wav'; void a.play()")
    page.wait_for_function("a.ended")
    assert [0, 0, None] == page.evaluate("[a.duration, a.currentTime, a.error]")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert [] == site.events


def stand_in(page: Page) -> None:
    """A custom element that stands in for a player, as players with a stream of their own do."""
    page.evaluate("""() => {
        customElements.define("stand-in", class extends HTMLElement {
            currentTime = 0; duration = NaN; paused = true; seeking = false; loop = false; playbackRate = 1;
            say(type, properties) { Object.assign(this, properties); this.dispatchEvent(new Event(type)); }
        });
        document.body.innerHTML += '<stand-in id="live" data-tonearm-track="live"></stand-in>';
        live.say("playing", { paused: false });
        live.say("timeupdate", { currentTime: 1 });
    }""")


@pytest.mark.parametrize(
    ("duration", "expected"), [("NaN", "partial"), ("Infinity", "partial"), ("0", "partial"), ("5", "complete")]
)
def test_a_duration_known_late_decides_and_without_one_it_is_partial_from_three_seconds(
    listener: Listener, site: Site, duration: str, expected: str
) -> None:
    page = listener.open()
    stand_in(page)
    page.evaluate(
        f"live.say('timeupdate', {{ currentTime: 4.5 }}); live.say('durationchange', {{ duration: {duration} }})"
    )
    listener.leave(page)
    assert [("live", expected)] == plays(site.wait_for(1))


def test_live_below_three_seconds_is_no_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    stand_in(page)
    page.evaluate("live.say('timeupdate', { currentTime: 2.9, duration: Infinity })")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert [] == site.events


def test_a_progress_report_makes_no_layout(listener: Listener) -> None:
    page = listener.open()
    stand_in(page)
    page.evaluate("live.say('timeupdate', { currentTime: 4, duration: 100 })")
    layouts = counting_layouts(page)
    page.evaluate("document.body.offsetWidth")
    before = layouts()
    page.evaluate("for (let i = 0; i < 1000; i += 1) live.say('timeupdate', { currentTime: 5 + i / 100 })")
    assert before == layouts()
