"""Hours in small: load, quiet, load, with memory and descriptors watched from outside all the while."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.chart import Line, draw
from bench.plan import Plan
from bench.progress import Steps
from bench.results import Table
from bench.rig import Rig, drained, waiting
from bench.samples import Sample, descriptors, rss_mib, sampling
from bench.wrk import POOL

STEPS: Final = 1
CHART: Final = "soak.svg"

_LOAD_S: Final = 10  # then a pause until all is counted, so that a soak of any length stays within the spool's bound
_SAMPLES: Final = 240
_FIRST: Final = 0.25  # caches and the allocator's pools fill in this part of the run, and are not a leak


def measure(rig: Rig, plan: Plan, steps: Steps, folder: Path) -> Table:
    """Draws the chart into `folder`."""
    steps.step(f"Soak, {plan.soak_s} s")
    with rig.service() as service:
        pid = service.process.pid
        before = rss_mib(pid), descriptors(pid)
        with sampling(pid, lambda: waiting(service), max(0.25, plan.soak_s / _SAMPLES)) as samples:
            events = _soak(rig, service.beacon, plan.soak_s, lambda: drained(service))
        after = descriptors(pid)
    _draw(samples, folder / CHART)
    settled = [sample.rss_mib for sample in samples if sample.at_s >= _FIRST * plan.soak_s]
    half = len(settled) // 2
    return Table(
        "soak",
        f"Soak of {plan.soak_s:,} s with {events:,} events",
        ("", "before", "middle of the run, most", "end of the run, most", "descriptors before", "after"),
        [
            (
                "service",
                f"{before[0]:.0f} MiB",
                f"{max(settled[:half]):.0f} MiB",
                f"{max(settled[half:]):.0f} MiB",
                str(before[1]),
                str(after),
            )
        ],
    )


def _soak(rig: Rig, url: str, seconds: int, drain: Callable[[], float]) -> int:
    events = 0
    over = time.monotonic() + seconds
    while (left := over - time.monotonic()) >= 1:
        events += rig.load(url, min(_LOAD_S, int(left)), listeners=POOL).accepted
        drain()
    return events


def _draw(samples: Sequence[Sample], path: Path) -> None:
    times = [sample.at_s for sample in samples]
    lines = [
        Line("Memory of the service", "MiB", [sample.rss_mib for sample in samples]),
        Line("Open descriptors", "", [float(sample.descriptors) for sample in samples]),
        Line("Events waiting to be counted", "", [float(sample.waiting) for sample in samples]),
    ]
    path.write_text(draw(times, lines), "utf-8")
