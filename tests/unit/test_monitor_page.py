"""docs/monitor.md knows every way in which a canary gets stuck and events come, and its settings are settings."""

import tomllib

import pytest

from actors.canary import _NOT_COUNTED
from actors.networks import ENOUGH, MOST
from server.canary_post import _IN_FRONT, _OF_THE_SERVICE
from server.config import Config
from server.health import _CAME
from tests.support.blocks import DOCS, blocks

PAGE = (DOCS / "monitor.md").read_text("utf-8")
SETTINGS = [text for kind, text in blocks(DOCS / "monitor.md") if kind == "toml"]


@pytest.mark.parametrize("status", _IN_FRONT)
def test_the_page_knows_what_something_in_front_answers(status: int) -> None:
    assert any(f"{status}" in line for line in PAGE.splitlines() if line.startswith("| answers"))


@pytest.mark.parametrize("reason", _OF_THE_SERVICE)
def test_the_page_knows_what_the_service_answers(reason: str) -> None:
    assert f"({reason}) |" in PAGE


@pytest.mark.parametrize("said", [_NOT_COUNTED.partition(".")[0], *(said.partition(".")[0] for said in _CAME.values())])
def test_the_page_has_the_words_that_are_said(said: str) -> None:
    assert f"| {said.partition(',')[0]} |" in PAGE


def test_the_page_has_the_figures_of_the_code() -> None:
    assert f"With {ENOUGH} events or more" in PAGE
    assert f"{MOST:,}" in PAGE


def test_its_settings_are_settings() -> None:
    assert len(SETTINGS) >= 2
    for text in SETTINGS:
        Config(**tomllib.loads(text))
