"""Where the figures were taken: they mean little without it."""

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYNCS: Final = 200


@dataclass(frozen=True, slots=True)
class Machine:
    """`fsync_ms`: median of a 4 KiB write with fdatasync; `load`: others' load average over a minute at the start."""

    cores: int
    memory_gib: float
    processor: str
    kernel: str
    python: str
    postgres: str
    fsync_ms: float
    load: float
    taken_at: str


def describe(folder: Path, postgres: str) -> Machine:
    """`folder` is on the disk that is used; `postgres` is what the server says of its version."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        processor=_processor(),
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        postgres=postgres,
        fsync_ms=round(fsync_s(folder) * 1000, 2),
        load=round(os.getloadavg()[0], 1),
        taken_at=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    )


def fsync_s(folder: Path) -> float:
    """Median seconds for a 4 KiB append to reach the disk."""
    path = folder / "fsync"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(times)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
