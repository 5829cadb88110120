"""Chromium that nobody steers, as a listener's own: it really renders pages ahead and really hides tabs.

Under automation it does neither. So nothing can be asked of its pages: they say by themselves what they see, by asking
the site for paths like `/said?hidden`, which the site keeps in order.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.browser.tracker_site import Site
from tests.support.chromium import FLAGS, UNASKED

_STOP_S: Final = 10
# For the pages: `say("hidden")` reaches the site also from a page that goes.
SAYING: Final = "<script>const say = (what) => fetch(`/said-${what}`, { keepalive: true }).catch(() => {})</script>"


@contextmanager
def lone_browser(chromium: str, address: str, profile: Path) -> Iterator[None]:
    """Opens this address with a profile of its own, and ends the process it started."""
    own = ("--headless=new", "--no-first-run", "--disable-popup-blocking", f"--user-data-dir={profile}")
    with subprocess.Popen(
        [chromium, *FLAGS, UNASKED, *own, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until(holds: Callable[[], object], site: Site, seconds: float = 30) -> None:
    """Wait until the site knows; what it was asked for is told if it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, (site.asked, site.events)
        time.sleep(0.02)


def wait_until_said(site: Site, what: str) -> None:
    """Wait until a page has said this."""
    wait_until(lambda: f"/said-{what}" in site.asked, site)
