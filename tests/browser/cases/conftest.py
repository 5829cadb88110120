"""Chromium, one for each file of cases, and visitors of the small site of `tracker_site`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.tracker_site import Site, serving_site
from tests.support.chromium import FLAGS, UNASKED, launch

pytest.register_assert_rewrite("tests.browser.cases.listener")

from tests.browser.cases.listener import Listener, listening  # noqa: E402  # after the line that makes its asserts speak


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = shutil.which("chromium")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """With the back-forward cache, which Playwright switches off."""
    browser = launch(playwright, UNASKED, ignore_default_args=["--disable-back-forward-cache"])
    yield browser
    browser.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


@pytest.fixture
def listener(chromium: Browser, site: Site) -> Iterator[Listener]:
    """Somebody with a browser of their own; whatever a page logs or throws fails the test."""
    with listening(chromium, site) as somebody:
        yield somebody


@pytest.fixture
def everyday_listener(playwright: Playwright, chromium_path: str, site: Site, tmp_path: Path) -> Iterator[Listener]:
    """The same with an ordinary profile, where a frame of another site stores things in a partition of its own."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text('{"profile": {"cookie_controls_mode": 0}}')
    own = ("--headless", "--remote-debugging-pipe", "--no-first-run", f"--user-data-dir={tmp_path}")
    context = playwright.chromium.launch_persistent_context(
        tmp_path,
        executable_path=chromium_path,
        ignore_default_args=True,  # among them is one that switches the partitions off
        args=[*FLAGS, UNASKED, *own],
    )
    with listening(context, site) as somebody:
        yield somebody
