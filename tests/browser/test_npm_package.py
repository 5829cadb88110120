"""The npm package in a site's own bundle, in Chromium, with the real service behind it."""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.browser.elsewhere import site as serving_site
from tests.browser.test_snippet import EVERYTHING, Guest
from tests.browser.visitor import ordinary
from tests.support.blocks import DOCS, blocks
from tests.support.npm import bundled, packed_and_installed
from tests.support.service import Service
from tracker.node import install_tools

pytestmark = pytest.mark.chromium

FORMS: Final = {
    "module": ("--format=esm", "--splitting"),
    "one-module": ("--format=esm",),
    "classic": ("--format=iife",),
}
NPM_README: Final = DOCS.parent / "tracker" / "npm" / "README.md"
INSTALL: Final = blocks(DOCS / "install.md")
[IMPORT] = [code for kind, code in INSTALL if kind == "js"]
[META] = [code for kind, code in INSTALL if kind == "html" and "data-tonearm-api" in code]
CALLS: Final = [code for page in (DOCS / "install.md", NPM_README) for kind, code in blocks(page) if kind == "ts"]
PAGE: Final = (
    META.replace("https://plays.example.org", "{service}")
    + """<script {kind} src="/program.js"></script>
<audio controls src="song.mp3" data-tonearm-track="{key}"></audio><tonearm-plays></tonearm-plays>"""
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_tools()
    return packed_and_installed(tmp_path_factory.mktemp("npm"))


@pytest.mark.parametrize(
    "form", [*(pytest.param(form, marks=pytest.mark.full) for form in ("module", "one-module")), "classic"]
)
def test_a_bundle_counts_and_shows_the_card_by_itself(
    browser: Browser, service: Service, installed: Path, tmp_path: Path, form: str
) -> None:
    """Its policy allows no script but the site's own: nothing is loaded from the service."""
    files = bundled(installed, IMPORT, *FORMS[form])
    kind = "defer" if form == "classic" else 'type="module"'
    html = PAGE.format(service=service.url, kind=kind, key=f"npm-{form}")
    policy = f"{EVERYTHING}; script-src 'self'; connect-src {service.url}"
    context = browser.new_context(user_agent=ordinary(browser))
    with serving_site(html, policy, files) as address:
        page = context.new_page()
        guest = Guest(page, service)
        page.goto(address)
        guest.card_is_there()
        guest.listen()
        assert 1 == guest.counted(f"npm-{form}")["sampled"]
        assert [] == guest.complaints
    context.close()


@pytest.mark.full
def test_a_bundle_beside_the_services_tag_counts_once(browser: Browser, service: Service, installed: Path) -> None:
    files = bundled(installed, IMPORT, *FORMS["one-module"])
    tag = f'<script type="module" src="{service.url}/tonearm.js"></script>'
    html = tag + PAGE.format(service=service.url, kind='type="module"', key="npm-beside")
    context = browser.new_context(user_agent=ordinary(browser))
    with serving_site(html, "", files) as address:
        page = context.new_page()
        guest = Guest(page, service)
        page.goto(address)
        guest.card_is_there()
        assert [f"{service.url}/api/event/play"] == guest.listen_here()
        assert 1 == guest.counted("npm-beside")["totalPlays"]
        assert [] == guest.complaints
    context.close()


@pytest.mark.full
def test_without_a_named_service_events_go_to_the_pages_origin(
    browser: Browser, service: Service, installed: Path
) -> None:
    program = 'import { status } from "tonearm"; window.status_ = await status();'
    files = bundled(installed, program, *FORMS["one-module"])
    context = browser.new_context(user_agent=ordinary(browser))
    with serving_site('<script type="module" src="/program.js"></script>', "", files) as address:
        page = context.new_page()
        page.goto(address)
        assert f"{address}/api/event/" == page.wait_for_function("window.status_?.api").json_value()
    context.close()


@pytest.mark.full
@pytest.mark.parametrize("calls", CALLS, ids=["docs/install.md", "tracker/npm/README.md"])
def test_the_examples_of_the_functions_run_as_they_stand(
    browser: Browser, service: Service, installed: Path, calls: str
) -> None:
    """Each reports a play, up to 12.5 s of 240, and a share."""
    files = bundled(installed, f"{calls}\nwindow.now = now;", *FORMS["one-module"])
    html = META.replace("https://plays.example.org", service.url) + '<script type="module" src="/program.js"></script>'
    context = browser.new_context(user_agent=ordinary(browser))
    context.add_init_script("navigator.share = () => Promise.resolve()")  # which headless Chromium does not have
    with serving_site(html, "", files) as address:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        guest = Guest(page, service)
        with (
            page.expect_request(f"{service.url}/api/event/play") as play,
            page.expect_request(f"{service.url}/api/event/share") as share,
        ):
            page.goto(address)
        assert f"{service.url}/api/event/" == page.wait_for_function("window.now").json_value()["api"]
        assert {"trackEntryKey": "tide-table", "bucket": "partial"} == play.value.post_data_json
        target = re.search(r'share\("(track|release):([^"]+)"', calls)
        assert target is not None
        kind, key = target.groups()
        assert {"targetType": kind, "targetKey": key, "channel": "link"} == share.value.post_data_json
        assert [] == guest.complaints
    context.close()
