"""A newcomer with a fresh machine, the page, and what the page expects of them beside typing."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.journey.machine import Machine, cannot_be_made, has_no_network, machine
from tests.journey.page import UNINSTALL, UPGRADE, Step, steps
from tests.journey.release import make_release
from tests.support.certificate import make_certificate
from tests.support.chromium import UNASKED, chromium
from tests.support.local_site import tone
from tests.support.mail_server import MailServer, mail_server

HOST = "plays.example.org"  # as the page names it, like all that follows
SITE = "https://band.example"
MAIL_HOST = "smtp.example.org"
VERSIONS = ("0.1.0", "0.2.0")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

# Blocks that are not run, by how they begin, and why. Everything else is run as it stands, in the one session.
LEFT_OUT = {
    "apt-get install -y --no-install-recommends certbot": (
        "certbot gets a certificate for a name that the internet knows; the variant below it is followed"
    ),
}


class Newcomer:
    """Has typed nothing yet."""

    def __init__(self, on: Machine, folder: Path) -> None:
        self.machine = on
        self.folder = folder
        self.shell = on.shell()
        self.typed: list[tuple[Step, str]] = []

    def follow(self, *headings: str) -> None:
        """The steps under these headings, or those of the first part where none is named."""
        for step in steps():
            wanted = step.heading in headings if headings else step.heading not in (UPGRADE, UNINSTALL)
            if wanted and not step.command.startswith(tuple(LEFT_OUT)):
                printed = self.shell.run(step.command)
                self.typed.append((step, printed))
                if step.command.startswith("tonearm snippet"):
                    self._plays_from_a_page_with(printed)

    def said(self, command: str) -> str:
        """What the block printed in which this command is."""
        [printed] = [printed for step, printed in self.typed if command in step.command]
        return printed

    def password(self) -> str:
        return self.said("journalctl -u tonearm").partition("shown this once: ")[2].split()[0]

    def prometheus(self, path: str) -> Any:
        """`data` of an answer of its API."""
        words = ["curl", "-sS", "--fail", f"http://127.0.0.1:9090/api/v1/{path}"]
        done = subprocess.run([*self.machine.inside(), *words], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["data"]

    def home(self) -> Any:
        """The site's figures, as anybody gets them."""
        words = ["curl", "-sS", "--fail", f"https://{HOST}/api/stats/home"]
        done = subprocess.run([*self.machine.inside(), *words], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def browser_page(self, stack: ExitStack) -> Page:
        """Of a Chromium in the machine's network, which takes its certificate as it is."""
        program = self.folder / "chromium"
        words = " ".join([*self.machine.in_its_network(), str(shutil.which("chromium"))])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
        there = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
        # A page of the internet may not talk to an address of the machine itself, which only here is the public one.
        local = "--disable-features=LocalNetworkAccessChecks"
        browser = stack.enter_context(chromium(UNASKED, there, local, executable_path=str(program)))
        return browser.new_context(ignore_https_errors=True, user_agent=AGENT).new_page()

    def _plays_from_a_page_with(self, snippet: str) -> None:
        """What was pasted, and a song beside it; the listener plays it and leaves."""
        with ExitStack() as stack:
            page = self.browser_page(stack)
            html = f'<!doctype html><link rel="icon" href="data:,">{snippet}'
            page.route(f"{SITE}/", lambda route: route.fulfill(content_type="text/html", body=html))
            page.route(f"{SITE}/song.mp3", lambda route: route.fulfill(content_type="audio/wav", body=tone(5)))
            page.goto(f"{SITE}/")
            with page.expect_response(lambda answer: "/api/event/play" in answer.url, timeout=30_000) as answer:
                page.evaluate("document.querySelector('audio').play()")
            assert 202 == answer.value.status, answer.value.text()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """What the page asks for: a name that points at it, the two files; and the second version, for later."""
    for reason in (cannot_be_made(), has_no_network()):
        if reason:
            pytest.skip(reason)
    folder = tmp_path_factory.mktemp("machine")
    made = [file for version in VERSIONS for file in make_release(version, tmp_path_factory.mktemp("release"))]
    with machine(folder) as running:
        for file in made:
            shutil.copy(file, running.root / "root")
        with (running.root / "etc/hosts").open("a") as hosts:
            hosts.write(f"127.0.0.1 {HOST} {MAIL_HOST}\n")
        yield running


@pytest.fixture(scope="module")
def mailbox(fresh: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """The mail provider that the page names; the machine believes its certificate as that of a real one."""
    certificate = make_certificate(tmp_path_factory.mktemp("mail"), MAIL_HOST)
    shutil.copy(certificate.chain, fresh.root / "usr/local/share/ca-certificates/mail-provider.crt")
    with ExitStack() as stack:
        with fresh.listening_there():
            server = stack.enter_context(mail_server((certificate.chain, certificate.key), port=587))
        yield server


@pytest.fixture(scope="module")
def newcomer(fresh: Machine, mailbox: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Who has followed the page up to its last step."""
    who = Newcomer(fresh, tmp_path_factory.mktemp("newcomer"))
    try:
        who.follow()
        yield who
    finally:
        who.shell.close()


@pytest.fixture(scope="module")
def rebooted(newcomer: Newcomer) -> Newcomer:
    """The machine went down and came up again. The newcomer's terminal is a new one, with the names set again."""
    newcomer.shell.close()
    newcomer.machine.reboot()
    newcomer.shell = newcomer.machine.shell()
    newcomer.shell.run(f"{steps()[0].command}\ncd tonearm-$VERSION")
    return newcomer


@pytest.fixture(scope="module")
def upgraded(rebooted: Newcomer) -> Newcomer:
    """The page's second version is there."""
    rebooted.follow(UPGRADE)
    return rebooted


@pytest.fixture(scope="module")
def removed(upgraded: Newcomer) -> Newcomer:
    """All is gone again."""
    upgraded.follow(UNINSTALL)
    return upgraded
