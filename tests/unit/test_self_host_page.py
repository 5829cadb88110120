"""docs/self-host.md and the files it works with: what it names is there, and what it changes in them can be changed."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.journey.conftest import LEFT_OUT
from tests.journey.page import PAGE, UNINSTALL, UPGRADE, Step, steps
from tests.support.blocks import DOCS

ROOT: Final = DOCS.parent
STEPS: Final = steps()
LINES: Final = [line for step in STEPS for line in step.command.replace("\\\n", "").splitlines()]
SETS_UP: Final = "\n".join(step.command for step in STEPS if step.heading not in (UPGRADE, UNINSTALL))
REMOVES: Final = "\n".join(step.command for step in STEPS if step.heading == UNINSTALL)
UNITS: Final = sorted(
    path.name for kind in ("service", "socket", "timer") for path in (ROOT / "deploy").glob(f"*.{kind}")
)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.heading}: {step.command.split()[0]}")
def test_a_block_is_what_a_shell_can_read(step: Step) -> None:
    read = subprocess.run(["bash", "-n"], input=step.command, capture_output=True, text=True, check=False)
    assert (0, "") == (read.returncode, read.stderr)


def test_every_file_of_the_checkout_that_it_names_is_there() -> None:
    named = set(re.findall(r"(?<![\w/])(?:deploy|requirements)/[\w./*-]+\w", PAGE.read_text()))
    assert named
    assert [] == [name for name in named if not list(ROOT.glob(name))]


def test_every_unit_is_started_and_stopped_again() -> None:
    def units(text: str) -> set[str]:
        return set(re.findall(r"tonearm[\w-]*\.(?:service|socket|timer)", text))

    assert set(UNITS) == units(SETS_UP)
    enabled = units("\n".join(line for line in SETS_UP.splitlines() if line.startswith("systemctl enable")))
    assert enabled == units(REMOVES)
    assert set(UNITS) - enabled == {"tonearm-backup.service", "tonearm-salt.service"}  # which the timers start


def test_programs_are_installed_where_the_units_and_the_command_look_for_them() -> None:
    files = [ROOT / "deploy" / name for name in [*UNITS, "tonearm"]]
    programs = set(re.findall(r"/usr/lib/tonearm/[\w/-]+", "\n".join(file.read_text() for file in files)))
    assert {"/usr/lib/tonearm/" + name for name in ("venv/bin/tonearm", "backup", "rotate-salt")} == programs
    script = (ROOT / "deploy/install").read_text()
    assert "program=/usr/lib/tonearm\n" in script
    assert 'install -m 755 "$files/rotate-salt" "$files/backup" "$program/"\n' in script


def installed() -> dict[str, str]:
    """Path on the machine -> file of the checkout, of every `install` with files of ours."""
    found: dict[str, str] = {}
    for line in LINES:
        if line.startswith("install -m ") and "deploy/" in line:
            *files, folder = [word for word in line.split() if "/" in word]
            for pattern in files:
                found |= {f"{folder}{path.name}": str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}
    return found


@pytest.mark.parametrize("words", [[], ["/nowhere"], [".", "."]])
def test_an_installation_of_nothing_is_told_how(words: list[str]) -> None:
    told = subprocess.run([ROOT / "deploy/install", *words], capture_output=True, text=True, check=False)
    assert (2, True) == (told.returncode, told.stderr.startswith("Usage: deploy/install"))


def test_files_that_others_include_are_where_those_look() -> None:
    site = (ROOT / "deploy/nginx/tonearm-site.conf").read_text()
    for included in re.findall(r"include (/etc/nginx/\S+);", site):
        assert included in installed()
    rules = re.findall(r"(?m)^  - (\S+\.yml)$", (ROOT / "deploy/prometheus/prometheus.yml").read_text())
    assert ["tonearm.rules.yml"] == rules
    assert "/etc/prometheus/tonearm.rules.yml" in installed()


SUBSTITUTED: Final = {
    "/etc/tonearm/tonearm.toml": "deploy/tonearm.toml",
    "/etc/prometheus/prometheus.yml": "deploy/prometheus/prometheus.yml",
    "deploy/nginx/tonearm-site.conf > /etc/nginx/sites-enabled/tonearm-site.conf": "deploy/nginx/tonearm-site.conf",
}


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("sed ")])
def test_what_it_changes_in_a_file_is_there_to_be_changed(line: str, tmp_path: Path) -> None:
    [target] = [target for target in (*SUBSTITUTED, "/etc/default/") if target in line]
    before = (ROOT / SUBSTITUTED[target]).read_text() if target in SUBSTITUTED else 'ARGS=""\n'  # as Debian's are
    (tmp_path / "file").write_text(before)
    expressions = re.search(r"""sed (?:-i )?("(?:[^"\\]|\\.)*"|'[^']*')""", line)
    assert expressions is not None
    own_names = "HOST=sound.example.net SITE=https://sound.example.net ZONE=Asia/Tokyo"
    subprocess.run(["bash", "-ec", f"{own_names}\nsed -i {expressions[1]} file"], cwd=tmp_path, check=True)
    after = (tmp_path / "file").read_text()
    changes = expressions[1].count("s|") or 1
    assert changes <= sum(a != b for a, b in zip(before.splitlines(), after.splitlines(), strict=True))


def test_every_folder_it_makes_is_taken_away_again() -> None:
    made = set(re.findall(r"(?<![\w$])/(?:etc|usr/lib|usr/local/bin|var/\w+)/tonearm\b", SETS_UP))
    assert {"/etc/tonearm", "/var/lib/tonearm", "/var/backups/tonearm"} == made
    for path in {*made, "/usr/lib/tonearm", "/usr/local/bin/tonearm"}:
        assert path in REMOVES.split()


def test_only_what_needs_the_internet_to_know_the_name_is_left_out_of_the_journey() -> None:
    left_out = [step.command for step in STEPS if step.command.startswith(tuple(LEFT_OUT))]
    assert len(LEFT_OUT) == len(left_out) == 1
    assert "certbot certonly" in left_out[0]
