"""The ops script for backups and its timer, against the running service."""

import configparser
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.service import TONEARM, Service, serving

DEPLOY = Path(__file__).parents[2] / "deploy"


def run(service: Service, *words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = service.environment | {"PATH": f"{TONEARM.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([DEPLOY / "backup", *words], env=environment, capture_output=True, text=True, timeout=60)


def test_the_script_backs_up_and_keeps_the_last_ones(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups with spaces"
    folder.mkdir()
    for day in range(10, 15):
        (folder / f"tonearm-202601{day}T031700Z.backup").write_text("old")
    (folder / "notes.txt").write_text("mine")
    with serving(data_dir) as service:
        made = run(service, folder, "3")
    assert 0 == made.returncode, made.stderr
    left = sorted(path.name for path in folder.iterdir())
    kept = ["notes.txt", "tonearm-20260113T031700Z.backup", "tonearm-20260114T031700Z.backup"]
    assert (kept, 4) == (left[:3], len(left))
    assert 10_000 < (folder / left[3]).stat().st_size


def test_a_backup_that_fails_removes_none(tmp_path: Path, data_dir: Path) -> None:
    old = [tmp_path / f"tonearm-202601{day}T031700Z.backup" for day in (10, 11)]
    for path in old:
        path.write_text("old")
    environment = os.environ | {"TONEARM_DATA_DIR": str(data_dir), "PROGRAM": str(TONEARM)}
    failed = subprocess.run([DEPLOY / "backup", tmp_path, "1"], env=environment, capture_output=True, text=True)
    assert (1, True) == (failed.returncode, "There is no database" in failed.stderr)
    assert old == sorted(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"), [([], "Usage"), (["/nowhere"], "Usage"), (["/tmp", "0"], "KEEP is"), (["/tmp", "x"], "KEEP is")]
)  # fmt: skip
def test_wrong_use_is_told(words: list[str], said: str) -> None:
    told = subprocess.run([DEPLOY / "backup", *words], capture_output=True, text=True)
    assert (2, True) == (told.returncode, said in told.stderr)


def test_the_units_name_the_script_and_each_other() -> None:
    # Not strict: a unit may say Environment= more than once.
    service, timer = configparser.ConfigParser(strict=False), configparser.ConfigParser()
    assert service.read(DEPLOY / "tonearm-backup.service")
    assert timer.read(DEPLOY / "tonearm-backup.timer")
    script, folder = service["Service"]["ExecStart"].split()
    assert (DEPLOY / Path(script).name).stat().st_mode & 0o111
    assert folder in service["Service"]["ReadWritePaths"].split()
    assert "*-*-* 03:17" == timer["Timer"]["OnCalendar"]
