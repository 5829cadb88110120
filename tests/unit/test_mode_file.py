"""The configuration file with another privacy mode in it: whole, on disk, and nobody else's."""

import os
import stat
from pathlib import Path

import pytest

from privacy.modes import Mode
from server.mode_file import ModeFileError, write_mode


def test_two_commands_at_once_both_succeed_and_leave_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sync, second = tmp_path / "tonearm.toml", os.fsync, [Mode.OFF]

    def another_command(descriptor: int) -> None:
        if second:
            write_mode(path, second.pop())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", another_command)
    write_mode(path, Mode.BOTH)
    assert '[privacy]\nmode = "both"\n' == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_file_and_folder_are_on_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    write_mode(tmp_path / "tonearm.toml", Mode.OFF)
    assert [entry.stat().st_ino for entry in (tmp_path / "tonearm.toml", tmp_path)] == synced


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_the_files_permissions_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "tonearm.toml"
    path.write_text("")
    path.chmod(mode)
    write_mode(path, Mode.OFF)
    assert mode == stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    write_mode(tmp_path / "tonearm.toml", Mode.OFF)
    assert (tmp_path / "any").stat().st_mode == (tmp_path / "tonearm.toml").stat().st_mode


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "tonearm.toml"
    path.write_text("# mine\n")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModeFileError, match="No space left"):
        write_mode(path, Mode.OFF)
    assert ([path], "# mine\n") == (list(tmp_path.iterdir()), path.read_text())
