"""The embedded PostgreSQL under other accounts than the one the tests run as; needs root to become them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from storage.embedded.account import Account, impassable_folder
from storage.embedded.cluster import Layout
from storage.embedded.processes import running_on
from storage.embedded.wheel import package_folder
from tests.integration.accounts import CHECKOUT, nobody, python_as

SERVICE = Path(__file__).with_name("embedded_service.py")
PATIENCE_S = 300

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to change accounts"),
]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of `nobody` that it can reach, which pytest's own, closed for others, are not."""
    folder = Path(tempfile.mkdtemp(prefix="tonearm-"))
    account = nobody()
    os.chown(folder, account.uid, account.gid)
    yield folder
    shutil.rmtree(folder)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out + err


def as_root(*arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    return result.returncode, result.stdout + result.stderr


SHORT: Final = "second_start or killed_postmaster or signalled or outlive or may_not_be_written"


@pytest.mark.full
def test_an_ordinary_user_gets_the_same(open_folder: Path, full: bool) -> None:
    """The cases of test_embedded.py once more, as an ordinary user: some of them, or every one at full length."""
    options: list[str | Path] = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        CHECKOUT / "pyproject.toml",
        f"--basetemp={open_folder / 'tests'}",
        *(() if full else ("-k", SHORT)),
    ]
    status, output = finish(
        python_as(nobody(), "-m", "pytest", *options, CHECKOUT / "tests/integration/test_embedded.py")
    )
    assert status == 0, output
    assert "skipped" not in output


def test_root_runs_it_under_another_account_where_every_folder_is_closed(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    assert impassable_folder(data_dir, nobody()) is not None
    status, output = as_root(SERVICE, data_dir / "postgres", "SELECT 40 + 2")
    assert status == 0, output
    assert "42" in output
    assert (data_dir / "postgres" / "cluster").stat().st_uid != 0


def test_root_takes_no_private_view_where_all_folders_are_open(open_folder: Path) -> None:
    if impassable_folder(package_folder(), nobody()) is not None:
        pytest.skip("the virtual environment is closed to nobody")
    os.chown(open_folder, 0, 0)
    open_folder.chmod(0o755)
    # Without the right to mount, so that it would fail if it tried.
    status, output = without_mounts(SERVICE, open_folder / "postgres", "SHOW data_directory")
    assert status == 0, output
    assert str(open_folder / "postgres" / "cluster") in output


def test_root_without_the_right_to_mount_names_the_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    status, output = without_mounts(SERVICE, tmp_path / "postgres", "SELECT 1")
    assert status == 1
    closed = impassable_folder(tmp_path, nobody())
    assert f"cannot pass {closed}, while this system allows no private mount namespace" in output
    assert set() == running_on(Layout(tmp_path / "postgres"))


def without_mounts(*arguments: str | Path) -> tuple[int, str]:
    """Run Python as root, but without CAP_SYS_ADMIN, as in most containers."""
    command = ["setpriv", "--bounding-set=-sys_admin", sys.executable, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    return result.returncode, result.stdout + result.stderr


def test_a_user_without_a_name_is_told_the_way_out(open_folder: Path) -> None:
    stranger = Account("a number only", 54321, 54321)
    os.chown(open_folder, stranger.uid, stranger.gid)
    status, output = finish(python_as(stranger, SERVICE, open_folder / "postgres", "SELECT 1"))
    assert status == 1
    assert "user id 54321, which has no name on this system" in output
    assert "TONEARM_DATABASE_URL" in output
    assert list(open_folder.iterdir()) == []


@pytest.mark.full
def test_a_folder_goes_from_an_ordinary_user_to_root_and_back(open_folder: Path) -> None:
    folder = open_folder / "postgres"
    statements = "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first')"
    status, output = finish(python_as(nobody(), SERVICE, folder, statements))
    assert status == 0, output
    for run in (
        as_root(SERVICE, folder, "SELECT word FROM kept"),
        finish(python_as(nobody(), SERVICE, folder, "SELECT word FROM kept")),
    ):
        status, output = run
        assert status == 0, output
        assert "first" in output


def test_a_user_is_told_whose_database_it_is(open_folder: Path, tmp_path: Path) -> None:
    status, output = as_root(SERVICE, tmp_path / "postgres", "SELECT 1")
    assert status == 0, output
    shutil.move(tmp_path / "postgres", open_folder / "postgres")
    daemon = Account("daemon", 1, 1)
    os.chown(open_folder / "postgres", daemon.uid, daemon.gid)
    os.chown(open_folder / "postgres" / "lock", daemon.uid, daemon.gid)
    open_folder.chmod(0o711)
    status, output = finish(python_as(daemon, SERVICE, open_folder / "postgres", "SELECT 1"))
    assert status == 1
    assert "belongs to nobody, but Tonearm runs as daemon" in output
