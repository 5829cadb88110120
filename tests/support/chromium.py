"""The machine's own Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Playwright, sync_playwright

# No sandbox: it does not start as root with one. The rest is quiet where there is no graphics card and no network.
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
UNASKED: Final = "--autoplay-policy=no-user-gesture-required"  # scripts may play, as on a page that was clicked on


def launch(playwright: Playwright, *flags: str, **options: Any) -> Browser:
    """`options` as `chromium.launch` takes them."""
    where = {"executable_path": shutil.which("chromium"), **options}
    return playwright.chromium.launch(args=[*FLAGS, *flags], **where)


@contextmanager
def chromium(*flags: str, **options: Any) -> Iterator[Browser]:
    """One that runs until the context is left; Playwright's event loop is gone then, too."""
    with sync_playwright() as playwright:
        browser = launch(playwright, *flags, **options)
        yield browser
        browser.close()
