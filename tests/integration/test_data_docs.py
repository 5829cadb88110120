"""Every command of docs/data.md, as it stands there, in its order, beside a running service."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_backup import play
from tests.support.service import TONEARM, eventually, serving

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = re.findall(r"`(\S+\.csv)`:\n\n```csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.full
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    for name, content in FILES:
        (tmp_path / name).write_text(content)
    assert {"plays-so-far.csv", "goatcounter.csv", "website_event.csv"} == {name for name, _ in FILES}
    with serving(tmp_path / "data") as service:
        play(service.url, "harbour-lights", anonId="3f0e6f36-3b7c-4c4e-9a53-0f2c0c8d1a11")
        eventually(lambda: '"totalPlays": 1' in service.command("stats", "home", "--json").stdout)
        environment = service.environment | {"PATH": f"{TONEARM.parent}{os.pathsep}{os.environ['PATH']}"}
        told = ""
        for block in COMMANDS:
            here = block.replace("/var/lib/tonearm-new", str(tmp_path / "new"))
            here = here.replace("/root/tonearm-secret", str(tmp_path / "data" / "secret"))
            done = subprocess.run(
                ["bash", "-euc", here], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
            )
            assert 0 == done.returncode, block + done.stderr
            told += done.stdout
        assert "Every counter agrees" in service.command("check").stdout
    assert "Imported 16,042 plays and 0 shares of 2 tracks, 2026-10-31 to 2026-10-31." in told
    assert 2 == told.count("Imported 1 plays and 0 shares of 1 tracks, 2026-10-0")
    assert (tmp_path / "new" / "postgres").is_dir()


def test_the_page_names_every_option() -> None:
    commands = (["export"], ["import", "file"], ["backup"], ["restore"])
    helps = "".join(_help(words) for words in commands)
    # What a command explains itself, and the page needs not.
    shown = set(re.findall(r"--[a-z][a-z-]+", helps)) - {"--config", "--json", "--help"}
    assert not {option for option in shown if option not in PAGE}


def _help(words: list[str]) -> str:
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.run([TONEARM, *words, "--help"], capture_output=True, text=True, env=environment).stdout
