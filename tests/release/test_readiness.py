"""What `make release-check` says of a checkout that becomes ready step by step, and docs/release.md's commands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release import ROOT, ReleaseError, changelog, checkout, dist, readiness
from tests.support.blocks import DOCS
from tracker.releases import release

PAGE = (DOCS / "release.md").read_text()


def git(root: Path, *words: str) -> None:
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *words], cwd=root, check=True, capture_output=True)


# Of all that git knows, what these tests look at; test_distributions.py builds the whole.
FEW = (".gitignore", "README.md", "CHANGELOG.md", "pyproject.toml", "release/", "server/__init__.py", "tracker/")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small project with this one's files, as a first commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nobody knows which files are the project's")
    root = tmp_path / "repository"
    for name in checkout.tracked(ROOT):
        if name.startswith(FEW):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--allow-empty", "--message=All of it")


def prepare(root: Path, version: str) -> None:
    """Steps 2 and 3 of the page, and the commit of step 4."""
    edit(root / "pyproject.toml", r'(?m)^version = ".*"$', f'version = "{version}"')
    edit(root / "CHANGELOG.md", r"(?m)^## \[Unreleased\]$", f"## [{version}] - 2026-12-01")
    release(version, root / "tracker" / "dist", root / "tracker" / "released")
    commit(root)


def edit(file: Path, here: str, instead: str) -> None:
    text, times = re.subn(here, instead, file.read_text(), count=1)
    assert 1 == times
    file.write_text(text)


def test_a_prepared_checkout_lacks_nothing(repository: Path) -> None:
    prepare(repository, "0.2.0")
    assert [] == readiness.lacking(repository)


def test_a_version_between_releases_is_named_with_all_that_it_lacks(repository: Path) -> None:
    edit(repository / "pyproject.toml", r'(?m)^version = ".*"$', 'version = "0.2.0.dev0"')
    (repository / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    assert [
        "pyproject.toml says 0.2.0.dev0, which is a version between releases.",
        "CHANGELOG.md begins with [Unreleased]; name it for 0.2.0.dev0, with the day.",
        "tracker/released/ has not the tracker of 0.2.0.dev0: `python -m tracker.build --release` puts it there.",
        "The checkout has changes that are not committed.",
    ] == readiness.lacking(repository)


def test_a_file_that_git_does_not_know_is_in_the_way(repository: Path) -> None:
    prepare(repository, "0.2.0")
    (repository / "server" / "left_over.py").touch()
    assert ["The checkout has changes that are not committed."] == readiness.lacking(repository)


def test_a_version_is_released_once(repository: Path) -> None:
    prepare(repository, "0.2.0")
    git(repository, "tag", "v0.2.0")
    assert ["The tag v0.2.0 is there already: a release does not change, make another."] == readiness.lacking(
        repository
    )


def test_a_tracker_that_changed_after_it_was_kept_is_in_the_way(repository: Path) -> None:
    prepare(repository, "0.2.0")
    edit(repository / "tracker" / "dist" / "tonearm.js", r"\Z", "//later\n")
    commit(repository)
    [lacking] = readiness.lacking(repository)
    assert lacking.startswith("tracker/released/ has not the tracker of 0.2.0")


def test_a_changelog_with_a_mistake_is_in_the_way(repository: Path) -> None:
    prepare(repository, "0.2.0")
    edit(repository / "CHANGELOG.md", r"(?m)^### Added$", "### Great")
    commit(repository)
    [lacking] = readiness.lacking(repository)
    assert lacking.startswith("CHANGELOG.md: [0.2.0] has the kind Great")


def test_a_release_is_built_from_what_git_knows_alone(repository: Path, tmp_path: Path) -> None:
    prepare(repository, "0.2.0")
    (repository / "server" / "left_over.py").touch()
    sdist, wheel = dist.build(repository, tmp_path / "dist")
    assert ("tonearm-0.2.0.tar.gz", "tonearm-0.2.0-py3-none-any.whl") == (sdist.name, wheel.name)
    assert b"left_over" not in wheel.read_bytes()
    assert {sdist, wheel} == set((tmp_path / "dist").iterdir())


def test_a_folder_that_is_no_checkout_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="not a git repository"):
        dist.build(tmp_path, tmp_path / "dist")


def test_the_command_says_what_is_lacking_and_fails(repository: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "release", "check"], cwd=repository, capture_output=True, text=True)
    assert 1 == done.returncode
    assert readiness.lacking(repository) == done.stderr.splitlines()


def test_the_command_says_that_all_is_well(repository: Path) -> None:
    prepare(repository, "0.2.0")
    done = subprocess.run([sys.executable, "-m", "release", "check"], cwd=repository, capture_output=True, text=True)
    assert (0, "0.2.0 can be released.\n") == (done.returncode, done.stdout)


# The page. What a line of it does is tested here or, by name, elsewhere.

COMMANDS = {
    "python3 -m venv tonearm": "tests/release/environment.py: locked",
    "tonearm/bin/pip install --require-hashes -r requirements/run.txt": "tests/release/environment.py: locked",
    "tonearm/bin/pip install --no-deps tonearm-*.whl": "tests/release/environment.py: locked",
    "tonearm/bin/tonearm --version": "tests/release/test_installed_wheel.py",
    "make lock LOCK=--upgrade": "tests/release/test_lock.py",
    ".venv/bin/python -m tracker.build --release": "tests/unit/tracker/test_releases.py",
    "make release-check": "here",
    "make test-all": "runs this",
    ".venv/bin/nox": "tests/release/test_pythons.py",
    "make dist": "here",
    "sha256sum dist/*": "tests/release/test_distributions.py",
    "git tag --sign v0.2.0 --message 0.2.0": "needs the releaser's key",
    "git push origin main v0.2.0": "publishes",
    ".venv/bin/twine upload dist/tonearm-0.2.0*": "publishes",
    ".venv/bin/python -m tracker.build --npm dist": "tests/unit/tracker/test_npm_package.py",
    "npm publish dist/tonearm-0.2.0.tgz": "publishes",
}


def typed() -> list[str]:
    """The page's commands; those of a numbered step are indented."""
    flat = re.sub(r"(?m)^   ", "", PAGE)
    found = re.findall(r"^```sh\n(.*?)^```$", flat, re.DOTALL | re.MULTILINE)
    return [line for text in found for line in text.splitlines()]


def test_every_command_of_the_page_is_known() -> None:
    assert list(COMMANDS) == typed()


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_make_knows_every_target_of_the_page(command: str) -> None:
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr


def test_the_page_names_the_tag_that_the_check_looks_for() -> None:
    assert f"git tag --sign {readiness.TAG.format('0.2.0')} " in PAGE


def test_the_page_shows_a_heading_that_the_changelog_takes() -> None:
    [heading] = re.findall(r"`(## \[0\.2\.0\].*?)`", PAGE)
    assert [] == changelog.mistakes(f"{heading}\n\n### Added\n\n- A thing.\n")


def test_the_pages_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE)
    assert links
    assert [] == [link for link in links if not (DOCS / link).exists()]
