"""docs/access.md: its commands exist, its settings are the configuration's, its table of scopes is complete."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from server.access import password
from server.access.rules import Scope
from server.cli import made
from server.config import Access, Config, Http

PAGE = (Path(__file__).parents[2] / "docs" / "access.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"^tonearm ((?:password|token|share) [a-z-]+)", PAGE, re.MULTILINE)))


def commands_of(group: str) -> set[str]:
    """Those of the program."""
    found = get_command(made()).commands[group].commands  # type: ignore[attr-defined]
    return {f"{group} {name}" for name in found}


def test_the_page_names_every_command_there_is_and_no_other() -> None:
    assert COMMANDS == sorted(commands_of("password") | commands_of("token") | commands_of("share"))


@pytest.mark.parametrize("snippet", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_a_snippet_of_configuration_can_be_used(snippet: str) -> None:
    assert Config(**tomllib.loads(snippet)).http.trusted_proxies == ("127.0.0.1/32",)


def test_the_page_names_every_scope() -> None:
    assert [*Scope] == re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)


def test_the_page_says_the_defaults() -> None:
    assert f"`access.session_days` ({Access().session_days})" in PAGE
    assert f"`access.logins_per_minute` ({Access().logins_per_minute})" in PAGE
    assert f"{password.SHORTEST} to {password.LONGEST} characters" in PAGE
    assert Http().trusted_proxies == ()
    assert Access().trusted_header == ""
