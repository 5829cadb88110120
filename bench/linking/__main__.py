"""`python -m bench.linking`: simulates, attacks, prints; with `--write-docs` writes docs/linking.md and .json."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import trio

from bench.linking.attacker import Success, linked
from bench.linking.database import LATELY, LONG_AGO, TODAY, Stolen, stolen
from bench.linking.forgetting import Remains, linked_plays
from bench.linking.page import page
from bench.progress import Steps, showing
from tests.support.postgres import running_postgres

__all__ = ["DOCS", "LEVELS", "main", "measured", "page"]

DOCS: Final = Path(__file__).parents[2] / "docs"
_SEED: Final = 21

Figures = dict[str, Any]  # of a level: what was watched, and for each attack right, chance and tried


class Level(NamedTuple):
    """How long a site of this traffic is watched; a busy one for fewer hours, in which as many plays happen."""

    days: int
    day_h: int  # hours of a day on which anybody listens


LEVELS: Final = {1: Level(14, 24), 10: Level(7, 24), 100: Level(5, 24), 1000: Level(5, 6)}  # by sittings an hour


def measured(levels: dict[int, Level], steps: Steps) -> Figures:
    """Sittings an hour -> days, hours a day, and for each attack -> right, chance, tried."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "postgres") as server:
        for an_hour, level in levels.items():
            own = Path(folder) / str(an_hour)
            own.mkdir()
            steps.step(f"{an_hour:,} sittings an hour, {level.days} days")
            hours = level.days * level.day_h
            taken = trio.run(_stolen, server.new_database(), own, an_hour, hours, level.day_h)
            steps.step("The attack on it")
            found[str(an_hour)] = {**level._asdict(), **attacked(taken)}
    return found


async def _stolen(url: str, folder: Path, an_hour: int, hours: int, day_h: int) -> Stolen:
    return await stolen(url, folder, an_hour, hours, Random(_SEED), day_h=day_h)


def attacked(taken: Stolen) -> Figures:
    """Every attack on one database."""
    truth, forgotten = taken.truth, taken.forgotten
    of_age = {age: {name for name, own in taken.ages.items() if own == age} for age in (TODAY, LATELY, LONG_AGO)}
    return {
        **{
            f"sets, {age}": _figures(
                linked(taken.listeners, truth, Random(_SEED), beginnings=taken.sets, only=of_age[age])
            )
            for age in of_age
        },
        "dump": _figures(linked(taken.dumped, truth, Random(_SEED), only=of_age[TODAY])),
        "day": _figures(linked(taken.tokens, truth, Random(_SEED), beginnings=taken.day_sets)),
        "forgotten, at once": _figures(linked_plays(forgotten, forgotten.at_once, Random(_SEED))),
        "forgotten, after": _figures(linked_plays(forgotten, forgotten.after, Random(_SEED))),
        "anybody": _figures(linked_plays(forgotten, Remains((), {}), Random(_SEED))),
        "bytes left": forgotten.bytes_left,
        "asked": len(forgotten.asked),
    }


def _figures(success: Success) -> dict[str, float]:
    return {"right": round(success.right, 3), "chance": round(success.chance, 4), "tried": success.tried}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.linking", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/linking.md and .json")
    wanted = parser.parse_args()
    with showing(2 * len(LEVELS)) as steps:
        figures = measured(LEVELS, steps)
    if wanted.write_docs:
        (DOCS / "linking.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        (DOCS / "linking.md").write_text(page(figures), "utf-8")
    else:
        sys.stdout.write(page(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
