"""`python -m bench.scale`: prints the page; `--write-docs` writes docs/scale.md and docs/scale.svg."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench import results
from bench.disk import page as disk
from bench.scale import page, picture
from bench.scale.arithmetic import measured
from bench.shards.__main__ import read as read_shards

_BENCH: Final = Path(__file__).parents[1]
DOCS: Final = _BENCH.parent / "docs"


def documents() -> dict[str, str]:
    """File name in docs/ -> text, of what is kept of the last measurements."""
    sharded = read_shards()
    on_disk = disk.read((DOCS / "disk.json").read_text("utf-8"))
    found = measured(results.read(_BENCH / "results" / "latest.json"), on_disk, sharded)
    return {
        "scale.md": page.document(found, sharded),
        "scale.svg": picture.drawn(page.needs(), page.capacities(found)),
    }


def main(words: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/scale.md and docs/scale.svg")
    if not parser.parse_args(words).write_docs:
        sys.stdout.write(documents()["scale.md"])
        return 0
    for name, text in documents().items():
        (DOCS / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
