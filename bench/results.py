"""What a run of the bench found: rows with a goal, tables without one, and charts."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from bench.machine import Machine


class Goal(StrEnum):
    """Which side of its goal a ratio must be on."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Row:
    """`figure` in `unit`; `ratio` is to what `against` says, or the figure itself where there is nothing to compare
    with. `goal` is None for a row that is only told. Samples are those of the figure and of the other side, in pairs.
    """

    what: str
    figure: float
    unit: str
    against: str = ""
    ratio: float | None = None
    goal: float | None = None
    side: Goal = Goal.AT_LEAST
    samples: Sequence[float] = ()
    other_samples: Sequence[float] = ()

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        value = self.figure if self.ratio is None else self.ratio
        if self.goal is None:
            return None
        return value >= self.goal if self.side is Goal.AT_LEAST else value <= self.goal


@dataclass(frozen=True, slots=True)
class Table:
    """Figures that are not ratios; cells are text. `name` is stable, the documentation speaks of it."""

    name: str
    title: str
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
    note: str = ""


@dataclass(slots=True)
class Results:
    """One run. `charts`: file names under bench/results, by title. `length`: how long the runs were."""

    machine: Machine
    length: str
    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    charts: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)  # a sentence each
    load_after: float = 0.0  # the load average at the end


def read(path: Path) -> Results:
    """A run as it was kept (bench/results/*.json)."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


def compared(
    what: str,
    unit: str,
    samples: Sequence[float],
    against: str,
    others: Sequence[float],
    goal: float | None = None,
    side: Goal = Goal.AT_LEAST,
) -> Row:
    """The median figure, and the median of the ratios of each pair: a pair was measured within seconds of each other,
    so that what else the machine does falls out of its ratio.
    """
    ratios = [one / other for one, other in zip(samples, others, strict=True)]
    return Row(
        what, statistics.median(samples), unit, against, statistics.median(ratios), goal, side, samples, list(others)
    )
