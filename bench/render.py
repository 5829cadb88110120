"""What was found, for people: tables in the terminal and docs/performance.md."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

from bench.results import Results, Row, Table

COLUMNS: Final = ("what", "figure", "ratio", "goal", "")

_INTRO: Final = """\
# Performance

Written by `make bench BENCH=--write-docs`; do not edit it by hand, measure again.

## How to repeat it

`make bench` takes some twenty minutes and needs `wrk` (Debian: `apt-get install wrk`) and nothing else running.
`make bench BENCH=--full` takes hours: ten minutes of load a run, ten million events stored. `make bench BENCH=--help`
names the parts and lengths that can be chosen. Figures of one machine say little about another; **ratios** do, and
only they have goals. The two sides of a ratio are measured in turns, seconds apart; figure and ratio are medians of
the rounds. The load generator and PostgreSQL share the machine's cores with the service.

The load is what a browser sends: Chrome's full set of headers through a proxy that names the client, three in a
hundred events a share, plays of 200 tracks on 20 releases by zipf-like fame, over 64 connections. Limits, rate
limiting, the crawler check, CORS and the ledger are on, as in a fresh installation; the rate allowed per client
is raised so that nobody is refused. Privacy mode: `both` where the table names it, else `anon-id`. Every id is new
unless a row says otherwise, which is the dearest case: three new rows in the distinct sets for each play. Addresses
and User-Agents are those of 20,000 clients, who are the listeners of the day.
"""
_MEANING: Final = """\
## What the rows mean

- **Durable events**: answered with `202`, so on disk by `fsync`. Where a goal stands beside it, counting into
  PostgreSQL was held back (the events waited in the spool, as during a database outage), so that a door and the disk
  are compared with a door. *While everything is also counted* is the same listener with the whole service at work.
- **Quart-Trio/Hypercorn**: the same routes on the other port of the same process.
- **The bare loop** (`bench/bare_loop.py`): Trio sockets and llhttp, decodes the JSON with the standard library,
  answers 202 and does nothing: no limits, no checks, no disk. It is what a request costs in this language.
- **Into PostgreSQL**: everything accepted at full speed, divided by the time of the load *and* of the draining of
  the spool after it. A backlog that grows is paid for.
- **Events stored**: a service on a database filled by `bench/fill.py` beside one on an empty database, in turns.
- **Memory**: resident memory of the service's one process, by the kernel's count (`VmHWM`, `VmRSS`), PostgreSQL aside.
- **Where the time goes**: samples of whoever holds the interpreter's lock, by the innermost layer. The rest of the
  time nobody holds it: the kernel's part of reading and sending, the disk, and waiting for a core that the load
  generator or PostgreSQL has. *Database bridge* is the encoding of rows for PostgreSQL.
- **Lost, doubled**: each event had a track of its own, and the generator kept what it was promised. *Counted
  uninvited* are those that were refused or never sent; *counters off* is what `tonearm check` found.

## What bought what

Each was measured in turns against the version before it, on the machine below; what paid less than 5 % was left out.

| step | counting held | all ids new | a pool of listeners |
| --- | --- | --- | --- |
| the door as one task over a selector of its own, not one a connection | an event in 40 us, not 54 | | |
| batches added up once, not event by event | 30 us, not 40, counting included | | |
| calls to the database's loop that do not stop the caller; batches gathered for 0.1 s | | about 1.5 x | |
| disk calls on threads of their own (`actors/disk.py`) | 1.19 x | 1.07 x | 1.04 x |
| a pause of 0.5 s instead of 0.1 s between small batches | 1.04 x | 1.13 x | 1.06 x |
| new listeners counted in SQL instead of returned row by row | 1.07 x | 1.12 x | 1.04 x |
| trusted networks compared in a plain loop | an address in 940 ns, not 1,490 | | |

Tried and left out: freezing the collector's oldest generation (0.96, 1.06, 1.03 x); batches of 8,192 events instead of
4,096 (no faster, and 24 MiB more).
"""


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table of ratios."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} x {row.against}"
    unit = "x" if row.ratio is not None else row.unit
    goal = "" if row.goal is None else f"{row.side.value} {row.goal:g} {unit}"
    met = {True: "met", False: "**not met**", None: ""}[row.met]
    return row.what, f"{_number(row.figure)} {row.unit}", ratio, goal, met


def as_json(results: Results) -> dict[str, object]:
    """For bench/results: all of it, samples included."""
    rows = [{**asdict(row), "met": row.met} for row in results.rows]
    return {**asdict(results), "rows": rows}


def document(results: Results, charts: str) -> str:
    """docs/performance.md; `charts` is the folder of the charts as seen from there."""
    parts = [_INTRO, _measured(results), _markdown(COLUMNS, map(cells, results.rows)), *results.skipped, _MEANING]
    parts += [_section(table) for table in results.tables]
    parts += [f"## {title}\n\n![{title}]({charts}/{name})\n" for title, name in results.charts.items()]
    return "\n".join(parts).rstrip() + "\n"


def _measured(results: Results) -> str:
    machine = results.machine
    return (
        f"## Measured\n\n{machine.taken_at}: {machine.cores} cores of {machine.processor}, {machine.memory_gib:g} GiB "
        f"of memory, {machine.kernel}, {machine.python}, PostgreSQL {machine.postgres} (embedded). A write of 4 KiB "
        f"takes {machine.fsync_ms:g} ms to reach the disk. Load average {machine.load:g} before the run (what others "
        f"did), {results.load_after:g} at its end. Lengths: {results.length}.\n"
    )


def _section(table: Table) -> str:
    note = f"{table.note}\n\n" if table.note else ""
    return f"## {table.title}\n\n{note}{_markdown(table.columns, table.cells)}"


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"
