"""docs/api.md: every command on it runs as it stands, and answers what the page shows; those that fill come first."""

import json
import os
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest

from tests.integration.api_service import UNLIMITED
from tests.support.blocks import DOCS, blocks
from tests.support.postgres import Postgres
from tests.support.service import TONEARM, Service, serving

BLOCKS: Final = blocks(DOCS / "api.md")
[_VARIABLES] = [text for _, text in BLOCKS if text.startswith("export ")]
_SITE: Final = "https://plays.example.org"
_CURLRC: Final = "fail-with-body\nsilent\nshow-error\n"  # a refusal ends the command


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("docs")
    with serving(folder / "data", {**UNLIMITED, "TONEARM_DATABASE_URL": postgres.new_database()}) as one:
        (folder / ".curlrc").write_text(_CURLRC)
        (folder / "token").touch()
        made = run(one, f'{_VARIABLES.replace(_SITE, one.url)}\necho "$SERVICE $TOKEN"')
        url, token = made.stdout.split()
        assert one.url == url
        (folder / "token").write_text(token)
        yield one


def run(service: Service, script: str) -> subprocess.CompletedProcess[str]:
    home = service.data_dir.parent
    environment = service.environment | {
        "HOME": str(home),
        "PATH": f"{TONEARM.parent}:{os.environ['PATH']}",
        "SERVICE": service.url,
        "TOKEN": (home / "token").read_text(),
    }
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=60, check=False)


def in_order() -> list[tuple[str, str | None]]:
    """Commands, each with the answer that the page shows beneath it; what fills the catalog comes first."""
    commands = [
        (script, text if following == "json" else None)
        for (kind, script), (following, text) in pairwise([*BLOCKS, ("", "")])
        if kind == "sh" and script != _VARIABLES
    ]
    return sorted(commands, key=lambda one: "-X PUT" not in one[0])


def test_every_command_runs_and_answers_what_the_page_shows(service: Service) -> None:
    commands = in_order()
    assert len(commands) > 10
    for script, shown in commands:
        done = run(service, script)
        assert (0, "") == (done.returncode, done.stderr), script
        if shown is not None:
            assert json.loads(shown) == json.loads(done.stdout), script


def test_an_etag_that_is_sent_back_spares_the_answer(service: Service) -> None:
    [script] = [text for kind, text in BLOCKS if kind == "sh" and "If-None-Match" in text]
    assert run(service, script).stdout.startswith("HTTP/1.1 304")


def test_every_block_is_one_that_is_run_or_shown() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert {"sh", "json"} == set(kinds)
