"""Where something is blocked: the page goes on, its audio is untouched, and what can still be counted is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.cases.listener import Listener, listening
from tests.browser.tracker_site import TRACKED, Site, plays

pytestmark = pytest.mark.chromium


@pytest.fixture
def warned(chromium: Browser, site: Site) -> Iterator[Listener]:
    """A listener whose browser writes to the console what it has refused; the tracker itself still writes nothing."""
    with listening(chromium, site, complaining=True) as somebody:
        yield somebody
        ours = [text for text in somebody.complaints if not text.startswith(BROWSERS_OWN)]
        assert [] == ours


POLICY = "default-src 'none'; script-src 'self'; media-src 'self'; img-src data:"
BROWSERS_OWN = (
    "Failed to load resource",
    "Refused to connect",
    "Connecting to '",
    "Loading the script",
    "Fetch API cannot load",
    "Ping loading",
)


def play_to_the_end(listener: Listener, page: Page) -> None:
    listener.play(page, 4)
    page.wait_for_function("a.ended")


@pytest.mark.full
def test_a_full_storage_costs_the_id_and_nothing_else(listener: Listener, site: Site) -> None:
    page = listener.open()
    page.evaluate("""() => {
        for (let size = 1 << 22; size >= 1; size >>= 1)
            for (let full = false; !full;)
                try {
                    localStorage.setItem(`theirs${size}-${localStorage.length}`, "x".repeat(size));
                } catch {
                    full = true;
                }
    }""")
    before = listener.kept(page)
    play_to_the_end(listener, page)
    [(_, play)] = site.wait_for(1)
    assert ("a", "complete", None) == (play["trackEntryKey"], play["bucket"], play.get("anonId"))
    assert before == listener.kept(page)


@pytest.mark.full
def test_a_blocked_storage_costs_the_id_and_nothing_else(listener: Listener, site: Site) -> None:
    listener.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    page = listener.open()
    play_to_the_end(listener, page)
    [(_, play)] = site.wait_for(1)
    assert ("a", "complete", None) == (play["trackEntryKey"], play["bucket"], play.get("anonId"))


@pytest.mark.full
@pytest.mark.parametrize(
    "beacon",
    ["undefined", "() => false", "() => { throw new Error('blocked') }"],
    ids=["missing", "refusing", "throwing"],
)
@pytest.mark.parametrize("keeper", [True, False], ids=["", "before anything is loaded"])
def test_without_a_beacon_events_go_by_fetch(listener: Listener, site: Site, beacon: str, keeper: bool) -> None:
    listener.context.add_init_script(f"Object.defineProperty(navigator, 'sendBeacon', {{ value: {beacon} }})")
    page = listener.open()
    if keeper:
        play_to_the_end(listener, page)
        assert [("a", "complete")] == plays(site.wait_for(1))
    else:
        page.evaluate("import('/tonearm.js').then(({ share }) => share('track:a', 'link'))")
        assert [("/api/event/share", {"targetType": "track", "targetKey": "a", "channel": "link"})] == site.wait_for(1)


@pytest.mark.full
def test_a_policy_that_allows_the_service_is_enough(listener: Listener, site: Site) -> None:
    site.headers = {"Content-Security-Policy": f"{POLICY}; connect-src 'self'"}
    page = listener.open()
    page.locator("audio").evaluate("(audio) => audio.play()")
    assert [("a", "complete")] == plays(site.wait_for(1))


@pytest.mark.full
def test_a_policy_that_forbids_to_connect_leaves_the_page_whole(warned: Listener, site: Site) -> None:
    site.headers = {"Content-Security-Policy": POLICY}
    page = warned.open()
    ended = "(audio) => new Promise((done) => { audio.onended = () => done(audio.currentTime); audio.play() })"
    assert 4 <= page.locator("audio").evaluate(ended)
    warned.leave(page)
    assert [] == site.events


@pytest.mark.full
def test_a_blocked_script_leaves_the_page_whole(warned: Listener, site: Site) -> None:
    warned.context.route("**/tonearm*.js", lambda route: route.abort("blockedbyclient"))
    page = warned.open()
    play_to_the_end(warned, page)
    warned.leave(page)
    assert [] == site.events


def test_a_blocked_address_of_events_leaves_the_page_whole(warned: Listener, site: Site) -> None:
    warned.context.route("**/api/event/**", lambda route: route.abort("blockedbyclient"))
    page = warned.open()
    play_to_the_end(warned, page)
    warned.leave(page)
    assert [] == site.events


@pytest.mark.full
def test_where_the_keeper_is_blocked_plays_count_without_an_id(warned: Listener, site: Site) -> None:
    warned.context.route("**/tonearm-keep*.js", lambda route: route.abort("blockedbyclient"))
    page = warned.open()
    play_to_the_end(warned, page)
    warned.play(page, 1.5)
    warned.leave(page)
    assert [{"trackEntryKey": "a", "bucket": bucket} for bucket in ("complete", "sampled")] == [
        play for _, play in site.wait_for(2)
    ]
    assert None is page.evaluate("import('/tonearm.js').then(({ status }) => status()).then((told) => told ?? null)")


@pytest.mark.full
def test_where_the_keeper_is_blocked_no_listener_is_made_of_who_may_have_opted_out(
    warned: Listener, site: Site
) -> None:
    page = warned.open()
    page.evaluate("import('/tonearm.js').then(({ optOut }) => optOut())")
    assert {"tonearm.optOut": "1"} == warned.kept(page)
    warned.context.route("**/tonearm-keep*.js", lambda route: route.abort("blockedbyclient"))
    after = warned.open()
    play_to_the_end(warned, after)
    [(_, play)] = site.wait_for(1)
    assert {"trackEntryKey": "a", "bucket": "complete", "optOut": True} == play


@pytest.mark.full
def test_a_service_that_is_away_leaves_the_page_whole(warned: Listener, site: Site) -> None:
    site.refused = {"/api/event/config", "/api/event/play", "/api/event/share"}
    page = warned.open()
    play_to_the_end(warned, page)
    assert "sent" == page.evaluate("import('/tonearm.js').then(({ share }) => share('track:a', 'link'))")
    assert {} == warned.kept(page)


@pytest.mark.full
def test_page_scripts_that_misuse_the_exports_get_no_exception(listener: Listener, site: Site) -> None:
    page = listener.open()
    outcomes = page.evaluate("""async () => {
        const tonearm = await import("/tonearm.js");
        tonearm.observe(); tonearm.observe(null, {}); tonearm.observe(document.body, { track: "body" });
        const play = tonearm.openPlay();
        play.progress(10); play.progress("x"); play.duration(-1); play.end(); play.close(); play.close();
        return [await tonearm.share(), await tonearm.share("track:", "link"), await tonearm.share("a", "b", null)];
    }""")
    assert ["invalid"] * 3 == outcomes
    listener.leave(page)
    assert [] == site.events


@pytest.mark.full
def test_a_second_copy_of_the_script_counts_nothing_twice(listener: Listener, site: Site) -> None:
    site.pages["/"] = (
        TRACKED
        + '<script type="module" src="/tonearm.js?again"></script><script defer src="/tonearm-classic.js"></script>'
    )
    page = listener.open()
    page.wait_for_function("window.tonearm")
    play_to_the_end(listener, page)
    site.wait_for(1)
    page.wait_for_timeout(300)
    assert [("a", "complete")] == plays(site.events)
