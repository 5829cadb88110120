"""The commands of a page as they stand, in its order, in one shell, beside a service as it is by default."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.docs.claims import pages
from tests.docs.terminal import Terminal, at_hand, filled_in, terminal
from tests.support.blocks import fenced
from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving

BY_DEFAULT: Final = {"TONEARM_LIMITS__REFUSE_CRAWLERS": "true"}  # curl is one of them, as it is to the reader
FLOOD: Final = """\
record,created_at,day,target_kind,target_key,release_key,bucket,channel,via,rule_version
play,2026-11-21T04:00:00Z,2026-11-21,track,harbour-lights,,partial,,,1
"""


def nothing(service: Service, shell: Terminal) -> None:
    """The page needs only the service."""


def a_flood(service: Service, shell: Terminal) -> None:
    (shell.folder / "flood.csv").write_text(FLOOD)
    shell.run("tonearm import flood.csv")


def a_log(service: Service, shell: Terminal) -> None:
    (shell.folder / "nginx").mkdir()
    (shell.folder / "nginx" / "access.log").write_text('{"at":"2026-11-21T04:00","route":"/api/event/play"}\n')


def a_play(service: Service, shell: Terminal) -> None:
    body = b'{"trackEntryKey": "harbour-lights", "bucket": "complete"}'
    headers = {"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    assert 202 == ask(Door.at(service.url), "POST", "/api/event/play", headers, body).status
    eventually(lambda: ask(Door.at(service.url), "GET", "/api/stats/home").json()["totalPlays"] == 1)


@dataclass(frozen=True)
class Page:
    """What its commands need."""

    name: str
    before: Callable[[Service, Terminal], None] = nothing
    settings: dict[str, str] = field(default_factory=dict)
    typed: str = ""  # what a command is answered that asks
    words: dict[str, str] = field(default_factory=dict)  # placeholder -> what stands for it here


PAGES: Final = (
    Page("docs/access.md", typed="correct horse battery\n"),
    Page("docs/operate.md", a_flood, {"TONEARM_PRIVACY__MODE": "both"}, typed="y\n"),
    Page("docs/privacy.md", a_log, words={"/var/log/nginx": "nginx"}),
    Page("docs/faq.md"),
    Page("docs/doctor.md"),
)
# Those of a secret that is lost, which have a test below, and of a whole machine: tests/docs/claims.py says where.
OF_THEIR_OWN: Final = ("tonearm export days", "tonearm doctor --pid", "tonearm doctor --url")
COMMANDS: Final = {
    page.name: [
        one.text for one in fenced(pages()[page.name]) if one.kind == "sh" and not one.text.startswith(OF_THEIR_OWN)
    ]
    for page in PAGES
}
[WITHOUT_SECRET] = [one.text for one in fenced(pages()["docs/faq.md"]) if one.text.startswith("tonearm export days")]


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_page_runs(postgres: Postgres, tmp_path: Path, page: Page) -> None:
    settings = {**BY_DEFAULT, **page.settings, "TONEARM_DATABASE_URL": postgres.new_database()}
    with serving(tmp_path / "data", settings) as service, terminal(tmp_path, at_hand(service)) as shell:
        page.before(service, shell)
        for block in COMMANDS[page.name]:
            shell.run(filled_in(block, {"https://plays.example.org": service.url, **page.words}), page.typed)
        assert "Every counter agrees" in shell.run("tonearm check").stdout


@pytest.mark.full
def test_figures_outlive_a_lost_secret_in_the_way_the_page_says(tmp_path: Path) -> None:
    with serving(tmp_path / "data", BY_DEFAULT) as service, terminal(tmp_path, at_hand(service)) as shell:
        a_play(service, shell)
        service.stop()
        (service.data_dir / "secret").unlink()
        refused = shell.run("! tonearm serve")
        assert "sealed under another secret" in refused.stdout + refused.stderr
        shell.run(WITHOUT_SECRET)
        shell.run("export TONEARM_DATA_DIR=tonearm-new")
        assert '"totalPlays": 1' in shell.run("tonearm stats home --json").stdout
        assert '"complete": 1' in shell.run("tonearm stats track harbour-lights --json").stdout
