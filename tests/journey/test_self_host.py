"""docs/self-host.md, followed to the letter by somebody with a fresh Debian machine, and what they then have.

Packages come from Debian's mirror and from PyPI, a real systemd is the first process, and the names are the page's own
examples. What is not as on a real machine: its name is known to itself alone (so the page's variant without certbot
is followed, LEFT_OUT), the mail provider is a server of the test, and both
releases are made of the working tree.
"""

import re
import subprocess
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.journey.conftest import HOST, LEFT_OUT, Newcomer
from tests.journey.machine import cannot_be_made
from tests.journey.page import UNINSTALL, UPGRADE, steps
from tests.support.mail_server import MailServer
from tests.support.service import eventually

pytestmark = [
    pytest.mark.full,
    pytest.mark.root,
    pytest.mark.chromium,
    pytest.mark.skipif(bool(cannot_be_made()), reason=cannot_be_made()),
]

SCRAPED_S = 60  # Prometheus asks, and looks at its rules, every 15 s
TIMERS = {"tonearm-backup.timer", "tonearm-salt.timer"}
# What has a right to remember: the journal, as the page says, and Debian's own copy of its lists of accounts.
REMEMBERS = re.compile(r"/var/log/journal/.*|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-")


def ask(newcomer: Newcomer, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a terminal of its own on the machine."""
    return subprocess.run([*newcomer.machine.inside(), *words], capture_output=True, text=True, timeout=60, check=False)


def test_every_block_was_typed_but_those_that_are_left_out(newcomer: Newcomer) -> None:
    first = [step.command for step in steps() if step.heading not in (UPGRADE, UNINSTALL)]
    typed = [step.command for step, _ in newcomer.typed]
    assert len(LEFT_OUT) == len(first) - len(typed)
    assert len(typed) > 10


def test_every_command_shows_what_the_page_says(newcomer: Newcomer) -> None:
    other = [(step.command, step.shown, printed) for step, printed in newcomer.typed if not step.is_shown_by(printed)]
    assert [] == other


def test_the_password_the_journal_showed_opens_the_dashboard_where_the_play_is(newcomer: Newcomer) -> None:
    with ExitStack() as stack:
        page = newcomer.browser_page(stack)
        page.goto(f"https://{HOST}/dashboard")
        page.get_by_label("Password").fill(newcomer.password())
        page.get_by_role("button", name="Sign in").click()
        assert "/dashboard/" == urlsplit(page.url).path
        expect(page.get_by_text("first-song").first).to_be_visible()


def test_the_play_counted_once_with_its_listener(newcomer: Newcomer) -> None:
    home = newcomer.home()
    assert (1, 1) == (home["totalPlays"], home["listeners"])


def test_other_sites_are_not_counted(newcomer: Newcomer) -> None:
    play = '{"trackEntryKey":"first-song","bucket":"complete"}'
    words = ["curl", "-s", "-A", "Mozilla/5.0", "-H", "Content-Type: text/plain", "-w", "\n%{http_code}", "-d", play]
    answer = ask(newcomer, *words, "-H", "Origin: https://else.example", f"https://{HOST}/api/event/play")
    assert "403" == answer.stdout.splitlines()[-1]


def test_a_certificate_can_be_renewed_past_the_redirect(newcomer: Newcomer) -> None:
    challenge = newcomer.machine.root / "var/www/html/.well-known/acme-challenge/word"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("the answer")
    assert "the answer" == ask(newcomer, "curl", "-s", f"http://{HOST}/.well-known/acme-challenge/word").stdout


def test_prometheus_sees_the_service(newcomer: Newcomer) -> None:
    def targets() -> list[tuple[str, str]]:
        found = newcomer.prometheus("targets")["activeTargets"]
        return [(target["labels"]["job"], target["health"]) for target in found]

    eventually(lambda: targets() == [("tonearm", "up")], SCRAPED_S)


def test_prometheus_knows_the_alarms_and_none_rings_on_a_machine_that_was_set_up_by_the_page(
    newcomer: Newcomer,
) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in newcomer.prometheus("rules")["groups"] for rule in group["rules"]]

    eventually(lambda: {"ok"} == {rule["health"] for rule in rules()}, SCRAPED_S)
    assert "TonearmDown" in [rule["name"] for rule in rules()]
    assert [] == newcomer.prometheus("alerts")["alerts"]


def test_prometheus_and_its_mail_are_not_open_to_other_machines(newcomer: Newcomer) -> None:
    listening = ask(newcomer, "ss", "-Hltn").stdout
    open_ports = {line.split()[3] for line in listening.splitlines() if not line.split()[3].startswith("127.0.0.1:")}
    assert {"0.0.0.0:80", "[::]:80", "0.0.0.0:443", "[::]:443"} == open_ports


def test_an_alarm_comes_as_mail(newcomer: Newcomer, mailbox: MailServer) -> None:
    eventually(lambda: bool(mailbox.messages), 90)
    assert ["you@example.org"] == mailbox.recipients
    assert b"Hello" in mailbox.messages[0]


def test_the_doctor_finds_nothing_that_fails(newcomer: Newcomer) -> None:
    assert [] == re.findall(
        r"(?m)^\s*x .*", newcomer.said("tonearm doctor")
    )  # and it left with 0, or the shell would have


def test_timers_run(newcomer: Newcomer) -> None:
    listed = ask(newcomer, "systemctl", "list-timers", "--no-legend", "tonearm-*").stdout
    assert TIMERS == set(re.findall(r"tonearm-\w+\.timer", listed))
    assert not re.search(r"(?m)^(n/a|-) ", listed)


def test_nothing_on_the_machine_has_failed(newcomer: Newcomer) -> None:
    assert "" == ask(newcomer, "systemctl", "list-units", "--failed", "--no-legend").stdout


def test_the_secret_is_apart_from_data_and_backups(newcomer: Newcomer) -> None:
    secret = newcomer.said("TONEARM_SECRET").partition("TONEARM_SECRET=")[2].strip()
    assert 64 == len(secret)
    assert ["/etc/tonearm/environment"] == [
        name for name in newcomer.machine.names(secret) if not REMEMBERS.fullmatch(name)
    ]
    assert 0o600 == (newcomer.machine.root / "etc/tonearm/environment").stat().st_mode & 0o777


def test_after_a_reboot_everything_is_there_again_and_the_figures_are_kept(rebooted: Newcomer) -> None:
    eventually(lambda: ask(rebooted, "systemctl", "is-active", "tonearm").stdout == "active\n", 60)
    assert 1 == rebooted.home()["totalPlays"]
    eventually(lambda: [t["health"] for t in rebooted.prometheus("targets")["activeTargets"]] == ["up"], SCRAPED_S)
    assert TIMERS == set(re.findall(r"tonearm-\w+\.timer", ask(rebooted, "systemctl", "list-timers").stdout))
    assert "" == ask(rebooted, "systemctl", "list-units", "--failed", "--no-legend").stdout


def test_another_version_keeps_the_figures(upgraded: Newcomer) -> None:
    step, printed = upgraded.typed[-1]
    assert step.is_shown_by(printed), printed
    assert 1 == upgraded.home()["totalPlays"]


def test_away_with_it_leaves_nothing(removed: Newcomer) -> None:
    assert [] == [name for name in removed.machine.names("tonearm") if not REMEMBERS.fullmatch(name)]
    assert "" == ask(removed, "pgrep", "-f", "tonearm").stdout
    assert "" == ask(removed, "systemctl", "list-units", "--all", "--no-legend", "tonearm*").stdout
    assert 2 == ask(removed, "getent", "passwd", "tonearm").returncode
