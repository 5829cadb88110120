"""requirements/*.txt: every package that is ever installed, at one version, with the hashes of its files.

Each is universal: one file for every Python, system and processor that pyproject.toml allows, with markers where they
differ. `build` is what makes a wheel of a checkout, so that not even that fetches what nobody has looked at.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from release import ReleaseError

FILES: Final[dict[str, tuple[str, ...]]] = {
    "run": ("pyproject.toml",),
    "build": ("--group", "build"),
    "docs": ("--group", "docs"),
    "dev": ("pyproject.toml", "--group", "dev"),
}
OLDEST: Final = "3.11"
_UV: Final = Path(sys.executable).with_name("uv")
_COMPILE: Final = ("pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate", "--no-header")


def write(root: Path, *, upgrade: bool = False) -> None:
    """Change what pyproject.toml asks for and leave the rest as it is; with `upgrade` take the newest of everything.

    Raises:
        ReleaseError: with what stands in the way.
    """
    newest = ("--upgrade",) if upgrade else ()
    # `dev` first, and the others within it: an environment that has several of them has one version of each package.
    for name in sorted(FILES, key=lambda name: name != "dev"):
        within = () if name == "dev" else ("--constraints", "requirements/dev.txt")
        words = (*newest, *within, "--python-version", OLDEST, *FILES[name])
        _run(root, *_COMPILE, *words, "--output-file", f"requirements/{name}.txt")


def _run(root: Path, *words: str) -> None:
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run([_UV, *words], cwd=root, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ReleaseError(done.stderr.strip())
