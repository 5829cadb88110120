"""What is written down of a piece: sections of bars, chords, and lines of steps.

A line's steps are one string. Bars are separated by `|` and taken in turn; inside a bar, the marks divide it evenly:

    0 1 2 ...   that tone of the chord, counted upwards, going on in the next octave (-1 is below the root)
    x           a hit, for what has no pitch
    c           all tones of the chord
    -           hold on
    .           rest
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Tones = int | Literal["x", "c"]


@dataclass(frozen=True)
class Step:
    """One sounding mark: where in the bar it starts and how long it holds, both as fractions of the bar."""

    tones: Tones
    start: float
    length: float
    index: int


@dataclass(frozen=True)
class Line:
    instrument: str
    steps: str
    level: float
    octave: int = 0

    def bar(self, number: int) -> Iterator[Step]:
        """The steps of the `number`-th bar of a section, counted from 0."""
        bars = self.steps.split("|")
        marks = bars[number % len(bars)].split()
        for index, mark in enumerate(marks):
            if mark in ".-":
                continue
            held = 1
            while index + held < len(marks) and marks[index + held] == "-":
                held += 1
            yield Step(_tones(mark), index / len(marks), held / len(marks), index)


def _tones(mark: str) -> Tones:
    match mark:
        case "x" | "c":
            return mark
        case _:
            return int(mark)


@dataclass(frozen=True)
class Section:
    """Some bars with the same lines. Chord names, one a bar, are separated by spaces and taken in turn."""

    bars: int
    chords: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Score:
    """A piece. Its tempo follows from its length: the bars fill it up to the tail, in which it rings out."""

    seconds: float
    tail_seconds: float
    sections: tuple[Section, ...]
    wetness: float
    swing: float = 0.0  # how far every second step comes late, as a fraction of a step

    @property
    def bar_seconds(self) -> float:
        return (self.seconds - self.tail_seconds) / sum(section.bars for section in self.sections)
