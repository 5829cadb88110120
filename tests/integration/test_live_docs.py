"""docs/live.md: every command on it runs as it stands; those that follow go on until they are ended."""

import os
import signal
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.test_live import ENVIRONMENT
from tests.support.blocks import DOCS, blocks
from tests.support.postgres import Postgres
from tests.support.service import TONEARM, Service, serving
from tests.support.terminal import shown

COMMANDS: Final = [text.strip() for kind, text in blocks(DOCS / "live.md") if kind == "sh"]
FIRST_WORDS: Final = {  # how each begins its answer
    "tonearm live": "0 plays and 0 shares in the last hour",
    "tonearm live --json": '{"event":"hour"',
    'curl -N -H "Authorization: Bearer $TOKEN" "$SERVICE/api/live"': "retry: 3000",
    'curl -H "Authorization: Bearer $TOKEN" "$SERVICE/api/health"': '{"ok":true',
}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("docs")
    with serving(folder / "data", {**ENVIRONMENT, "TONEARM_DATABASE_URL": postgres.new_database()}) as one:
        # The way in of the proxy, since a page's token is nobody's.
        (folder / ".curlrc").write_text('header = "X-Forwarded-User: me"\nsilent\n')
        yield one


def test_the_page_has_these_commands() -> None:
    assert list(FIRST_WORDS) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_answers(service: Service, command: str) -> None:
    home = service.data_dir.parent
    environment = service.environment | {
        "HOME": str(home),
        "PATH": f"{TONEARM.parent}:{os.environ['PATH']}",
        "SERVICE": service.url,
        "TOKEN": "any",
    }
    code = shown(["bash", "-c", f"exec {command}"], environment, home, [FIRST_WORDS[command]])
    assert code in (0, -signal.SIGINT)
