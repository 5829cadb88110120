"""Listeners who come back: who plays what and when, at a given number of sittings an hour."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

TRACKS: Final = 24
RELEASES: Final = 6  # of four tracks each
TASTE: Final = 6  # tracks that somebody comes back to
VISITS: Final = (1, 1, 2, 3, 5, 8)  # of a listener, each as likely
PLAYS: Final = (2, 3, 4, 5)  # in a sitting
TRACK_S: Final = 210  # from one play of a sitting to the next
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Heard:
    """One play, at a second of the simulated time."""

    at_s: float
    listener: int
    track: int


def heard(an_hour: int, hours: int, random: Random) -> list[Heard]:
    """All plays in the order of time; sittings may begin at any moment."""
    plays: list[Heard] = []
    sittings, listener = an_hour * hours, 0
    while sittings:
        visits = min(sittings, random.choice(VISITS))
        taste = random.sample(range(TRACKS), TASTE)
        for _ in range(visits):
            plays += _sitting(listener, taste, random.uniform(0, hours * HOUR_S), random)
        sittings -= visits
        listener += 1
    return sorted((play for play in plays if play.at_s < hours * HOUR_S), key=lambda play: play.at_s)


def release_of(track: int) -> int:
    """The release that a track is on."""
    return track * RELEASES // TRACKS


def _sitting(listener: int, taste: list[int], at_s: float, random: Random) -> Iterator[Heard]:
    for track in random.sample(taste, random.choice(PLAYS)):
        yield Heard(at_s, listener, track)
        at_s += TRACK_S * random.uniform(0.6, 1.4)
