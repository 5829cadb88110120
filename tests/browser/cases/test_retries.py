"""What the service could not take is tried again after a minute, then after twice that, and not before."""

import pytest
from playwright.sync_api import Browser

from tests.browser.cases.listener import listening
from tests.browser.tracker_site import Site

pytestmark = [pytest.mark.chromium, pytest.mark.full]


def test_what_waits_is_tried_again_after_a_minute_and_then_after_twice_that(chromium: Browser, site: Site) -> None:
    with listening(chromium, site, complaining=True) as listener:  # of the answers
        listener.context.clock.install()
        page = listener.open()
        listener.play(page, 0.1)
        page.wait_for_function("import('/tonearm.js').then(({ status }) => status()).then(({ mode }) => mode)")
        listener.context.set_offline(True)
        page.wait_for_function("a.ended")
        site.status = 503
        listener.context.set_offline(False)

        def tries_after(seconds: float, count: int) -> int:
            """How often the service was asked, once that much time has gone by."""
            listener.context.clock.run_for(int(seconds * 1_000))
            site.wait_for(count)
            page.wait_for_timeout(300)
            return len(site.events)

        assert 1 == tries_after(1, 1)
        assert 1 == tries_after(50, 1)
        assert 2 == tries_after(20, 2)
        assert 2 == tries_after(100, 2)
        site.status = 202
        assert 3 == tries_after(40, 3)
        assert 3 == tries_after(3_600, 3)
    assert 1 == len({play["eventId"] for _, play in site.events})
