"""docs/alerts.md and docs/catalog.md: every configuration there is one, and every command there works."""

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from server.alerts import milestone
from server.config import Config
from storage.counters import Target
from storage.milestones import Passed
from tests.support.blocks import DOCS, blocks
from tests.support.filled import fill_database
from tests.support.mail_server import mail_server
from tests.support.postgres import Postgres
from tests.support.service import serving
from tests.support.web_server import Says, web_server

PAGES: Final = {name: blocks(DOCS / f"{name}.md") for name in ("alerts", "catalog")}
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOMLS: Final = [text for page in PAGES.values() for kind, text in page if kind == "toml"]
COMMANDS: Final = [
    re.split(r"\s{2,}", line)[0]
    for page in PAGES.values()
    for kind, text in page
    if kind == "sh"
    for line in text.splitlines()
    if line.startswith("tonearm ")
]


@pytest.mark.parametrize("toml", TOMLS)
def test_a_configuration_is_one(toml: str) -> None:
    Config(**tomllib.loads(toml.replace("whsec_...", SECRET)))


def test_the_milestone_is_one_as_it_is_sent() -> None:
    [shown] = [json.loads(text) for kind, text in PAGES["alerts"] if kind == "json"]
    passed = Passed(Target("harbour-lights", "track"), "harbour-lights", "Harbour Lights", 10_003, [10_000])
    _, body = milestone.alert(passed, datetime.fromisoformat(shown["timestamp"]))
    assert shown == json.loads(body)


@pytest.mark.full
def test_every_command_works(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.new_database()
    fill_database(url, seed=2, events=1_000, days=30)
    [table] = [text for kind, text in PAGES["catalog"] if kind == "csv"]
    [feed] = [text for kind, text in PAGES["catalog"] if kind == "json"]
    file = tmp_path / "tracks.csv"
    file.write_text(table + "harbour,Harbour,,,,\n", "utf-8")
    with mail_server() as mail, web_server() as site:
        site.answer = lambda _: Says(body=feed.encode())
        environment = {
            "TONEARM_DATABASE_URL": url,
            "TONEARM_CATALOG__URL": site.url,
            "TONEARM_ALERTS__DIGEST": '["mail"]',
            "TONEARM_ALERTS__SMTP_HOST": "127.0.0.1",
            "TONEARM_ALERTS__SMTP_PORT": str(mail.port),
            "TONEARM_ALERTS__SMTP_SECURITY": "none",
            "TONEARM_ALERTS__MAIL_FROM": "tonearm@band.example",
            "TONEARM_ALERTS__MAIL_TO": '["me@band.example"]',
        }
        with serving(tmp_path / "data", environment) as service:
            for command in COMMANDS:
                _, *words = command.replace("tracks.csv", str(file)).split()
                assert service.command(*words).stdout, command
            assert 1 == len(mail.messages)
    assert {"load", "pull", "rename"} <= {command.split()[2] for command in COMMANDS if " catalog " in command}
    assert 5 == sum(command.startswith("tonearm digest") for command in COMMANDS)
