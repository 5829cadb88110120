"""Makes the pictures of docs/card.md anew: `python docs/make_card_pictures.py` writes `docs/card-light.png`, `-dark`.

The card is the built one, in Chromium; its figures are made up here. Needs what the tests need (`make test`).
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import expect

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.browser.card_page import site  # noqa: E402  # found only with the line above
from tests.support.chromium import chromium  # noqa: E402

FIGURES: Final = {"totalPlays": 12_345, "completionRate": 0.618, "totalShares": 1_234, "listeners": 4_321}
PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><script type="module" src="/tonearm-plays.js"></script>
<style>body { margin: 0; width: max-content; padding: 1.25rem 1.5rem }</style><tonearm-plays></tonearm-plays>"""


def main() -> int:
    """Make both; 0, or 1 and a sentence where there is no Chromium."""
    if shutil.which("chromium") is None:
        sys.stderr.write("There is no Chromium on this machine. On Debian: apt-get install chromium\n")
        return 1
    with site() as pages, chromium() as browser:
        pages.pages = {"/": PAGE}
        for theme in ("light", "dark"):
            page = browser.new_page(
                color_scheme="light" if theme == "light" else "dark", device_scale_factor=2, reduced_motion="reduce"
            )
            page.route("**/api/stats/**", lambda route: route.fulfill(body=json.dumps(FIGURES)))
            page.goto(pages.elsewhere)
            expect(page.locator("tonearm-plays")).to_have_attribute("data-tonearm-state", "live")
            file = HERE / f"card-{theme}.png"
            page.locator("body").screenshot(path=file)
            sys.stdout.write(f"docs/{file.name}: {file.stat().st_size / 1024:.0f} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
