"""What the service says to the person who started it: a few sentences, and a bar while something takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Console:
    """Writes to standard output; without a terminal the bars become plain lines."""

    def __init__(self, rich: RichConsole | None = None) -> None:
        self._rich = rich or RichConsole(highlight=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads it now, and nobody later."""
        return self._rich.is_terminal

    def say(self, sentence: str) -> None:
        """One line, as it is."""
        self._rich.print(sentence, markup=False)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """A spinner with `what` beside it; a plain line where there is no terminal."""
        if self._rich.is_terminal:
            with self._rich.status(what):
                yield
        else:
            self.say(what)
            yield

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Yields report(done, total), which may be called from any thread."""
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        if not self._rich.is_terminal:
            self.say(what)
        with Progress(*columns, console=self._rich, transient=True, disable=not self._rich.is_terminal) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
