"""Makes the README's picture anew: `python docs/make_screenshots.py` writes `docs/demo.png`.

It starts the real service with its demo in a folder of its own and looks at it with Chromium, so the picture shows
what `make run` shows. Needs what the tests need (`make test` installs it).
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.support.service import serving  # noqa: E402  # found only with the line above

PICTURES: Final = {"demo.png": "/"}
"""File in this folder -> the demo's page it shows."""

WIDTH, HEIGHT = 1280, 800  # CSS pixels, and as many of the picture


def main() -> int:
    """Make them all; 0, or 1 and a sentence where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("There is no Chromium on this machine. On Debian: apt-get install chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data", {"TONEARM_DEMO": "true"}) as service:
        take(chromium, service.url)
    return 0


def take(chromium: str, site: str) -> None:
    """Look at each page once it has come to rest."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page = context.new_page()
        for name, path in PICTURES.items():
            page.goto(site + path, wait_until="networkidle")
            page.screenshot(path=HERE / name)
            sys.stdout.write(f"docs/{name}: {(HERE / name).stat().st_size / 1024:.0f} KiB\n")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
