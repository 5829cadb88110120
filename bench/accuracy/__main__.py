"""`python -m bench.accuracy`: simulates and prints the page; `--write-docs` writes docs/accuracy.md, .json, .svg."""

import argparse
import sys
from pathlib import Path
from typing import Final

from bench.accuracy import chart, page, results
from bench.accuracy.scenarios import RUNS, SCENARIOS
from bench.progress import showing

DOCS: Final = Path(__file__).parents[2] / "docs"


def documents(found: results.Results) -> dict[str, str]:
    """File name in docs/ -> text."""
    return {
        "accuracy.json": results.written(found),
        "accuracy.md": page.written(found),
        "accuracy.svg": chart.drawn(found, SCENARIOS),
    }


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/accuracy.md, .json and .svg")
    parser.add_argument("--redraw", action="store_true", help="take the figures from docs/accuracy.json")
    wanted = parser.parse_args()
    if wanted.redraw:
        found = results.read((DOCS / "accuracy.json").read_text("utf-8"))
    else:
        with showing(len(RUNS)) as steps:
            found = results.run_all(RUNS, steps.step)
    if wanted.write_docs:
        for name, text in documents(found).items():
            (DOCS / name).write_text(text, "utf-8")
    else:
        sys.stdout.write(page.written(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
