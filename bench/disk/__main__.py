"""`python -m bench.disk`: measures and prints the page; `--write-docs` writes docs/disk.md and docs/disk.json."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import trio

from bench.disk import page
from bench.disk.measure import measure
from bench.wrk import BenchError
from storage.bridge import Address, Connection, open_database
from tests.support.postgres import running_postgres

DOCS: Final = Path(__file__).parents[2] / "docs"
_EVENTS: Final = 1_000_000


def documents(found: page.Results) -> dict[str, str]:
    """File name in docs/ -> text."""
    return {"disk.json": page.as_json(found), "disk.md": page.document(found)}


def run(events: int, folder: Path) -> page.Results:
    """All cases, each with a database of its own. Raises BenchError."""
    cases = {}
    with running_postgres(folder / "postgres") as postgres:
        version = trio.run(_version, postgres.url("tonearm"))
        for number, (name, sends) in enumerate(page.CASES.items()):
            place = folder / str(number)
            place.mkdir()

            def report(done: int, name: str = name) -> None:
                if sys.stderr.isatty():
                    print(f"\r{name}: {done:,} of {events:,}   ", end="", file=sys.stderr, flush=True)

            cases[name] = trio.run(measure, postgres.new_database(), place, events, sends, report)
            print(file=sys.stderr)
    return page.Results(time.strftime("%Y-%m-%d", time.gmtime()), version, cases)


async def _version(url: str) -> str:
    async def ask(connection: Connection) -> str:
        return str(await connection.fetchval("SHOW server_version"))

    async with open_database(Address(url=url), connections=1) as database:
        return await database.run(ask)


def main(words: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.disk", description=__doc__)
    parser.add_argument("--events", type=int, default=_EVENTS, help="of each mode")
    parser.add_argument("--folder", type=Path, help="on a disk with 4 GiB free; by default the system's temporary one")
    parser.add_argument("--write-docs", action="store_true", help="write docs/disk.md and docs/disk.json")
    parser.add_argument("--redraw", action="store_true", help="take the figures from docs/disk.json")
    wanted = parser.parse_args(words)
    if wanted.redraw:
        found = page.read((DOCS / "disk.json").read_text("utf-8"))
    else:
        try:
            with tempfile.TemporaryDirectory(prefix="tonearm-disk-", dir=wanted.folder) as folder:
                found = run(wanted.events, Path(folder))
        except BenchError as error:
            print(error, file=sys.stderr)
            return 1
    if wanted.write_docs:
        for name, text in documents(found).items():
            (DOCS / name).write_text(text, "utf-8")
    else:
        sys.stdout.write(page.document(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
