"""Pages that nobody looks at, in a browser that nobody steers: rendered ahead, or in a tab behind another."""

from pathlib import Path
from typing import Final

import pytest

from tests.browser.cases.lone_browser import SAYING, lone_browser, wait_until, wait_until_said
from tests.browser.tracker_site import ELSEWHERE, TRACKED, Site, plays

pytestmark = pytest.mark.chromium

AHEAD: Final = (
    SAYING
    + TRACKED.replace('preload="auto"', "autoplay")
    + """<script>
say(document.prerendering ? "ahead" : "at-once");
document.addEventListener("prerenderingchange", () => say("looked-at"));
a.addEventListener("ended", () => say("heard"));
</script>"""
)
FROM: Final = (
    ELSEWHERE
    + """<script type="speculationrules">
{ "prerender": [{ "source": "list", "urls": ["/ahead?tonearm=link"], "eagerness": "immediate" }] }
</script>
<script>
const go = async () => {
  if ((await fetch("/go")).ok) location.href = "/ahead?tonearm=link";
  else setTimeout(go, 100);
};
go();
</script>"""
)
# Plays, and comes to lie behind another tab once that would count.
BEHIND: Final = (
    SAYING
    + TRACKED
    + """<script>
document.addEventListener("visibilitychange", () => say(document.visibilityState));
a.addEventListener("ended", () => say(`heard-${document.visibilityState}`));
a.addEventListener("timeupdate", () => (window.other ??= a.currentTime > 1 ? window.open("/elsewhere") : undefined));
a.play();
</script>"""
)


def test_a_page_rendered_ahead_asks_and_sends_nothing_until_it_is_looked_at_and_then_is_one_play_of_its_link(
    site: Site, chromium_path: str, tmp_path: Path
) -> None:
    site.pages |= {"/ahead": AHEAD, "/from": FROM}
    with lone_browser(chromium_path, f"{site.address}/from", tmp_path):
        wait_until_said(site, "ahead")
        wait_until(lambda: site.asked.count("/go") > 20, site)  # two seconds more
        assert not [path for path in site.asked if "keep" in path or "config" in path]
        assert "/tonearm.js" in site.asked
        assert "/said-looked-at" not in site.asked
        assert [] == site.events
        site.pages["/go"] = ELSEWHERE
        wait_until_said(site, "heard")
        [(_, play)] = site.wait_for(1)
        assert ("a", "complete", "link") == (play["trackEntryKey"], play["bucket"], play["via"])
        assert "/said-looked-at" in site.asked
        assert "/said-at-once" not in site.asked  # not rendered a second time
        wait_until(lambda: [path for path in site.asked if "keep" in path], site)
    assert [("a", "complete")] == plays(site.events)


def test_a_tab_that_lies_behind_another_plays_on_and_is_one_complete_play(
    site: Site, chromium_path: str, tmp_path: Path
) -> None:
    site.pages["/"] = BEHIND
    with lone_browser(chromium_path, f"{site.address}/", tmp_path):
        wait_until_said(site, "heard-hidden")
        site.wait_for(1)
    assert [("a", "complete")] == plays(site.events)
