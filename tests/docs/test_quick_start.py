"""docs/quick-start.md, followed by somebody with two terminals and a browser."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import ordinary
from tests.docs.claims import pages
from tests.docs.terminal import Terminal, at_hand, filled_in, terminal
from tests.support.blocks import ROOT, fenced
from tests.support.chromium import chromium
from tests.support.service import READY, TONEARM, Service, eventually, without_settings

BLOCKS: Final = list(fenced(pages()["docs/quick-start.md"]))
[INSTALL, START, GO_THERE, TONE, SITE, LOOK, LOOK_AGAIN] = [block.text for block in BLOCKS if block.kind == "sh"]
[PAGE] = [block.text for block in BLOCKS if block.kind == "html"]
[ANSWER] = [block.text for block in BLOCKS if block.kind == "json"]
[SAID] = [block.text for block in BLOCKS if not block.kind]
[PASSWORD_OF_ACCESS] = [block.text for block in fenced(pages()["docs/access.md"]) if not block.kind]
PASSWORD: Final = r"(?:[a-z0-9]{4}-){4}[a-z0-9]{4}"
_AT: Final = re.compile(r"Serving HTTP on 127\.0\.0\.1 port (\d+)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Service]:
    """The first terminal's, with free ports for 8080 and 8081, and with nothing else set."""
    folder = home / "my-song"
    folder.mkdir()
    path = f"{TONEARM.parent}:{os.environ['PATH']}"
    settings = {"HOME": str(home), "PATH": path, "TONEARM_LIMITS__REFUSE_CRAWLERS": "true"}
    command = ["bash", "-ec", START.replace("tonearm", "exec tonearm")]
    running = Service(folder / "tonearm-data", settings, program=command)
    try:
        yield running.ready()
    finally:
        running.stop()


@pytest.fixture
def shell(home: Path, service: Service) -> Iterator[Terminal]:
    """The second terminal."""
    with terminal(home, at_hand(service)) as opened:
        yield opened


@contextmanager
def serving_the_page(folder: Path) -> Iterator[str]:
    """By the page's own command, on a free port."""
    command = ["bash", "-c", f"exec {SITE.replace('8000', '0')}"]
    environment = without_settings() | {"PYTHONUNBUFFERED": "1"}
    quiet = subprocess.DEVNULL
    site = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=quiet, text=True)
    try:
        assert site.stdout is not None
        found = _AT.search(site.stdout.readline())
        assert found is not None
        yield f"http://127.0.0.1:{found[1]}/"
    finally:
        site.terminate()
        site.communicate()


def shape(text: str) -> str:
    """What a start says, without what is another each time."""
    return re.sub(r":\d+", ":PORT", re.sub(PASSWORD, "PASSWORD", text)).strip()


def test_the_first_start_says_what_the_pages_show(service: Service) -> None:
    said = shape(service.said())
    assert "PASSWORD" in shape(SAID)
    for line in [*shape(SAID).splitlines(), shape(PASSWORD_OF_ACCESS)]:
        assert line in said
    assert READY.search(SAID)


@pytest.mark.chromium
def test_the_page_leads_to_a_play_that_is_counted_and_shown(home: Path, service: Service, shell: Terminal) -> None:
    words = {"http://127.0.0.1:8080": service.url}
    shell.run(GO_THERE)
    (home / "my-song" / "index.html").write_text(filled_in(PAGE, words), "utf-8")
    shell.run(TONE)
    with serving_the_page(home / "my-song") as site, chromium() as browser:
        page = browser.new_context(user_agent=ordinary(browser)).new_page()
        page.goto(site)
        heard_to_the_end(page)
        eventually(lambda: '"totalPlays":1' in shell.run(filled_in(LOOK, words)).stdout.replace(" ", ""))
        page.reload()
        expect(page.locator("tonearm-plays").get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("Plays: 1;")
        )
        assert json.loads(ANSWER) == json.loads(shell.run(filled_in(LOOK, words)).stdout)
        assert "my-song" in shell.run(LOOK_AGAIN).stdout
        assert "1" == plays_on_the_dashboard(page, service)


def heard_to_the_end(page: Page) -> None:
    page.mouse.click(300, 300)  # a browser lets no page play before that
    page.evaluate("""() => new Promise((resolve, reject) => {
        const audio = document.querySelector("audio");
        audio.addEventListener("ended", resolve);
        audio.defaultPlaybackRate = audio.playbackRate = 8;
        audio.play().catch(reject);
    })""")


def plays_on_the_dashboard(page: Page, service: Service) -> str:
    """With the password that the start has shown."""
    [password] = re.findall(PASSWORD, service.said())
    page.goto(f"{service.url}/dashboard")
    page.locator("input[type=password]").fill(password)
    page.get_by_role("button").click()
    return str(page.locator(".most__list li", has_text="my-song").locator("b").inner_text())


@pytest.mark.full
def test_the_service_installs_as_the_page_says(tmp_path: Path) -> None:
    """In a copy of what is committed or new, with another home, so that this checkout's environment is not touched."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    environment = without_settings() | {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    with terminal(tmp_path / "checkout", environment) as shell:
        shell.run(INSTALL)
        assert f"{tmp_path}/checkout/.venv/bin/tonearm" in shell.run("command -v tonearm").stdout
        assert "Usage: tonearm" in shell.run("tonearm --help").stdout
