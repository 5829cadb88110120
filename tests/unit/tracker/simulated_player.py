"""A listener in front of a player: does as asked, says what a browser would say of it, keeps what truly happened.

Time is counted in ticks of a quarter of a second, the distance of two `timeupdate`. The reports drive the tracker, the
history drives the reference model; neither is made from the other.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

TICK: Final = 0.25
"""Seconds between two reports of a playing element."""


class Fact(NamedTuple):
    """One thing that truly happened; positions and lengths in ticks.

    sound: played from `start` up to `at`. jump: the listener went to `at`. lap: into the end and, looping, over it.
    end: into the end. gone: the page went away. left: track or source changed. length: known now.
    """

    kind: Literal["sound", "jump", "lap", "end", "gone", "left", "length"]
    at: int = 0
    start: int = 0


@dataclass
class SimulatedPlayer:
    """One element. `length` is in ticks; `announced` says whether and when the page learns it."""

    length: int
    announced: Literal["at once", "late", "never"]
    gapless: bool = False
    """Starts over without saying `seeking`, as some engines do."""

    position: int = 0
    sounding: bool = False
    ended: bool = False
    loop: bool = False
    track: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)
    history: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.steps.append({"observe": None})
        self._source()

    def play(self) -> None:
        if self.sounding:
            return
        self.sounding = True
        if self.ended:
            self.ended = False
            self.position = 0  # the browser goes back to the start by itself
            self._fire("seeking")
        self._fire("playing")

    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            if not self.sounding:
                return
            self._advance()

    def seek(self, percent: int) -> None:
        # While it loops, a jump from the last second to the very start is a lap by definition, so no hand does it here;
        # at rest nothing ends, so the very end is left out there.
        target = self.length * percent // 100
        target = max(target, 1) if self.loop and self.sounding else target
        target = target if self.sounding else min(target, self.length - 1)
        self.position = target
        self.ended = False
        self.history.append(Fact("jump", target))
        self._fire("seeking", seeking=True)
        self._fire("timeupdate")
        if target == self.length:
            self._into_the_end()

    def pause(self) -> None:
        if self.sounding:
            self.sounding = False
            self._fire("timeupdate")
            self._fire("pause")

    def stall(self) -> None:
        if self.sounding:
            self._fire("timeupdate")
            self._fire("playing")

    def toggle_loop(self) -> None:
        # A browser knows the length of what it loops, and without it nobody could tell a lap from a jump.
        self.loop = not self.loop and self.announced == "at once"

    def learn(self) -> None:
        if self.announced == "late":
            self.announced = "at once"
            self.history.append(Fact("length", self.length))
        self._fire("durationchange")

    def hide(self) -> None:
        self.history.append(Fact("gone"))
        self._fire("pagehide")

    def switch(self, how: str) -> None:
        """Another track on the same element: a new source, or only another key on the same sound."""
        self.history.append(Fact("left"))
        self.track += 1
        if how == "attribute":
            self.steps.append({"attribute": f"track-{self.track}"})
            self._fire("timeupdate")  # the first that is heard of the player afterwards
            self.history.extend([Fact("length", self.length)] if self.announced == "at once" else [])
            return
        self.position, self.sounding, self.ended = 0, False, False
        self.steps.append({"fire": "emptied", "set": {"currentTime": 0, "duration": "NaN", "paused": True}})
        self._source()

    def noise(self, event: str) -> None:
        """What browsers say at odd moments, and what says nothing."""
        if event == "ended" and not self.ended:
            return
        self._fire(event)

    def _source(self) -> None:
        self.steps.append({"attribute": f"track-{self.track}"})
        if self.announced == "at once":
            self.history.append(Fact("length", self.length))
        self._fire("durationchange")

    def _advance(self) -> None:
        self.position += 1
        self.history.append(Fact("sound", self.position, self.position - 1))
        if self.position == self.length:
            self._into_the_end()
        else:
            self._fire("timeupdate")

    def _into_the_end(self) -> None:
        if self.loop:
            self.history.append(Fact("lap", self.length))
            self.position = 0
            self._fire("timeupdate") if self.gapless else self._fire("seeking", seeking=True)
            return
        self.sounding, self.ended = False, True
        for event in ("timeupdate", "pause", "ended"):
            self._fire(event)
        self.history.append(Fact("end", self.length))

    def _fire(self, event: str, *, seeking: bool = False) -> None:
        state = {
            "currentTime": self.position * TICK,
            "duration": self.length * TICK if self.announced == "at once" else "NaN",
            "paused": not self.sounding,
            "ended": self.ended,
            "loop": self.loop,
            "seeking": seeking,
        }
        self.steps.append({"fire": event, "set": state})
