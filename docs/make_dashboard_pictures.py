"""Makes the pictures of the dashboard anew: `python docs/make_dashboard_pictures.py`, some five minutes.

Each is a page of the real service over a database that the tests' generator filled (or left empty), in Chromium. What
docs/dashboard.md shows goes to docs/images; every page, desktop and phone, light and dark, full, empty and with one
play, to docs/images/pages at half its size. `--all FOLDER` writes those to FOLDER at full size, to be looked at.
"""

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from playwright.sync_api import Browser  # noqa: E402  # found only with the line above

from tests.browser.card_page import play  # noqa: E402
from tests.browser.dashboard_site import Scheme, Site, dashboard, operating  # noqa: E402
from tests.support.chromium import chromium  # noqa: E402
from tests.support.postgres import running_postgres  # noqa: E402

DESKTOP, PHONE = 1280, 390
SMALL: Final = 0.5
EVENTS: Final = {"full": 60_000, "one": 1, "empty": 0}
RELEASE: Final = "release-03"
PAGES: Final = {
    "overview": "",
    "overview-today": "?range=today",
    "overview-all": "?range=all",
    "tracks": "tracks",
    "releases": "releases",
    "track": f"track/{RELEASE}%2Ftrack-04",
    "release": f"release/{RELEASE}?range=all",
    "shares": "shares",
    "live": "live",
    "health": "health",
    "privacy": "privacy",
    "wrong": "?range=fortnight",
}


@dataclass(frozen=True)
class Picture:
    """A page of one of the sites of EVENTS."""

    page: str
    site: str = "full"
    width: int = DESKTOP
    scheme: Scheme = "light"

    @property
    def name(self) -> str:
        size = "phone" if self.width == PHONE else "desktop"
        state = "" if self.site == "full" else f"-{self.site}"
        return f"dashboard-{self.page}{state}-{size}-{self.scheme}.png"


KEPT: Final = (
    Picture("overview"),
    Picture("overview", scheme="dark"),
    Picture("overview", width=PHONE),
    Picture("overview", "empty"),
    Picture("overview", "one", PHONE, "dark"),
    Picture("tracks", scheme="dark"),
    Picture("tracks", width=PHONE),
    Picture("release"),
    Picture("track", scheme="dark"),
    Picture("shares"),
    Picture("live", scheme="dark"),
    Picture("live", width=PHONE),
    Picture("health"),
    Picture("health", width=PHONE, scheme="dark"),
    Picture("privacy", width=PHONE),
)


def every() -> Iterator[Picture]:
    """All there are."""
    for site in EVENTS:
        for page in PAGES:
            for width in (DESKTOP, PHONE):
                yield Picture(page, site, width, "light")
                yield Picture(page, site, width, "dark")


SHRINK: Final = """async ([png, scale]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"),
        { width: image.width * scale, height: image.height * scale });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/webp", 0.8).split(",")[1];
}"""


def main() -> int:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page in every state, into this folder")
    folder: Path | None = parser.parse_args().all
    for made_anew in (HERE / "images", HERE / "images/pages") if folder is None else (folder,):
        made_anew.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, chromium() as browser:
        Path(made).chmod(0o711)  # PostgreSQL runs as another account where this one is root
        with running_postgres(Path(made) / "postgres") as postgres:
            for state, events in EVENTS.items():
                with dashboard(Path(made), postgres, events=events, seed=1) as site:
                    if state == "full":
                        play_some(site)
                    for picture in every():
                        if picture.site == state:
                            keep(picture, take(picture, browser, site), browser, folder)
                (Path(made) / "data").rename(Path(made) / f"data-{state}")
    return 0


def play_some(site: Site) -> None:
    """For the live page, which knows only what came in since the start."""
    for number, key in enumerate((f"{RELEASE}/track-04", "release-07/track-02", "loose-1", f"{RELEASE}/track-01")):
        play(site.service, key, *("complete", "sampled", "complete", "partial", "complete")[number:])


def take(picture: Picture, browser: Browser, site: Site) -> bytes:
    """The whole page as PNG."""
    with operating(browser, site, width=picture.width, scheme=picture.scheme) as operator:
        png = operator.open(PAGES[picture.page]).screenshot(full_page=True)
        operator.complaints.clear()  # of a page that answers 400, the browser says so in its console
    return png


def keep(picture: Picture, png: bytes, browser: Browser, folder: Path | None) -> None:
    """Where it belongs; `folder`: everything at full size there."""
    if folder is not None:
        (folder / picture.name).write_bytes(png)
    else:
        if picture in KEPT:
            (HERE / "images" / picture.name).write_bytes(png)
        (HERE / "images/pages" / picture.name).with_suffix(".webp").write_bytes(shrunk(png, browser))
    sys.stdout.write(f"{picture.name}: {len(png) / 1024:.0f} KiB\n")


def shrunk(png: bytes, browser: Browser) -> bytes:
    """As WebP at half its size, for which the browser has all that is needed."""
    page = browser.new_page()
    try:
        return base64.b64decode(page.evaluate(SHRINK, [base64.b64encode(png).decode(), SMALL]))
    finally:
        page.close()


if __name__ == "__main__":
    sys.exit(main())
