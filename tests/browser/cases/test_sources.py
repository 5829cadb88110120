"""Where the sound comes from: elements anywhere, streams of media source extensions, Web Audio."""

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

from tests.browser.cases.listener import Listener
from tests.browser.tracker_site import TRACKED, Site, plays

pytestmark = pytest.mark.chromium

MEDIA: Final = Path(__file__).parents[2] / "recipes" / "media"  # segments of two seconds
SHADOW: Final = """([attribute, mode]) => {
    const host = document.body.appendChild(document.createElement("div"));
    const root = host.attachShadow({ mode });
    root.innerHTML = `<audio ${attribute} src="/4.wav"></audio>`;
    window.inner = root.firstChild;
}"""


def test_an_element_inside_a_closed_shadow_root_is_counted_once_it_is_observed(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate(SHADOW, ['data-tonearm-track="shadow"', "closed"])
    page.evaluate("import('/tonearm.js').then(({ observe }) => observe(inner))")
    listener.play(page, 4, "inner")
    assert [("shadow", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_an_element_inside_an_open_shadow_root_is_not_heard_until_it_is_observed(
    listener: Listener, site: Site
) -> None:
    page = listener.open()
    page.evaluate(SHADOW, ['data-tonearm-track="shadow"', "open"])
    listener.play(page, 4, "inner")
    page.wait_for_function("inner.ended")
    page.wait_for_timeout(300)
    assert [] == site.events
    page.evaluate("import('/tonearm.js').then(({ observe }) => observe(inner))")
    listener.play(page, 2, "inner")
    listener.leave(page)
    assert [("shadow", "sampled")] == plays(site.wait_for(1))


@pytest.mark.full
def test_an_element_observed_by_name_in_the_document_is_counted_once(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        const { observe } = await import("/tonearm.js");
        observe(a, { track: "named" });
        observe(a, { track: "named" });
    }""")
    listener.play(page, 4)
    assert [("named", "complete")] == plays(site.wait_for(1))
    page.wait_for_timeout(300)
    assert 1 == len(site.events)


@pytest.mark.full
def test_a_detached_player_is_counted_also_over_a_track_switch(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        window.tonearm = await import("/tonearm.js");
        window.loose = new Audio("/4.wav");
        tonearm.observe(loose, { track: "one" });
    }""")
    listener.play(page, 1.5, "loose")
    page.evaluate("tonearm.observe(loose, { track: 'two' }); loose.src = '/4.wav'")
    listener.play(page, 4, "loose")
    assert [("one", "sampled"), ("two", "complete")] == plays(site.wait_for(2))


@pytest.mark.full
def test_a_player_named_for_its_next_track_before_the_old_song_stops_has_not_played_it(
    listener: Listener, site: Site
) -> None:
    page = listener.open()
    page.evaluate("async () => { window.tonearm = await import('/tonearm.js'); tonearm.observe(a, { track: 'one' }) }")
    listener.play(page, 1.5)
    page.evaluate("tonearm.observe(a, { track: 'two' }); a.pause()")
    page.wait_for_function("a.paused")
    listener.leave(page)
    page.wait_for_timeout(300)
    assert [("one", "sampled")] == plays(site.events)


@pytest.mark.full
def test_an_element_added_later_is_counted_without_being_named(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""() => {
        const later = document.body.appendChild(document.createElement("main"));
        later.innerHTML = '<audio id="later" data-tonearm-track="later" src="/4.wav"></audio>';
    }""")
    listener.play(page, 4, "later")
    assert [("later", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_web_audio_player_is_counted_by_what_it_reports(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        const { openPlay } = await import("/tonearm.js");
        const context = new AudioContext();
        const source = context.createBufferSource();
        source.buffer = await context.decodeAudioData(await (await fetch("/4.wav")).arrayBuffer());
        source.connect(context.destination);
        const play = openPlay({ track: "buffer", duration: source.buffer.duration });
        const started = context.currentTime;
        const tick = setInterval(() => play.progress(context.currentTime - started), 100);
        source.onended = () => { clearInterval(tick); play.end(); };
        source.start();
    }""")
    assert [("buffer", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_web_audio_player_is_counted_when_its_page_goes(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        const { openPlay } = await import("/tonearm.js");
        const play = openPlay({ track: "buffer", duration: 100 });
        play.progress(10); play.progress(40);
    }""")
    listener.leave(page)
    assert [("buffer", "sampled")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_stream_of_a_blob_is_counted(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""async () => {
        a.src = URL.createObjectURL(await (await fetch("/4.wav")).blob());
    }""")
    listener.play(page, 4)
    assert [("a", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_video_is_counted_like_a_song(listener: Listener, site: Site) -> None:
    site.pages["/"] = TRACKED + '<video id="v" data-tonearm-track="clip" src="/4.wav"></video>'
    page = listener.open()
    listener.play(page, 4, "v")
    assert [("clip", "complete")] == plays(site.wait_for(1))


def stream(listener: Listener, duration: str) -> Page:
    """A page whose player has a stream of four seconds that claims this duration, and has not ended."""
    page = listener.open()
    page.route("**/tone-*", lambda route: route.fulfill(path=MEDIA / route.request.url.rpartition("/")[2]))
    page.evaluate(
        """async (duration) => {
            window.source = new MediaSource();
            a.src = URL.createObjectURL(source);
            await new Promise((opened) => source.addEventListener("sourceopen", opened, { once: true }));
            const buffer = source.addSourceBuffer('audio/mp4; codecs="mp4a.40.2"');
            for (const file of ["tone-init.mp4", "tone-0.m4s", "tone-1.m4s"]) {
                buffer.appendBuffer(await (await fetch(file)).arrayBuffer());
                await new Promise((taken) => buffer.addEventListener("updateend", taken, { once: true }));
                if (file === "tone-init.mp4") source.duration = duration;
            }
        }""",
        float(duration),
    )
    assert float(duration) == page.evaluate("a.duration")
    return page


@pytest.mark.full
def test_a_live_stream_is_partial_once_three_seconds_were_heard(listener: Listener, site: Site) -> None:
    page = stream(listener, "Infinity")
    listener.play(page, 3.3)
    listener.leave(page)
    assert [("a", "partial")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_live_stream_left_before_three_seconds_is_no_play(listener: Listener, site: Site) -> None:
    page = stream(listener, "Infinity")
    listener.play(page, 2)
    listener.leave(page)
    page.wait_for_timeout(300)
    assert [] == site.events


@pytest.mark.full
def test_a_stream_that_tells_its_length_at_its_end_is_complete(listener: Listener, site: Site) -> None:
    page = stream(listener, "Infinity")
    listener.play(page, 3)
    page.evaluate("source.endOfStream()")
    page.wait_for_function("a.ended")
    assert 4 <= page.evaluate("a.duration") < 4.3
    assert [("a", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_stream_that_turns_out_longer_is_measured_by_its_last_duration(listener: Listener, site: Site) -> None:
    page = stream(listener, "5")
    listener.play(page, 3.3)
    page.evaluate("source.duration = 100")
    page.wait_for_function("a.duration === 100")
    listener.leave(page)
    assert [("a", "partial")] == plays(site.wait_for(1))
