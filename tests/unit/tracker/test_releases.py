"""The rule of `tracker/released/`: files are only added, never changed or removed."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tracker import DIST, RELEASED
from tracker.names import hashed_name
from tracker.releases import LIST, ReleaseError, listed, mistakes, release


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build of its own, to be changed."""
    return Path(shutil.copytree(DIST, tmp_path / "dist"))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    return folder


def change(dist: Path, name: str = "tonearm.js") -> None:
    file = dist / name
    file.write_bytes(file.read_bytes() + b"//next")


def test_nothing_in_the_repository_was_changed_or_removed() -> None:
    assert [] == mistakes(RELEASED)


def test_no_commit_has_changed_or_removed_a_released_file() -> None:
    root = RELEASED.parent.parent
    if not (root / ".git").exists():
        pytest.skip("not a checkout: there are no commits to look at")
    log = ["git", "log", "--format=", "--name-only", "--no-renames", "--diff-filter=MDT"]
    log += ["--", "tracker/released/*.js", "tracker/released/*.br"]
    touched = subprocess.run(log, cwd=root, check=True, capture_output=True, text=True)
    assert "" == touched.stdout


def test_a_release_keeps_every_built_file_by_its_content(dist: Path, released: Path) -> None:
    new = release("0.1.0", dist, released)
    expected = sorted(hashed_name(file.name, file.read_bytes()) for file in DIST.glob("*.js"))
    assert expected == sorted(new) == sorted(listed(released)["0.1.0"])
    for file in DIST.glob("*.js"):
        kept = released / hashed_name(file.name, file.read_bytes())
        assert file.read_bytes() == kept.read_bytes()
        assert file.with_name(f"{file.name}.br").read_bytes() == kept.with_name(f"{kept.name}.br").read_bytes()
    assert [] == mistakes(released)


def test_the_next_release_adds_what_is_new_and_leaves_the_rest(dist: Path, released: Path) -> None:
    release("0.1.0", dist, released)
    before = {file.name: file.read_bytes() for file in released.iterdir() if file.name != LIST}
    change(dist)
    [new] = release("0.2.0", dist, released)
    assert new == hashed_name("tonearm.js", (dist / "tonearm.js").read_bytes())
    assert before.items() <= {file.name: file.read_bytes() for file in released.iterdir()}.items()
    assert ["0.1.0", "0.2.0"] == list(listed(released))
    assert [] == mistakes(released)


def test_a_release_made_twice_is_one(dist: Path, released: Path) -> None:
    release("0.1.0", dist, released)
    assert [] == release("0.1.0", dist, released)


def test_a_release_that_is_out_is_not_made_of_other_files(dist: Path, released: Path) -> None:
    release("0.1.0", dist, released)
    change(dist)
    with pytest.raises(ReleaseError, match=r"0\.1\.0 is released already"):
        release("0.1.0", dist, released)
    assert [] == mistakes(released)


def test_a_name_that_another_content_has_is_refused(dist: Path, released: Path) -> None:
    taken = hashed_name("tonearm.js", (dist / "tonearm.js").read_bytes())
    (released / taken).write_text("something else with the same eight digits")
    with pytest.raises(ReleaseError, match=f"{taken} is released already"):
        release("0.1.0", dist, released)
    assert {} == listed(released)


def removed(folder: Path, name: str) -> None:
    (folder / name).unlink()


def edited(folder: Path, name: str) -> None:
    (folder / name).write_text("edited")


def unlisted(folder: Path, name: str) -> None:
    files = dict(listed(folder)["0.1.0"])
    del files[name]
    (folder / LIST).write_text(json.dumps({"0.1.0": files}))


def unpacked(folder: Path, name: str) -> None:
    (folder / f"{name}.br").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (removed, "is in released.json and missing"),
        (edited, "has not the content its name says"),
        (unlisted, "is not what released.json says"),
        (unpacked, ".br is missing"),
    ],
)
def test_damage_is_told(dist: Path, released: Path, damage: Callable[[Path, str], None], said: str) -> None:
    name = release("0.1.0", dist, released)[0]
    damage(released, name)
    [mistake] = mistakes(released)
    assert name in mistake
    assert said in mistake
