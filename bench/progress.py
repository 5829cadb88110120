"""What the bench is doing, and how far it is: a bar in a terminal, a line for each step elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_CONSOLE: Final = Console(stderr=True)


class Steps:
    """`total` steps are announced one by one with `step`."""

    def __init__(self, total: int, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Starting", total=total)
        self._began = time.monotonic()
        self._first = True

    def step(self, doing: str) -> None:
        """The step before is done, and this one begins."""
        if not self._first:
            self._bar.advance(self._task)
        self._first = False
        self._bar.update(self._task, description=doing)
        if not _CONSOLE.is_terminal:
            _CONSOLE.print(f"{time.monotonic() - self._began:6.0f} s  {doing}", highlight=False)


@contextmanager
def showing(total: int) -> Iterator[Steps]:
    """The bar, until the context ends."""
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(
        *columns, TextColumn("{task.description}"), console=_CONSOLE, disable=not _CONSOLE.is_terminal
    ) as bar:
        yield Steps(total, bar)
