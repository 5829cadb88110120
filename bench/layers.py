"""Where a request's time goes: samples of whoever holds the interpreter's lock, summed by layer (py-spy).

A sample belongs to the innermost frame that is one of the project's, or of a library with a layer of its own; so
time in llhttp is parsing's, and time in hashlib is privacy's.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from bench.plan import Plan
from bench.progress import Steps
from bench.results import Table
from bench.rig import Rig, drained

STEPS: Final = 1
NO_PY_SPY: Final = "The profile was left out: py-spy is not installed (it is in the dependency group `dev`)."

_RATE: Final = 500  # samples a second
_TOP: Final = 12
_START_S: Final = 2.0  # of load before and after what is sampled

# The first whose part occurs in the innermost matching frame's file.
_LAYERS: Final = (
    ("parsing HTTP", ("server/beacon/reading.py",)),
    ("sockets and answers", ("server/beacon/", "server/sockets.py")),
    ("contract", ("server/events.py", "server/bodies.py", "server/calendar.py", "server/problems.py")),
    ("crawlers, rate, address", ("server/limiter.py", "server/crawlers.py", "privacy/address.py")),
    ("privacy", ("privacy/",)),
    ("spool", ("storage/spool.py", "actors/events.py")),
    ("ingest", ("actors/ingest.py", "actors/messages.py", "actors/ledger.py")),
    ("tally and writer", ("actors/tally.py", "actors/writer.py", "actors/resolver.py")),
    ("database bridge", ("storage/", "asyncpg/", "asyncio/", "anyio/", "uvloop/")),
    ("trio", ("trio/", "outcome/")),
    ("Quart, Hypercorn", ("quart", "hypercorn/", "server/app.py", "werkzeug/")),
)
_REST: Final = "everything else"


def measure(rig: Rig, plan: Plan, steps: Steps) -> list[Table]:
    """Two tables: by layer, and the functions with most samples. Empty where py-spy is missing."""
    steps.step(f"Profile, {plan.profile_s} s")
    tool = py_spy()
    if tool is None:
        return []
    with rig.service() as service, ThreadPoolExecutor(1) as pool:
        load = pool.submit(rig.load, service.beacon, int(plan.profile_s + 2 * _START_S))
        stacks = _recorded(tool, service.process.pid, plan.profile_s, rig.folder / "stacks")
        run = load.result()
        drained(service)
    note = (
        f"{_RATE} samples a second for {plan.profile_s} s while everything ran, at {run.per_second:,.0f} events/s; "
        f"the lock was held in {sum(stacks.values()) / (_RATE * plan.profile_s):.0%} of them."
    )
    return [_by_layer(stacks, note), _by_function(stacks)]


def py_spy() -> str | None:
    """The program's path, or None."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("py-spy", path=os.pathsep.join((beside, os.environ.get("PATH", ""))))


def _recorded(tool: str, pid: int, seconds: int, out: Path) -> Counter[tuple[str, ...]]:
    """Samples by stack, outermost frame first."""
    command = [tool, "record", "--gil", "--format", "raw", "--full-filenames", "--rate", str(_RATE)]
    subprocess.run(
        [*command, "--duration", str(seconds), "--pid", str(pid), "--output", str(out)],
        check=True,
        capture_output=True,
    )
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in out.read_text().splitlines():
        stack, _, number = line.rpartition(" ")
        stacks[tuple(stack.split(";"))] += int(number)
    return stacks


def layer(stack: Sequence[str]) -> str:
    """Of a stack of frames such as `feed (/where/server/beacon/reading.py:80)`."""
    for frame in reversed(stack):
        for name, parts in _LAYERS:
            if any(part in frame for part in parts):
                return name
    return _REST


def _by_layer(stacks: Counter[tuple[str, ...]], note: str) -> Table:
    layers: Counter[str] = Counter()
    for stack, number in stacks.items():
        layers[layer(stack)] += number
    cells = [(name, _share(number, layers)) for name, number in layers.most_common()]
    return Table("layers", "Where the time goes", ("layer", "share of the time under the lock"), cells, note)


def _by_function(stacks: Counter[tuple[str, ...]]) -> Table:
    functions: Counter[str] = Counter()
    for stack, number in stacks.items():
        functions[_function(stack[-1])] += number
    cells = [(f"`{name}`", _share(number, functions)) for name, number in functions.most_common(_TOP)]
    return Table("functions", "The functions it is spent in", ("function", "share"), cells)


def _function(frame: str) -> str:
    """Its name and file without folders of the machine or lines."""
    name, _, where = frame.rpartition(" (")
    file = where.rstrip(")").rpartition(":")[0]
    return f"{name} {'/'.join(Path(file).parts[-2:])}".strip()


def _share(number: int, among: Counter[str]) -> str:
    return f"{number / among.total():.1%}"
