"""Builds what a page loads: `python -m tracker.build` writes `tracker/dist/`, `--check` holds it against the source.

`--release` keeps the built files in `tracker/released/` for ever, `--npm FOLDER` makes the npm package. A tool of
development: the service serves the committed files and never imports this.
"""

import argparse
import gzip
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tracker import DIST, RELEASED, npm_package
from tracker.bundle import FILES, bundle
from tracker.node import BuildError, install_tools, run_node
from tracker.releases import ReleaseError, release

LIMITS: Final = {
    "tonearm.js": 2_048,
    "tonearm-classic.js": 2_048,
    "tonearm-keep.js": 1_536,
    "tonearm-copy.js": 200,
    "tonearm-plays.js": 3_456,
}
"""Bytes that a file may have as brotli packs it, which is how browsers get it. A test holds them. What listeners' pages
load: `tonearm.js`, and `tonearm-keep.js` once something plays. DESIGN §9 allows 2,048 and 1,536."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if all is well, 1 and a sentence on stderr if not."""
    parser = argparse.ArgumentParser(prog="python -m tracker.build", description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="change nothing; fail on type errors or a stale dist/")
    what.add_argument("--release", action="store_true", help="build, and keep the files as those of this version")
    what.add_argument("--npm", metavar="FOLDER", type=Path, help="build, and pack the npm package into this folder")
    asked = parser.parse_args(arguments)
    try:
        install_tools()
        if asked.check:
            check_types()
            check_fresh()
        else:
            bundle(DIST)
        sys.stdout.writelines(sizes(DIST))
        if asked.release:
            new = release(npm_package.project_version(), DIST, RELEASED)
            sys.stdout.write(f"Released: {', '.join(new) or 'nothing new'}\n")
        if asked.npm:
            sys.stdout.write(f"{npm_package.pack(asked.npm)}\n")
    except (BuildError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def check_types() -> None:
    """Check the JSDoc types of the source, and the npm package's declarations against it.

    Raises:
        BuildError: with TypeScript's complaints.
    """
    run_node("node_modules/typescript/bin/tsc", "--project", ".")


def check_fresh() -> None:
    """Hold `dist/` against a fresh build. Another brotli may pack differently: a packed file must unpack to its own.

    Raises:
        BuildError: naming the files that differ, are missing or do not belong there.
    """
    with tempfile.TemporaryDirectory() as folder:
        bundle(Path(folder))
        fresh = contents(Path(folder))
    committed = contents(DIST)
    stale = {name for name in fresh | committed if fresh.get(name) != committed.get(name) and not name.endswith(".br")}
    stale |= {file.name for file in DIST.iterdir()} - fresh.keys()
    badly_packed = run_node("brotli.mjs", "--check", *(DIST / name for name in FILES)).split()
    stale |= {f"{Path(name).name}.br" for name in badly_packed}
    if stale:
        raise BuildError(
            f"tracker/dist/ is not what tracker/src/ builds ({', '.join(sorted(stale))}): "
            "run `python -m tracker.build` and commit the result."
        )


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name; none where it does not exist."""
    return {file.name: file.read_bytes() for file in folder.glob("*")}


def sizes(folder: Path) -> Iterable[str]:
    """One line for each built file: name, bytes, bytes as gzip and as brotli pack them, and the limit of the last."""
    for name, content in sorted(contents(folder).items()):
        if name.endswith(".br"):
            continue
        zipped, packed = len(gzip.compress(content, 9)), (folder / f"{name}.br").stat().st_size
        limit = LIMITS.get(name, 0)
        yield f"{name:<18} {len(content):>6} bytes {zipped:>6} gzip {packed:>6} brotli, limit {limit:>5}\n"


if __name__ == "__main__":
    sys.exit(main())
