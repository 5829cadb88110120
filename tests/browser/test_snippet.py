"""What `tonearm snippet` prints, pasted into a page of another origin, in Chromium, with the real service behind it."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.elsewhere import SECONDS, site
from tests.browser.visitor import STORED_ID, ordinary
from tests.support.http import Door, ask
from tests.support.service import Service, eventually

pytestmark = pytest.mark.chromium

EVERYTHING: Final = "default-src 'none'; img-src data:; media-src 'self'"
FORMS: Final = pytest.mark.parametrize(
    "form", [pytest.param((), id="module"), pytest.param(("--classic",), id="classic", marks=pytest.mark.full)]
)
SNIPPETS: Final = (
    pytest.param((), id="module"),
    pytest.param(("--classic",), id="classic", marks=pytest.mark.full),
    pytest.param(("--pinned",), id="module-pinned", marks=pytest.mark.full),
    pytest.param(("--classic", "--pinned"), id="classic-pinned", marks=pytest.mark.full),
)
_KEYS = count(1)


class Guest:
    """A browser on one page, and all it complained of."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.service = service
        self.complaints: list[str] = []
        self.sent: list[str] = []
        page.on("request", lambda request: self.sent.append(request.url) if "/api/event/play" in request.url else None)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def listen(self) -> None:
        """Half of the tone, and away from the page."""
        self.play()
        self.page.goto(self.page.url.rstrip("/") + "/away")

    def listen_here(self) -> list[str]:
        """Half of the tone, and another track on the same page; the requests that told of it."""
        self.play()
        self.page.evaluate("document.querySelector('audio').dataset.tonearmTrack = ''")
        eventually(lambda: self.page.evaluate("true") and bool(self.sent))
        return self.sent

    def play(self) -> None:
        self.page.mouse.click(5, 5)  # a browser lets no page play before that
        self.page.evaluate("document.querySelector('audio').play()")
        self.until(f"document.querySelector('audio').currentTime > {SECONDS / 2 - 0.5}")

    def card_is_there(self) -> None:
        self.until("document.querySelector('tonearm-plays').shadowRoot")

    def complains(self) -> None:
        """Wait for the first complaint; Playwright hears it only while it is asked something."""
        eventually(lambda: self.page.evaluate("true") and bool(self.complaints))

    def until(self, condition: str) -> None:
        # Playwright's own wait_for_function evaluates a string, which a policy may forbid.
        eventually(lambda: bool(self.page.evaluate(f"() => !!({condition})")))

    def counted(self, key: str) -> dict[str, Any]:
        """The figures of the track, once there is a play."""
        door, path = Door.at(self.service.url), f"/api/stats/track/{key}"
        eventually(lambda: ask(door, "GET", path).status == 200)
        figures: dict[str, Any] = ask(door, "GET", path).json()
        return figures


Visit = Callable[..., AbstractContextManager[Guest]]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(user_agent=ordinary(browser))
    yield context
    context.close()


@pytest.fixture
def visit(context: BrowserContext, service: Service) -> Visit:
    """`with visit(html) as guest`: the page with that on it is open."""

    @contextmanager
    def visiting(html: str, policy: str = "") -> Iterator[Guest]:
        with site(html, policy) as address:
            page = context.new_page()
            guest = Guest(page, service)
            page.goto(address)
            yield guest

    return visiting


@pytest.fixture
def printed(service: Service) -> Callable[..., str]:
    """`tonearm snippet --url SERVICE WORDS`."""
    return lambda *words: service.command("snippet", "--url", service.url, *words).stdout


@pytest.fixture
def key() -> str:
    return f"snippet-{next(_KEYS)}"


Printed = Callable[..., str]


@pytest.mark.parametrize("words", SNIPPETS)
def test_a_pasted_snippet_counts_a_play_and_shows_the_card(
    visit: Visit, printed: Printed, key: str, words: tuple[str, ...]
) -> None:
    with visit(printed(*words, "--track", key, "--card")) as guest:
        guest.card_is_there()
        guest.listen()
        assert 1 == guest.counted(key)["sampled"]
        assert [] == guest.complaints


@pytest.mark.parametrize("words", SNIPPETS)
def test_the_printed_policy_lets_the_snippet_do_all_of_it(
    visit: Visit, printed: Printed, key: str, words: tuple[str, ...]
) -> None:
    words = (*words, "--track", key, "--card", "--opt-out")
    policy = f"{EVERYTHING}; {printed(*words, '--csp').strip()}"
    with visit(printed(*words), policy) as guest:
        guest.card_is_there()
        guest.page.get_by_role("button", name="Do not count me").wait_for()
        guest.listen()
        assert 1 == guest.counted(key)["totalPlays"]
        assert [] == guest.complaints


@pytest.mark.full
def test_a_policy_without_the_service_stops_the_tracker_and_not_the_page(
    visit: Visit, printed: Printed, key: str
) -> None:
    with visit(printed("--track", key), f"{EVERYTHING}; script-src 'none'") as guest:
        guest.listen()
        assert "/away" in guest.page.url
        assert all("Content Security Policy" in complaint for complaint in guest.complaints)
        assert guest.complaints


@pytest.mark.parametrize("how", ["async", "defer", ""])
@pytest.mark.full
def test_the_classic_script_counts_however_it_is_loaded(visit: Visit, printed: Printed, key: str, how: str) -> None:
    html = printed("--classic", "--track", key).replace("defer", how)
    assert f"<script {how} src" in html
    with visit(html) as guest:
        guest.listen()
        assert 1 == guest.counted(key)["totalPlays"]
        assert [] == guest.complaints


@pytest.mark.full
def test_the_classic_script_twice_and_the_module_beside_it_count_once(visit: Visit, printed: Printed, key: str) -> None:
    classic, module = printed("--classic"), printed()
    again = classic.replace("tonearm-classic.js", "tonearm-classic.js?again")
    with visit(classic + module + again + printed("--track", key).split("\n")[1]) as guest:
        assert [f"{guest.service.url}/api/event/play"] == guest.listen_here()
        assert 1 == guest.counted(key)["totalPlays"]
        assert [] == guest.complaints


@pytest.mark.full
def test_the_classic_script_gives_the_page_the_modules_functions(visit: Visit, printed: Printed) -> None:
    with visit(printed("--classic") + printed()) as guest:
        names = ["observe", "openPlay", "optIn", "optOut", "share", "status"]
        assert names == guest.page.evaluate("Object.keys(tonearm).sort()")
        same = "(url) => import(url).then((it) => Object.keys(tonearm).every((name) => it[name] === tonearm[name]))"
        assert guest.page.evaluate(same, f"{guest.service.url}/tonearm.js")
        api = guest.page.evaluate("tonearm.status().then(({ api }) => api)")
        assert f"{guest.service.url}/api/event/" == api


@pytest.mark.full
@FORMS
def test_a_core_that_is_not_what_was_pinned_does_not_run_and_the_page_is_whole(
    visit: Visit, printed: Printed, key: str, form: tuple[str, ...]
) -> None:
    html = printed(*form, "--pinned", "--track", key)
    wrong = re.sub(r'integrity="sha384-.{8}', 'integrity="sha384-AAAAAAAA', html)
    assert wrong != html
    with visit(wrong + "<script>window.own = true</script>") as guest:
        guest.page.wait_for_load_state("load")
        assert guest.page.evaluate("own && !window.tonearm && !window.__tonearm")
        guest.listen()
        [complaint] = guest.complaints
        assert "integrity" in complaint


def tampered(route: Route) -> None:
    """The chunk as it is, with a line of somebody else's behind it."""
    answer = route.fetch()
    headers = {"content-type": "text/javascript", "access-control-allow-origin": "*"}
    route.fulfill(body=f"{answer.text()};window.tampered = true", headers=headers)


@pytest.mark.full
@FORMS
def test_a_chunk_that_is_not_what_was_pinned_does_not_run_and_plays_go_on(
    visit: Visit, printed: Printed, context: BrowserContext, key: str, form: tuple[str, ...]
) -> None:
    context.route(re.compile(r"/tonearm-plays\."), tampered)
    with visit(printed(*form, "--pinned", "--track", key, "--card")) as guest:
        guest.complains()
        assert guest.page.evaluate("!window.tampered && !customElements.get('tonearm-plays')")
        guest.listen()
        assert 1 == guest.counted(key)["totalPlays"]
        [complaint] = guest.complaints
        assert "integrity" in complaint


@pytest.mark.full
def test_without_a_pin_a_changed_chunk_runs(visit: Visit, printed: Printed, context: BrowserContext) -> None:
    """What the case before this one would see if the import map did nothing."""
    context.route(re.compile(r"/tonearm-plays\."), tampered)
    with visit(printed("--card")) as guest:
        guest.card_is_there()
        guest.until("window.tampered")


@pytest.mark.parametrize("words", SNIPPETS)
def test_the_control_opts_out_and_in_again(visit: Visit, printed: Printed, words: tuple[str, ...]) -> None:
    with visit(printed(*words, "--opt-out")) as guest:
        page = guest.page
        state = page.get_by_role("status")
        page.evaluate("(key) => localStorage.setItem(key, '6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d12')", STORED_ID)
        with page.expect_request("**/api/event/forget") as forgotten:
            page.get_by_role("button", name="Do not count me as a listener").click()
        assert "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d12" == (forgotten.value.post_data_json or {})["anonId"]
        assert "You are not counted as a listener on this site." == state.inner_text()
        assert page.evaluate("(key) => localStorage.getItem(key)", STORED_ID) is None

        page.reload()
        page.get_by_role("button", name="Count me as a listener again").click()
        assert "Plays on this site are counted, and roughly how many listeners there are." == state.inner_text()
        assert 0 == page.evaluate("localStorage.length")
        assert [] == guest.complaints


@pytest.mark.full
def test_the_control_tells_what_the_browser_has_said_already(
    visit: Visit, printed: Printed, context: BrowserContext
) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    with visit(printed("--opt-out")) as guest:
        state = guest.page.get_by_role("status")
        state.wait_for()
        assert "Your browser asks not to be counted as a listener, and you are not." == state.inner_text()


@pytest.mark.full
@FORMS
def test_the_control_stays_hidden_where_the_tracker_did_not_load(
    visit: Visit, printed: Printed, context: BrowserContext, form: tuple[str, ...]
) -> None:
    context.route(re.compile(r"/tonearm"), lambda route: route.abort())
    with visit(printed(*form, "--opt-out")) as guest:
        guest.page.wait_for_load_state("load")
        assert not guest.page.locator("#tonearm-opt-out").is_visible()
        assert all("Failed to load resource" in complaint for complaint in guest.complaints)
