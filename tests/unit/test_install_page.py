"""docs/install.md shows what `tonearm snippet` prints; hashes, which every build changes, are left out there."""

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner, Result

import tracker
from server.cli import made
from tests.support.blocks import DOCS, blocks
from tests.support.service import TONEARM, without_settings
from tracker.releases import release

BLOCKS: Final = blocks(DOCS / "install.md")
PRINTED: Final = [
    (command.strip(), shown) for (_, command), (_, shown) in pairwise(BLOCKS) if command.startswith("tonearm snippet")
]


def run(command: str) -> Result:
    """Without a process of its own, which most of the time would go to."""
    _, *words = command.split()
    return CliRunner().invoke(made(), words)


@pytest.mark.parametrize(("command", "shown"), PRINTED, ids=[command for command, _ in PRINTED])
def test_a_block_is_what_the_command_above_it_prints(command: str, shown: str) -> None:
    printed = re.sub(r"(tonearm[a-z-]*)\.[0-9a-f]{8}\.js", r"\1.HASH.js", run(command).stdout)
    assert shown == re.sub(r"sha384-[\w+/=]+", "sha384-...", printed)


def test_every_html_block_is_printed_by_a_command_or_bundled() -> None:
    html = [text for kind, text in BLOCKS if kind == "html"]
    known = [shown for _, shown in PRINTED]
    [other] = [text for text in html if text not in known]
    assert "data-tonearm-api" in other  # tests/browser/test_npm_package.py


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Say where browsers reach the service: --url https://plays.example.org"),
        ("--url plays.example.org", "allowed is https://HOST or https://HOST:PORT"),
        ("--url https://plays.example.org/tonearm.js", "with nothing behind it"),
        ("--url https://plays.example.org;x", "allowed is"),
        ('--url https://plays.example.org"onload=alert(1)', "allowed is"),
    ],
)
def test_without_an_address_that_fits_it_says_what_it_wants(words: str, said: str) -> None:
    done = run(f"tonearm snippet {words}")
    assert (2, "") == (done.exit_code, done.stdout)
    assert said in done.stderr


def test_a_key_is_written_as_html() -> None:
    done = run('tonearm snippet --url https://plays.example.org/ --track "><script>')
    assert 'data-tonearm-track="&quot;&gt;&lt;script&gt;"' in done.stdout
    assert "https://plays.example.org/tonearm.js" in done.stdout


@pytest.mark.parametrize("released", [False, True])
def test_pinning_what_is_no_release_is_warned_of(tmp_path: Path, released: bool) -> None:
    ignored = shutil.ignore_patterns("node_modules", "released")
    package = Path(shutil.copytree(tracker.DIST.parent, tmp_path / "tracker", ignore=ignored))
    (package / "released").mkdir()
    if released:
        release("0.1.0", package / "dist", package / "released")
    words = [str(TONEARM), "snippet", "--url", "https://plays.example.org", "--pinned"]
    environment = without_settings() | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode
    assert released != ("is no release: after an upgrade tonearm." in done.stderr)
