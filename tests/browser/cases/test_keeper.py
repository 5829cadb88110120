"""What is kept in a browser, at its edges: browsers that die, files that do not come, wishes that change."""

import json

import pytest
from playwright.sync_api import Browser

from tests.browser.cases.listener import Listener, listening
from tests.browser.tracker_site import Site, plays

pytestmark = [pytest.mark.chromium, pytest.mark.full]


def test_a_checkpoint_that_came_back_from_the_disk_is_sent_under_the_id_the_play_had(
    listener: Listener, site: Site
) -> None:
    """As after the death of the whole browser, which writes what is removed to the disk seconds later."""
    page = listener.open()
    listener.play(page, 1.5)
    listener.wait_until_kept(page, "sampled")
    [(name, checkpoint)] = [item for item in listener.kept(page).items() if item[0].startswith("tonearm.waiting.")]
    listener.leave(page)
    site.wait_for(1)
    gone = json.dumps(json.loads(checkpoint) | {"page": "tonearm.of-a-page-that-died"})
    page.evaluate("([name, gone]) => localStorage.setItem(name, gone)", [name, gone])
    listener.open()
    assert 1 == len({play["eventId"] for _, play in site.wait_for(2)})
    assert 2 == len(site.events)


def test_a_keeper_that_did_not_come_is_loaded_when_the_network_is_back(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the file that did not come
        listener.context.route("**/tonearm-keep*.js", lambda route: route.abort("connectionfailed"))
        page = listener.open()
        listener.play(page, 4)
        site.wait_for(1)
        told = "import('/tonearm.js').then(({ status }) => status()).then((told) => told?.mode ?? null)"
        assert None is page.evaluate(told)
        listener.context.unroute("**/tonearm-keep*.js")
        page.evaluate("dispatchEvent(new Event('online'))")
        listener.play(page, 4)
        page.wait_for_function("import('/tonearm.js').then(({ status }) => status()).then((told) => told?.mode)")
        assert [("a", "complete")] * 2 == plays(site.wait_for(2))


def test_a_keeper_that_breaks_is_no_exception_of_the_page(listener: Listener, site: Site) -> None:
    listener.context.add_init_script("Object.defineProperty(navigator, 'locks', { value: {} })")
    page = listener.open()
    listener.play(page, 4)
    assert [("a", "complete")] == plays(site.wait_for(1))


def test_who_opts_in_again_is_a_listener_from_the_next_play_on(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("import('/tonearm.js').then(({ optOut }) => optOut())")
    page.reload()
    page.evaluate("import('/tonearm.js').then(({ optIn }) => optIn())")
    listener.play(page, 4)
    [(_, play)] = site.wait_for(1)
    assert listener.kept(page)["tonearm.listener"] == play["anonId"]
    assert "optOut" not in play


def test_a_refusal_that_only_scripts_can_see_is_told_to_the_service(listener: Listener, site: Site) -> None:
    listener.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    page = listener.open()
    listener.play(page, 4)
    [(_, play)] = site.wait_for(1)
    assert {"trackEntryKey": "a", "bucket": "complete", "optOut": True} == play


def test_a_service_that_stays_away_is_not_asked_without_end(chromium: Browser, site: Site) -> None:
    site.mode = None
    with listening(chromium, site, complaining=True) as listener:  # of the answers 503
        listener.context.clock.install()
        page = listener.open()
        page.evaluate("a.play()")
        page.wait_for_function("a.ended")
        for _ in range(40):
            page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_timeout(300)
        before = site.asked.count("/api/event/config")
        for _ in range(5):
            listener.context.clock.fast_forward("24:00:00")
        page.wait_for_timeout(300)
        assert site.asked.count("/api/event/config") - before <= 5


def test_a_player_that_was_dropped_is_not_kept_in_memory(listener: Listener) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        const { observe } = await import("/tonearm.js");
        window.dropped = [];
        for (let i = 0; i < 3; i += 1) {
            const player = new Audio("/4.wav");
            dropped.push(new WeakRef(player));
            observe(player, { track: `t${i}` });
            await player.play();
            await new Promise((heard) => player.addEventListener("timeupdate", heard, { once: true }));
            player.pause();
            await new Promise((paused) => setTimeout(paused, 100));
            player.src = "";
        }
    }""")
    session = listener.context.new_cdp_session(page)
    for _ in range(10):
        page.wait_for_timeout(200)
        session.send("HeapProfiler.collectGarbage")
        if not page.evaluate("dropped.some((player) => player.deref())"):
            return
    pytest.fail("The tracker holds players that the page has dropped.")


@pytest.mark.parametrize("track", ["7", "7n"])
def test_a_track_that_is_a_number_is_sent_as_text(listener: Listener, site: Site, track: str) -> None:
    page = listener.open()
    page.evaluate(f"""async () => {{
        const {{ openPlay }} = await import("/tonearm.js");
        const play = openPlay({{ track: {track}, duration: 10 }});
        play.progress(1); play.progress(9); play.end();
    }}""")
    assert [("7", "complete")] == plays(site.wait_for(1))


def test_a_play_without_a_track_leaves_nothing(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        const { openPlay } = await import("/tonearm.js");
        const play = openPlay({});
        play.duration(10); play.progress(1); play.progress(9);
    }""")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert ([], {}) == (site.events, listener.kept(page))


def test_what_plays_without_a_sound_is_no_play(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 3, muted=True, loop=True, playbackRate=4)
    page.evaluate("a.currentTime = 3")
    page.wait_for_timeout(500)
    page.evaluate("a.pause()")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert ([], {}) == (site.events, listener.kept(page))


def test_what_is_muted_in_the_middle_counts_as_far_as_it_was_heard(listener: Listener, site: Site) -> None:
    page = listener.open()
    listener.play(page, 1.5)
    page.evaluate("a.muted = true")
    listener.hear(page, 3.6)
    page.evaluate("a.pause()")
    listener.leave(page)
    assert [("a", "sampled")] == plays(site.wait_for(1))


def test_a_link_copied_in_an_open_dialog_without_the_clipboard_is_on_it(listener: Listener, site: Site) -> None:
    listener.context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    site.pages["/"] += (
        '<dialog id="d"><button id="copy" data-tonearm-share="track:a" data-tonearm-text="words">Copy</button></dialog>'
        '<textarea id="paste"></textarea>'
    )
    page = listener.open()
    page.evaluate("d.showModal()")
    page.click("#copy")
    page.wait_for_selector("#copy[data-tonearm-state=copied]")
    page.evaluate("d.close(); paste.focus()")
    page.keyboard.press("Control+V")
    assert "words" == page.input_value("#paste")
