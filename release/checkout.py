"""What git says about the checkout."""

import shutil
import subprocess
from pathlib import Path

from release import ReleaseError


def tracked(root: Path) -> list[str]:
    """The files of the project that exist, relative to `root`; what git does not know is none of it.

    Raises:
        ReleaseError: `root` is no checkout.
    """
    return [name for name in git(root, "ls-files", "-z").split("\0") if name and (root / name).is_file()]


def export(root: Path, into: Path) -> None:
    """Copy those files, as a fresh clone would have them."""
    for name in tracked(root):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, into / name)


def committed_at(root: Path) -> int:
    """When the last commit was made, in seconds since 1970."""
    return int(git(root, "log", "-1", "--format=%ct"))


def changed(root: Path) -> bool:
    """Whether a file differs from the last commit, or git does not know it."""
    return bool(git(root, "status", "--porcelain").strip())


def has_tag(root: Path, name: str) -> bool:
    return bool(git(root, "tag", "--list", name).strip())


def git(root: Path, *words: str) -> str:
    """What git prints.

    Raises:
        ReleaseError: with what it complains of.
    """
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise ReleaseError(done.stderr.strip() or f"git {words[0]} failed.")
    return done.stdout
