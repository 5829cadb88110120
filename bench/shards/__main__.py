"""`python -m bench.shards`: measures and prints; `--write-docs` keeps it for docs/scale.md. Some five minutes."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from bench.machine import describe
from bench.rig import on_database
from bench.shards import page
from bench.shards.measure import Plan, cluster, measure
from bench.wrk import BenchError
from storage.bridge import Connection

RESULTS: Final = Path(__file__).parents[1] / "results" / "shards.json"
_SERVERS: Final = (1, 2, 4, 8)
_WRITERS: Final = (1, 2, 4, 8)


def read(path: Path = RESULTS) -> page.Results:
    """A run as it was kept."""
    return msgspec.json.decode(path.read_bytes(), type=page.Results)


def run(folder: Path, plan: Plan) -> page.Results:
    """Raises BenchError."""
    with cluster(folder, max(plan.servers)) as servers:
        machine = describe(folder, on_database(servers[0].url("tonearm"), _version))
        arms, writers = measure(servers, plan, _report)
    return page.Results(machine, plan.rounds, arms, writers, round(os.getloadavg()[0], 1))


async def _version(connection: Connection) -> str:
    return str(await connection.fetchval("SHOW server_version"))


def _report(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{what:70}", end="", file=sys.stderr, flush=True)


def main(words: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.shards", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=12, help="of 4,096 events; five times as many of 256")
    parser.add_argument("--folder", type=Path, help="on a disk with 4 GiB free; by default the system's temporary one")
    parser.add_argument("--write-docs", action="store_true", help="keep it in bench/results/shards.json")
    wanted = parser.parse_args(words)
    plan = Plan({4096: wanted.batches, 256: 5 * wanted.batches}, 16, _SERVERS, _WRITERS, wanted.rounds)
    try:
        with tempfile.TemporaryDirectory(prefix="tonearm-shards-", dir=wanted.folder) as folder:
            found = run(Path(folder), plan)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\nLoad average {found.machine.load:g} before, {found.load_after:g} after.\n")
    print(page.arms(found), page.writers(found), sep="\n\n")
    if wanted.write_docs:
        RESULTS.write_text(json.dumps(asdict(found), indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
