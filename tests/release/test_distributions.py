"""sdist and wheel hold what they must and nothing else, and are the same bytes wherever they are built."""

import os
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from release import ROOT, ReleaseError, dist, readiness
from release.checkout import committed_at, export, tracked
from tests.release.conftest import Built

PACKAGES = ("server", "actors", "privacy", "storage", "tracker")
# By whole path or folder: what a checkout has for its developers.
DEVELOPMENT = (
    "server/audit/__main__.py",
    "tracker/.npmrc",
    "tracker/brotli.mjs",
    "tracker/build.py",
    "tracker/bundle.py",
    "tracker/node.py",
    "tracker/npm/",
    "tracker/npm_package.py",
    "tracker/package-lock.json",
    "tracker/package.json",
    "tracker/releases.py",
    "tracker/src/",
    "tracker/tsconfig.json",
)


def in_wheel(wheel: Path) -> list[str]:
    """Its files, but for those about itself."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if ".dist-info/" not in name)


def in_sdist(sdist: Path) -> list[str]:
    """Its files, without the folder that all are in."""
    with tarfile.open(sdist) as archive:
        return sorted(member.name.partition("/")[2] for member in archive if member.isfile())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_five_packages_without_what_only_developers_need(built: Built) -> None:
    ours = [name for name in tracked(ROOT) if name.split("/")[0] in PACKAGES]
    assert sorted(name for name in ours if not name.startswith(DEVELOPMENT)) == in_wheel(built.wheel)


@pytest.mark.parametrize(
    "kind",
    [
        "storage/migrations/*.sql",
        "tracker/dist/*.js",
        "tracker/dist/*.js.br",
        "server/*/static/*",
        "server/*/templates/*/*.html",
        "server/alerts/templates/*",
        "server/demo/*.json",
    ],
)
def test_the_wheel_has_every_file_that_is_read_at_run_time(built: Built, kind: str) -> None:
    there = {str(path.relative_to(ROOT)) for path in ROOT.glob(kind)} & set(tracked(ROOT))
    assert there
    assert there <= set(in_wheel(built.wheel))


def test_the_sdist_holds_what_git_knows(built: Built) -> None:
    assert sorted([*tracked(ROOT), "PKG-INFO"]) == in_sdist(built.sdist)


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(built: Built, tmp_path: Path) -> None:
    """`built` made its wheel of the sdist; another folder, another umask."""
    before = os.umask(0o077)
    try:
        [wheel] = dist.build_from(built.sources, tmp_path, committed_at(ROOT), "--wheel")
    finally:
        os.umask(before)
    assert built.wheel.name == wheel.name
    assert built.wheel.read_bytes() == wheel.read_bytes()


def test_the_sdist_is_the_same_bytes_from_another_folder_at_another_time(built: Built, tmp_path: Path) -> None:
    export(ROOT, tmp_path / "again")
    for name in tracked(ROOT):
        os.utime(tmp_path / "again" / name, (1_000_000_000, 1_000_000_000))
    [sdist] = dist.build_from(tmp_path / "again", tmp_path / "made", committed_at(ROOT), "--sdist")
    assert built.sdist.read_bytes() == sdist.read_bytes()


def test_the_package_index_would_take_both(built: Built) -> None:
    dist.check([built.sdist, built.wheel])


def test_what_the_index_would_refuse_is_refused_here(built: Built, tmp_path: Path) -> None:
    broken = tmp_path / built.wheel.name
    with zipfile.ZipFile(built.wheel) as whole, zipfile.ZipFile(broken, "w") as archive:
        for item in whole.infolist():
            content = whole.read(item)
            if item.filename.endswith("/METADATA"):
                content = content.replace(b"\nVersion: ", b"\nVersion: not-a-version-")
            archive.writestr(item, content)
    with pytest.raises(ReleaseError, match="version"):
        dist.check([broken])


def test_the_version_is_the_one_of_the_project_file(built: Built) -> None:
    assert readiness.version(ROOT) == metadata(built.wheel)["Version"]
    assert f"tonearm-{readiness.version(ROOT)}.tar.gz" == built.sdist.name


def test_it_says_which_pythons_it_runs_on(built: Built) -> None:
    told = metadata(built.wheel)
    prefix = "Programming Language :: Python :: 3."
    named = [line.removeprefix(prefix) for line in told.get_all("Classifier", []) if line.startswith(prefix)]
    assert (">=3.11", ["11", "12", "13", "14"]) == (told["Requires-Python"], named)


def test_the_description_is_the_readme(built: Built) -> None:
    told = metadata(built.wheel)
    assert "text/markdown" == told["Description-Content-Type"]
    assert (ROOT / "README.md").read_text() == told.get_payload()


def test_no_licence_is_claimed_that_nobody_has_chosen(built: Built) -> None:
    told = metadata(built.wheel)
    claims = [line for line in told.get_all("Classifier", []) if line.startswith("License")]
    has_file = any(name.lower().startswith(("license", "licence", "copying")) for name in tracked(ROOT))
    assert has_file == bool(claims or told["License-Expression"])


def test_it_has_one_program(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert "[console_scripts]\ntonearm = server.cli:main\n" == archive.read(name).decode()
