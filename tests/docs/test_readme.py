"""README.md: its commands as they stand, each service of it started and asked."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.docs.claims import pages
from tests.docs.terminal import at_hand, filled_in, terminal
from tests.support.blocks import ROOT, fenced
from tests.support.http import Door, ask
from tests.support.service import TONEARM, Service

[MAKE_RUN, LOOK, SERVE] = [block.text for block in fenced(pages()["README.md"]) if block.kind == "sh"]
DEFAULTS: Final = re.findall(r"^\| `(TONEARM_\w+)` \| `([^`]+)`", pages()["README.md"], re.MULTILINE)


@contextmanager
def typed(command: str, folder: Path, environment: dict[str, str]) -> Iterator[Service]:
    """A service that a line of the page starts, with this test's folder for its data."""
    service = Service(folder / "data", environment, program=["bash", "-c", f"exec {command}"])
    try:
        yield service.ready()
    finally:
        service.stop()


@pytest.mark.full
def test_every_command_of_the_readme_runs(tmp_path: Path) -> None:
    with typed(make_run(), tmp_path, {}) as service, terminal(tmp_path, at_hand(service)) as shell:
        here = {".venv/bin/tonearm": str(TONEARM), "http://127.0.0.1:8080": service.url}
        shown = shell.run(filled_in(LOOK, here)).stdout
        assert "All plays" in shown or "Plays" in shown
        assert '"totalPlays"' in shown
        assert b"data-demo-play" in ask(Door.at(service.url), "GET", "/").body


def make_run() -> str:
    """`make run` with the environment that runs the tests in the place of `.venv`, which it takes for up to date."""
    assert MAKE_RUN.strip() == "make run"
    return f"make --no-print-directory -C '{ROOT}' VENV='{sys.prefix}' -o '{sys.prefix}/.run' run"


@pytest.mark.full
def test_the_service_takes_events_of_the_origins_it_was_started_with(tmp_path: Path) -> None:
    path = {"PATH": f"{TONEARM.parent}:{os.environ['PATH']}"}
    assignment, command = SERVE.strip().split(" ", 1)
    with typed(f"env {assignment} {command}", tmp_path, path) as service:
        body = b'{"trackEntryKey": "harbour-lights", "bucket": "complete"}'
        for origin, status in {"https://band.example": 202, "https://other.example": 403}.items():
            headers = {"Content-Type": "application/json", "Origin": origin}
            assert status == ask(Door.at(service.url), "POST", "/api/event/play", headers, body).status


def test_the_defaults_of_the_table_are_the_defaults() -> None:
    shown = subprocess.run(
        [TONEARM, "config", "show"], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    ).stdout
    assert len(DEFAULTS) > 5
    for variable, told in DEFAULTS:
        section, _, key = variable.removeprefix("TONEARM_").lower().rpartition("__")
        part = shown.partition(f"[{section}]\n")[2] if section else shown
        [value] = re.findall(rf"^{key} = (.*)$", part.partition("\n\n")[0], re.MULTILINE)
        assert told == value.strip('"')
