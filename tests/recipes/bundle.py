"""Bundles a recipe the way its reader's own build does: with esbuild, and the players that package-lock.json pins."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import tracker.node
from tracker.node import install_tools, run_node

HOME: Final = Path(__file__).parent
PACKAGES: Final = HOME / "node_modules"
_ESBUILD: Final = (
    tracker.node.HOME / "node_modules/esbuild/bin/esbuild",
    "--bundle",
    "--format=esm",
    "--loader=jsx",
    "--jsx=automatic",
    "--charset=utf8",
    "--entry-names=recipe",
    "--log-level=warning",
)


def install() -> None:
    """The players and esbuild, once for all test processes."""
    with _alone():
        install_tools()
        install_tools(HOME)


def bundled(script: str) -> dict[str, bytes]:
    """The script with all it imports, as "js"; its styles as "css", where it has some."""
    with tempfile.TemporaryDirectory() as folder:
        run_node(*_ESBUILD, f"--outdir={folder}", stdin=script, cwd=HOME)
        return {file.suffix[1:]: file.read_bytes() for file in Path(folder).iterdir()}


@contextmanager
def _alone() -> Iterator[None]:
    with (HOME / "package.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
