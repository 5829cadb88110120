"""What a process holds, sampled from outside while it works: memory and descriptors (Linux: /proc)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread


@dataclass(frozen=True, slots=True)
class Sample:
    """`at_s` since the sampling began."""

    at_s: float
    rss_mib: float
    descriptors: int
    waiting: int  # accepted events that were not counted yet


def rss_mib(pid: int, *, peak: bool = False) -> float:
    """Resident memory now, or the most it ever was."""
    field = "VmHWM" if peak else "VmRSS"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def descriptors(pid: int) -> int:
    """Open file descriptors."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


@contextmanager
def sampling(pid: int, waiting: Callable[[], int], every_s: float) -> Iterator[list[Sample]]:
    """Samples appear in the list until the context ends."""
    samples: list[Sample] = []
    over = Event()
    began = time.monotonic()

    def sample() -> None:
        while not over.wait(every_s):
            samples.append(Sample(time.monotonic() - began, rss_mib(pid), descriptors(pid), waiting()))

    thread = Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
