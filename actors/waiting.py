"""How long what is in the spool has been there: since the spool itself keeps no time. No clock, no I/O."""

from collections import deque
from typing import Final

_STEP_S: Final = 0.1  # ages are as exact as this
_MOST: Final = 4096  # notes; when there are as many, every other goes and the step doubles


class Waiting:
    """Notes when rows of the spool were written. An age is too high by a step at most."""

    def __init__(self, began: float = 0.0, *, recovered_through: int = 0) -> None:
        """Rows up to `recovered_through` are from before, and as old as this process at least; 0: there are none."""
        self._notes: deque[tuple[int, float]] = deque()  # from this row on, written at this time or later
        self._last = 0
        self._step = _STEP_S
        self.lag = 0.0  # how long the oldest row counted last had waited
        if recovered_through:
            self._notes.append((0, began))
            self._last = recovered_through

    def written(self, row: int, now: float) -> None:
        """This row is on the disk."""
        self._last = row
        if self._notes and now - self._notes[-1][1] < self._step:
            return
        self._notes.append((row, now))
        if len(self._notes) >= _MOST:
            self._step *= 2
            self._notes = deque(list(self._notes)[::2])

    def counted(self, row: int, now: float) -> None:
        """Every row up to and with this one is counted."""
        if not self._notes:
            return
        self.lag = now - self._notes[0][1]
        while len(self._notes) > 1 and self._notes[1][0] <= row + 1:
            self._notes.popleft()
        if row >= self._last:
            self._notes.clear()

    def age(self, now: float) -> float:
        """Of the oldest row that waits; 0 where none does."""
        return now - self._notes[0][1] if self._notes else 0.0
