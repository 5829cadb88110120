"""Somebody with the whole database in hand. They know nothing but what its tables and row headers say.

A pseudonym is told from the others on its track; which pseudonym on another track is the same listener, nothing says.
But rows carry the number of their transaction, transactions come in the order of time, and one listener's plays
are minutes apart, again and again. So the attacker adds up, for every candidate on the other track, how near it was
whenever the known one played, leaves out whom the distinct sets exclude (bench/linking/beginnings.py), and takes the
nearest. What counts as near is tuned on listeners the attacker knows, as by playing themselves, and marked on others.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from random import Random
from typing import Final

from bench.linking.beginnings import Beginnings


@dataclass(frozen=True, slots=True)
class Row:
    """What the attacker reads: the hour, the transaction's place in time, the track, the pseudonym or token."""

    hour: int  # since 1970
    place: int
    track: int
    name: bytes


@dataclass(frozen=True, slots=True)
class Success:
    """Of the attacker's guesses; `chance` is what guessing blindly among the track's names gives."""

    right: float
    chance: float
    tried: int

    @property
    def over_chance(self) -> float:
        """1: nothing was learned."""
        return self.right / self.chance if self.chance else 0.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """One play of a name: hour and minute since 1970, this as far as it can be told, and the transactions before it."""

    hour: int
    minute: float
    rank: int


_OVER_THE_HOUR: Final = 0.2  # few plays that follow another by minutes are of the next hour


@dataclass(frozen=True, slots=True)
class _Method:
    """A way to tell how near two names are."""

    in_minutes: bool  # or in transactions, which at a quiet hour says more
    width: float
    fair: bool  # to names that are seen often, and so near by chance

    def nearness(self, known: Sequence[_Seen], other: Sequence[_Seen]) -> float:
        total = 0.0
        for one in known:
            for two in other:
                apart = one.minute - two.minute if self.in_minutes else one.rank - two.rank
                total += exp(-abs(apart) / self.width) * (1 if one.hour == two.hour else _OVER_THE_HOUR)
        return total / sqrt(len(other)) if self.fair else total


_METHODS: Final = [
    _Method(in_minutes, width, fair)
    for in_minutes, widths in ((True, (2, 5, 10)), (False, (1, 3, 10)))
    for width in widths
    for fair in (False, True)
]

_ByTrack = Mapping[int, Mapping[bytes, Sequence[_Seen]]]
_Question = tuple[int, bytes, int]  # track, name, other track


def linked(
    rows: Sequence[Row],
    truth: Mapping[bytes, int],
    random: Random,
    *,
    beginnings: Beginnings | None = None,
    only: Collection[bytes] | None = None,
    most: int = 600,
) -> Success:
    """Try to link up to `most` names to the same listener's name on another track; `truth` is only for the marks.

    A third of them is for tuning and does not count. `only`: questions about these names.
    """
    by_track = _sightings(rows)
    questions = _questions(by_track, truth, random, only, most)
    own = len(questions) // 3
    best = max(_METHODS, key=lambda method: _marked(by_track, truth, beginnings, method, questions[:own]).right)
    return _marked(by_track, truth, beginnings, best, questions[own:])


def _marked(
    by_track: _ByTrack,
    truth: Mapping[bytes, int],
    beginnings: Beginnings | None,
    method: _Method,
    questions: Sequence[_Question],
) -> Success:
    right = chance = 0.0
    for track, name, other in questions:
        candidates = by_track[other]
        possible = [q for q in candidates if beginnings is None or not beginnings.exclude(name, q)] or list(candidates)
        known = by_track[track][name]
        guess = max(possible, key=lambda q: (method.nearness(known, candidates[q]), q))
        right += truth[guess] == truth[name]
        chance += 1 / len(candidates)
    tried = len(questions) or 1
    return Success(right / tried, chance / tried, len(questions))


def _sightings(rows: Sequence[Row]) -> _ByTrack:
    """Within an hour, which is known, places in the order of transactions are taken as spread evenly."""
    places = sorted({row.place for row in rows})
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    ranked = [(row, bisect_right(places, row.place)) for row in rows]
    for row, rank in ranked:
        first[row.hour] = min(first.get(row.hour, rank), rank)
        last[row.hour] = max(last.get(row.hour, rank), rank)
    found: defaultdict[int, defaultdict[bytes, list[_Seen]]] = defaultdict(lambda: defaultdict(list))
    for row, rank in ranked:
        share = (rank - first[row.hour] + 0.5) / (last[row.hour] - first[row.hour] + 1)
        found[row.track][row.name].append(_Seen(row.hour, 60 * (row.hour + share), rank))
    return found


def _questions(
    by_track: _ByTrack, truth: Mapping[bytes, int], random: Random, only: Collection[bytes] | None, most: int
) -> list[_Question]:
    """Names whose listener has one on another track as well."""
    tracks_of: defaultdict[int, set[int]] = defaultdict(set)
    for track, names in by_track.items():
        for name in names:
            tracks_of[truth[name]].add(track)
    asked = [
        (track, name, other)
        for track, names in sorted(by_track.items())
        for name in sorted(names)
        if only is None or name in only
        for other in sorted(tracks_of[truth[name]] - {track})
    ]
    return random.sample(asked, min(most, len(asked)))
