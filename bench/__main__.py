"""`make bench`, which is `python -m bench`: measures, prints one table, keeps it as JSON.

Parts are named on the command line; none means all. See bench/plan.py for the lengths.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from bench import doors, layers, losses, patience, render, soak, stored, sustained, wrk
from bench.machine import describe
from bench.plan import Plan, full
from bench.progress import Steps, showing
from bench.results import Results
from bench.rig import Rig, rig
from bench.wrk import BenchError

_HERE: Final = Path(__file__).parent
_RESULTS: Final = _HERE / "results"
_PARTIAL: Final = _RESULTS / "partial.json"  # what a run that is cut off had measured so far
_LATEST: Final = _RESULTS / "latest.json"
_DOCUMENT: Final = _HERE.parent / "docs" / "performance.md"
_CHARTS: Final = "../bench/results"  # as seen from the document
_WIDE: Final = 180  # columns, where the tables go into a file
_MEMORY_ONLY: Final = ("tmpfs", "ramfs")

Part = Callable[[Rig, Plan, Steps, Results], None]


def _doors(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    rows, by_connections = doors.measure(on, plan, steps)
    results.rows += rows
    results.tables.append(by_connections)


def _patience(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    results.rows += patience.measure(on, plan, steps)


def _sustained(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    results.rows += sustained.measure(on, plan, steps)


def _stored(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    rows, checked = stored.measure(on, plan, steps)
    results.rows += rows
    results.tables.append(checked)


def _soak(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    results.tables.append(soak.measure(on, plan, steps, _RESULTS))
    results.charts["Memory, descriptors and backlog over the soak"] = soak.CHART


def _losses(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    results.tables.append(losses.measure(on, plan, steps))


def _profile(on: Rig, plan: Plan, steps: Steps, results: Results) -> None:
    tables = layers.measure(on, plan, steps)
    results.tables += tables
    if not tables:
        results.skipped.append(layers.NO_PY_SPY)


_PARTS: Final[dict[str, Part]] = {
    "doors": _doors,
    "patience": _patience,
    "sustained": _sustained,
    "stored": _stored,
    "soak": _soak,
    "losses": _losses,
    "profile": _profile,
}


def _steps(parts: Sequence[str], plan: Plan) -> int:
    of_part = {
        "doors": plan.rounds * doors.STEPS_A_ROUND + doors.STEPS_AFTER,
        "patience": plan.rounds * patience.STEPS_A_ROUND,
        "sustained": plan.rounds * sustained.STEPS_A_ROUND,
        "stored": stored.STEPS_BEFORE + plan.rounds * stored.STEPS_A_ROUND + stored.STEPS_AFTER,
        "soak": soak.STEPS,
        "losses": losses.STEPS,
        "profile": layers.STEPS,
    }
    return sum(of_part[part] for part in parts)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(_PARTS)}; none: all of them")
    parser.add_argument("--full", action="store_true", help="ten minutes a run, ten million events")
    parser.add_argument("--write-docs", action="store_true", help=f"write docs/{_DOCUMENT.name} (all parts only)")
    parser.add_argument("--folder", type=Path, help="where to keep data meanwhile; on a disk, not in memory")
    for field in fields(Plan):
        default = getattr(Plan(), field.name)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=_positive, help=f"default {default:,}")
    options = parser.parse_args(words)
    if unknown := set(options.parts) - _PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}")
    if options.write_docs and options.parts:
        parser.error("--write-docs needs all parts: a page with half a table would not be true")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _plan(options: argparse.Namespace) -> Plan:
    base = full(Plan()) if options.full else Plan()
    given = {field.name: getattr(options, field.name) for field in fields(Plan)}
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def _measure(folder: Path, parts: Sequence[str], plan: Plan) -> Results:
    _RESULTS.mkdir(exist_ok=True)
    with rig(folder) as on, showing(_steps(parts, plan)) as steps:
        results = Results(describe(folder, on.version()), plan.described())
        for part in parts:
            _PARTS[part](on, plan, steps, results)
            _PARTIAL.write_text(json.dumps(render.as_json(results), indent=1, ensure_ascii=False) + "\n", "utf-8")
        results.load_after = round(os.getloadavg()[0], 1)
    return results


def _disk(folder: Path | None) -> Path:
    """Where an fsync is one: the system's folder for temporary files is often memory."""
    place = folder or Path(tempfile.gettempdir())
    if folder is None and _in_memory(place):
        place = Path("/var/tmp")  # noqa: S108  # a fresh folder of our own is made in it
    if not place.is_dir():
        raise BenchError(f"There is no folder {place}; name another with --folder.")
    if _in_memory(place):
        raise BenchError(f"{place} is kept in memory, where an fsync costs nothing; name another with --folder.")
    return place


def _in_memory(place: Path) -> bool:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    above = [mount for mount in mounts if place.resolve().is_relative_to(mount[1])]
    return max(above, key=lambda mount: len(mount[1]))[2] in _MEMORY_ONLY


def _keep(results: Results, parts: Sequence[str], write_docs: bool) -> Path:
    stamp = results.machine.taken_at.removesuffix(" UTC").replace(" ", "-").replace(":", "")
    path = (
        _LATEST if write_docs else _RESULTS / f"{stamp}-{'all' if len(parts) == len(_PARTS) else '-'.join(parts)}.json"
    )
    path.write_text(json.dumps(render.as_json(results), indent=1, ensure_ascii=False) + "\n", "utf-8")
    if write_docs:
        _DOCUMENT.write_text(render.document(results, _CHARTS), "utf-8")
    return path


def _show(results: Results, console: Console) -> None:
    machine = results.machine
    console.print(
        f"{machine.cores} cores of {machine.processor}, {machine.python}, PostgreSQL {machine.postgres}, fsync "
        f"{machine.fsync_ms:g} ms, load average {machine.load:g} before, {results.load_after:g} after",
        highlight=False,
    )
    if results.rows:
        console.print(_shown("", render.COLUMNS, [render.cells(row) for row in results.rows]))
    for table in results.tables:
        console.print(_shown(table.title, table.columns, table.cells, table.note))
    for sentence in results.skipped:
        console.print(sentence)


def _shown(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> Shown:
    table = Shown(*map(escape, columns), title=title, caption=caption, title_justify="left", caption_justify="left")
    for row in rows:
        table.add_row(*(escape(cell.replace("**", "").replace("`", "")) for cell in row))
    return table


def main(words: Sequence[str]) -> int:
    """0 where it could be measured, whatever it found; 1 where not, 2 for a wrong command."""
    options = _parse(words)
    parts = options.parts or list(_PARTS)
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    try:
        wrk.require()
        with tempfile.TemporaryDirectory(prefix="tonearm-bench-", dir=_disk(options.folder)) as folder:
            results = _measure(Path(folder), parts, _plan(options))
    except BenchError as error:
        Console(stderr=True).print(str(error), highlight=False)
        return 1
    _PARTIAL.unlink()
    path = _keep(results, parts, options.write_docs)
    _show(results, console)
    console.print(f"Kept in {path.relative_to(_HERE.parent)}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
