"""Makes the pictures of the demo anew: `python docs/make_screenshots.py` writes `docs/demo.png` and `docs/images/`.

It starts the real service with its demo in a folder of its own, has it count some plays, and looks at its pages with
Chromium, so the pictures show what `make run` shows after a while. Needs what the tests need (`make test` installs it).
"""

import json
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from server.demo.discography import load  # noqa: E402  # found only with the line above
from tests.browser.visitor import ordinary  # noqa: E402
from tests.support.chromium import chromium  # noqa: E402
from tests.support.service import serving  # noqa: E402

DESKTOP: Final = (1280, 800)
PHONE: Final = (390, 844)
FRAME: Final = (480, 140)
HEARD: Final = "night-ferry/engine-room"
ROLLED_MS: Final = 4_000  # by then the odometers stand still


@dataclass(frozen=True)
class Picture:
    """A page of the demo as somebody sees it; with `at_second`, its track is playing and has come that far."""

    file: str
    path: str
    size: tuple[int, int] = DESKTOP
    scheme: Literal["light", "dark"] = "light"
    at_second: float | None = None
    from_element: str = ""  # scrolled until this begins at the top


PICTURES: Final = (
    Picture("demo.png", "/"),
    Picture("images/demo-home-dark.png", "/", scheme="dark"),
    Picture("images/demo-home-phone.png", "/", PHONE),
    Picture("images/demo-releases-light.png", "/", from_element="#releases"),
    Picture("images/demo-releases-dark.png", "/", scheme="dark", from_element="#releases"),
    Picture("images/demo-release-light.png", "/release/lamp-room-session"),
    Picture("images/demo-release-dark.png", "/release/lamp-room-session", scheme="dark"),
    Picture("images/demo-track-light.png", f"/track/{HEARD}", at_second=17),
    Picture("images/demo-track-dark.png", f"/track/{HEARD}", scheme="dark", at_second=17),
    Picture("images/demo-track-phone.png", f"/track/{HEARD}", PHONE, "dark", at_second=17),
    Picture("images/demo-embed-light.png", f"/embed/{HEARD}", FRAME, at_second=12),
    Picture("images/demo-embed-dark.png", f"/embed/{HEARD}", FRAME, "dark", at_second=12),
)

# Press play, go there, and say so once it sounds from there. The volume is nobody's business but the machine's.
_LISTEN: Final = """(seconds) => new Promise((resolve) => {
    const audio = document.querySelector("audio");
    audio.muted = true;
    audio.addEventListener("timeupdate", () => audio.currentTime > seconds && resolve());
    audio.addEventListener("playing", () => { audio.currentTime = seconds; }, { once: true });
    document.querySelector("[data-demo-play]").click();
})"""


def main() -> int:
    """Make them all; 0, or 1 and a sentence where there is no Chromium."""
    if shutil.which("chromium") is None:
        sys.stderr.write("There is no Chromium on this machine. On Debian: apt-get install chromium\n")
        return 1
    settings = {"TONEARM_DEMO": "true", "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "data", settings) as service,
        chromium() as browser,
    ):
        agent = ordinary(browser)
        count_some_plays(service.url, agent)
        for picture in PICTURES:
            take(picture, browser, agent, service.url)
    return 0


def count_some_plays(site: str, agent: str) -> None:
    """As many as a small band has after a good month, so that the figures have something to tell."""

    def send(event: tuple[str, str]) -> None:
        track, bucket = event
        body = json.dumps({"trackEntryKey": track, "bucket": bucket}).encode()
        headers = {"Content-Type": "text/plain", "User-Agent": agent}
        request = urllib.request.Request(f"{site}/api/event/play", body, headers)  # noqa: S310  # http, and ours
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310

    with ThreadPoolExecutor(8) as senders:
        list(senders.map(send, plays()))


def plays() -> Iterator[tuple[str, str]]:
    for number, track in enumerate(load().tracks):
        for bucket, count in (("partial", 31), ("sampled", 43 - 2 * number), ("complete", 97 - 5 * number)):
            yield from [(track.key, bucket)] * count


def take(picture: Picture, browser: Browser, agent: str, site: str) -> None:
    """Look at a page once it has come to rest."""
    width, height = picture.size
    context = browser.new_context(
        user_agent=agent, viewport={"width": width, "height": height}, color_scheme=picture.scheme
    )
    page = context.new_page()
    page.goto(site + picture.path, wait_until="networkidle")
    if picture.from_element:
        page.locator(picture.from_element).first.evaluate("(element) => element.scrollIntoView()")
    listen(page, picture.at_second)
    page.wait_for_timeout(ROLLED_MS)
    file = HERE / picture.file
    file.parent.mkdir(exist_ok=True)
    page.screenshot(path=file)
    sys.stdout.write(f"docs/{picture.file}: {file.stat().st_size / 1024:.0f} KiB\n")
    context.close()


def listen(page: Page, second: float | None) -> None:
    if second is not None:
        page.evaluate(_LISTEN, second)


if __name__ == "__main__":
    sys.exit(main())
