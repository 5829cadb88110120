"""How often a quantity was how large, in buckets as Prometheus has them. No clock, no I/O, for one thread.

Not prometheus-client's: that one takes locks and walks the bounds, and the beacon door observes every event.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import inf


class Histogram:
    """`bounds` rise; a value belongs to the first that is not below it."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0  # of the values

    def observe(self, value: float) -> None:
        """One more."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def cumulated(self) -> Iterator[tuple[float, int]]:
        """Each bound and how many values were not above it; the last is infinity, and all."""
        return zip((*self._bounds, inf), accumulate(self._counts), strict=True)
