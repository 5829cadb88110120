"""What a progress report costs a page: `python -m bench.tracker_cost` measures it in Chromium.

The page is that of the browser tests. A report is a `timeupdate` of an element that stands in for a player, 10,000 in a
row; a real player sends four a second. Prints microseconds of the main thread for each, and the layouts they made.
"""

import statistics
import sys
from typing import Final

from playwright.sync_api import Browser

from tests.browser.measures import counting_layouts
from tests.browser.tracker_site import Site, serving_site
from tests.support.chromium import UNASKED, chromium

REPORTS: Final = 10_000
ROUNDS: Final = 9
ALLOWED_US: Final = 100.0

_STAND_IN: Final = """(track) => {
    customElements.define("stand-in", class extends HTMLElement {
        currentTime = 0; duration = 1e6; paused = false; seeking = false; loop = false; playbackRate = 1;
    });
    const player = document.createElement("stand-in");
    player.dataset.tonearmTrack = track;
    document.body.append(player);
    player.dispatchEvent(new Event("playing"));
    window.report = (count) => {
        const began = performance.now();
        for (let i = 0; i < count; i += 1) {
            player.currentTime += 0.25;
            player.dispatchEvent(new Event("timeupdate"));
        }
        return (performance.now() - began) * 1000 / count;
    };
}"""


def main() -> int:
    """Measure both, side by side in one run, and print them."""
    with serving_site() as site, chromium(UNASKED) as browser:
        site.pages["/without"] = site.pages["/"].replace("/tonearm.js", "/none.js")
        measured = {path: microseconds(browser, site, path) for path in ("/without", "/")}
    (without, _), (with_tracker, layouts) = measured["/without"], measured["/"]
    cost = with_tracker - without
    sys.stdout.write(
        f"A report with the tracker: {with_tracker:.2f} us, without: {without:.2f} us (medians of {ROUNDS} rounds of "
        f"{REPORTS:,}). The tracker's part: {cost:.2f} us of {ALLOWED_US:.0f} allowed. Layouts and styles: {layouts}.\n"
    )
    return 0 if cost <= ALLOWED_US and not layouts else 1


def microseconds(browser: Browser, site: Site, path: str) -> tuple[float, int]:
    """The median of a report, and how many layouts and style recalculations all of them made."""
    page = browser.new_page()
    page.goto(site.address + path)
    page.evaluate(_STAND_IN, "bench")
    page.evaluate("report(1000)")
    page.wait_for_timeout(500)  # the keeper is loaded by then
    layouts = counting_layouts(page)
    page.evaluate("document.body.offsetWidth")
    before = layouts()
    rounds = [float(page.evaluate(f"report({REPORTS})")) for _ in range(ROUNDS)]
    made = layouts() - before
    page.close()
    return statistics.median(rounds), made


if __name__ == "__main__":
    sys.exit(main())
