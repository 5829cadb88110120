"""`python -m release check`, `build` and `lock`; the Makefile names them release-check, dist and lock."""

import argparse
import sys
from pathlib import Path

from release import ROOT, ReleaseError, lock, readiness
from release.dist import build


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if all is well, 1 and what is wrong on stderr if not."""
    parser = argparse.ArgumentParser(prog="python -m release", description=(__doc__ or "").splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("check", help="say what the checkout still lacks to be released")
    building = what.add_parser("build", help="build sdist and wheel from the files that git knows, and check them")
    building.add_argument("--into", type=Path, default=ROOT / "dist", help="the folder for them")
    locking = what.add_parser("lock", help="write requirements/*.txt anew from pyproject.toml")
    locking.add_argument("--upgrade", action="store_true", help="to the newest versions that pyproject.toml allows")
    asked = parser.parse_args(arguments)
    try:
        if asked.what == "check":
            return check()
        if asked.what == "build":
            for file in build(ROOT, asked.into):
                sys.stdout.write(f"{file}\n")
        else:
            lock.write(ROOT, upgrade=asked.upgrade)
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def check() -> int:
    """Print what is lacking, a line each."""
    found = readiness.lacking(ROOT)
    sys.stderr.writelines(f"{sentence}\n" for sentence in found)
    if not found:
        sys.stdout.write(f"{readiness.version(ROOT)} can be released.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
