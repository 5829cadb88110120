"""`tonearm retention`, and what the other commands say of months that have left the log."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.cli import made
from server.config import ConfigError
from tests.support import filled
from tests.support.postgres import Postgres

TODAY = datetime.now(UTC).date()
SINCE = "TONEARM_RETENTION__LOG_MONTHS"


def months_ago(number: int) -> date:
    """The first day of that month."""
    month = TODAY.year * 12 + TODAY.month - 1 - number
    return date(month // 12, month % 12 + 1, 1)


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """A database with fourteen months in it."""
    url = postgres.new_database()
    filled.fill_database(url, events=800, days=(TODAY - months_ago(13)).days + 1)
    return url


class Commands:
    """`tonearm` on that database, without a process for each; no service runs."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.environment = {"TONEARM_DATABASE_URL": url, "TONEARM_DATA_DIR": str(data_dir), SINCE: "11"}

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(made(), words, env=self.environment)

    def said(self, *words: str) -> str:
        """What one that succeeds prints."""
        ended = self(*words)
        assert 0 == ended.exit_code, ended.output
        return ended.stdout


@pytest.fixture
def commands(url: str, data_dir: Path) -> Commands:
    return Commands(url, data_dir)


def due(commands: Commands) -> list[str]:
    shown = json.loads(commands.said("retention", "--dry-run", "--json"))
    return [month["month"] for month in shown["log"]]


def test_what_would_go_is_shown_and_stays(commands: Commands) -> None:
    expected = [f"{months_ago(number):%Y-%m}" for number in (13, 12)]
    assert expected == due(commands)
    shown = commands.said("retention", "--dry-run")
    assert "The log is kept for the running month and 11 before it, daily figures for ever." in shown
    assert all(month in shown for month in expected)
    assert expected == due(commands)


def test_nobody_there_to_say_yes_is_a_no(commands: Commands) -> None:
    before = due(commands)
    assert 1 == commands("retention").exit_code
    assert before == due(commands)


def test_where_all_is_kept_for_ever_nothing_is_older(commands: Commands) -> None:
    commands.environment[SINCE] = "0"
    shown = commands.said("retention")
    assert "The log is kept for ever, daily figures for ever.\nNothing is older than that.\n" == shown


def test_daily_figures_that_would_go_before_the_log_are_a_mistake_of_the_configuration(commands: Commands) -> None:
    commands.environment["TONEARM_RETENTION__DAILY_MONTHS"] = "6"
    refused = commands("retention", "--dry-run").exception
    assert isinstance(refused, ConfigError)
    assert "allowed is daily_months = 0, or at least log_months" in str(refused)


def test_afterwards_every_command_knows_what_is_gone(commands: Commands) -> None:
    """The last test of this file: it drops them."""
    before = commands.said("stats", "home", "--json")
    assert "They are dropped" in commands.said("retention", "--yes")
    assert [] == due(commands)
    assert before == commands.said("stats", "home", "--json")
    checked = commands.said("check")
    assert "Every counter agrees with" in checked
    assert "events that have left it" in checked
    rebuilt = commands.said("rebuild")
    assert rebuilt.startswith("0 counters were wrong")
    assert "in months that have left the log" in rebuilt
    gone = months_ago(13)
    words = ("void", "--track", filled.UNCATALOGUED, "--from", f"{gone}", "--to", f"{gone.replace(day=20)}")
    nothing = commands(*words)
    assert 1 == nothing.exit_code
    assert f"Of these months the log is dropped: {gone:%Y-%m}. What they counted stays" in nothing.stderr
    some = commands.said(*words[:-1], f"{TODAY}", "--dry-run")
    assert f"Of these months the log is dropped: {gone:%Y-%m}, {months_ago(12):%Y-%m}." in some
