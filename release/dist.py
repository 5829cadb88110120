"""sdist and wheel, from nothing but the files that git knows, and the same bytes wherever they are built.

The wheel is made from the sdist, so that what is published first can become what is published second. The build backend
is the one that requirements/dev.txt pins: nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from release import ReleaseError
from release.checkout import committed_at, export

_UV: Final = Path(sys.executable).with_name("uv")
_BUILD: Final = ("build", "--offline", "--quiet", "--no-build-isolation", "--python", sys.executable)


def build(root: Path, into: Path) -> list[Path]:
    """Both, checked as the package index checks them; what else is in `into` stays.

    Raises:
        ReleaseError: with what the tools complain of.
    """
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources"
        export(root, sources)
        made = build_from(sources, Path(folder) / "made", committed_at(root))
        check(made)
        into.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.move(file, into / file.name)) for file in made]


def build_from(sources: Path, into: Path, made_at: int, *options: str) -> list[Path]:
    """What `uv build` makes of `sources`, a folder or an sdist; `made_at` is the time the files in it get."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(made_at)}
    _run([_UV, *_BUILD, *options, "--out-dir", into, sources], environment)
    return [*into.glob("*.tar.gz"), *into.glob("*.whl")]


def check(made: list[Path]) -> None:
    """Hold metadata and description against what the index takes.

    Raises:
        ReleaseError: with what it would complain of.
    """
    _run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", *made])


def _run(command: list[str | Path], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ReleaseError(f"{done.stdout}{done.stderr}".strip())
