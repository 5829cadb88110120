"""docs/data-life.md: its commands run as they stand, its settings are settings, its figures are those measured."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Final

import pytest

from bench.disk import page
from bench.disk.__main__ import documents
from server.config import Retention
from tests.support.blocks import DOCS, blocks
from tests.support.service import TONEARM, Service, serving

PAGE: Final = DOCS / "data-life.md"
[SNIPPET] = [text for kind, text in blocks(PAGE) if kind == "toml"]
COMMANDS: Final = [line for kind, text in blocks(PAGE) if kind == "sh" for line in text.splitlines()]
STORED: Final = page.read((DOCS / "disk.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With the embedded database, which `tonearm backup` is for."""
    with serving(tmp_path_factory.mktemp("life") / "data") as one:
        yield one


def test_every_command_runs(service: Service) -> None:
    assert len(COMMANDS) == 5
    for line in COMMANDS:
        environment = service.environment | {"PATH": f"{TONEARM.parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-e", "-c", line],
            env=environment,
            cwd=service.data_dir.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert 0 == done.returncode, (line, done.stderr)


def test_the_settings_are_settings() -> None:
    assert Retention(log_months=24, daily_months=0) == Retention(**tomllib.loads(SNIPPET)["retention"])


def test_the_page_of_figures_is_what_was_measured() -> None:
    assert (DOCS / "disk.md").read_text("utf-8") == documents(STORED)["disk.md"]


@pytest.mark.parametrize("name", page.CASES)
def test_the_figures_that_are_quoted_are_those_measured(name: str) -> None:
    assert page.quoted(name, STORED.cases[name]) in PAGE.read_text("utf-8")


def test_operating_tells_what_a_million_events_take() -> None:
    found = page.parts(STORED.cases["anon-id"])
    told = f"{found['log']:.0f} MiB of log and {found['listener sets']:.0f} MiB of listener sets"
    assert told in (DOCS / "operate.md").read_text("utf-8")


def test_a_million_events_of_each_mode_were_measured() -> None:
    assert list(page.CASES) == list(STORED.cases)
    assert {999_990} == {one.events for one in STORED.cases.values()}
