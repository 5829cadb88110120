"""What somebody's forgetting leaves behind: their plays stay in the log, and are they known to be one listener's?

The attacker has the log with its transactions' numbers, and the files of the sets with deleted rows in them. They take
one play of somebody who asked to be forgotten, and look for a play of the same listener on another track. Rows that
one transaction has deleted were one listener's, and say in which transactions that one first played. Where none are
left they take the nearest play, as they can with any play in the log, and leave out hours in which all plays of the
track are accounted for by listeners who are still in its set.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random
from typing import Final

from bench.linking.attacker import Success

_MOST: Final = 600  # questions


@dataclass(frozen=True, slots=True)
class LoggedPlay:
    """A row of the log: it says nothing of who it was."""

    hour: int
    place: int  # the transaction's number
    track: int


@dataclass(frozen=True, slots=True)
class Erased:
    """A deleted row of a track's set that is still in its page: what wrote it, what deleted it."""

    written: int
    deleted: int
    track: int


@dataclass(frozen=True, slots=True)
class Remains:
    """What lies in the sets at one moment."""

    deleted: Sequence[Erased]
    came: Mapping[tuple[int, int], int]  # hour and track -> listeners of the track who came then, where it is known


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The log, and beside it the truth that only the simulation knows."""

    log: Sequence[LoggedPlay]
    whose: Mapping[tuple[int, int], frozenset[int]]  # place and track -> listeners
    asked: frozenset[int]
    at_once: Remains
    after: Remains  # the housekeeper's next round
    bytes_left: int  # pseudonyms of theirs that are then found in any byte of the table's and its index's files


def linked_plays(taken: Forgotten, remains: Remains, random: Random) -> Success:
    """Given a play of somebody who asked, and another track of theirs: how often a play of theirs is named."""
    by_track: defaultdict[int, list[LoggedPlay]] = defaultdict(list)
    for play in taken.log:
        by_track[play.track].append(play)
    together = _together(remains.deleted)
    unexplained = _unexplained(taken.log, remains.came)
    places = sorted({play.place for play in taken.log})
    right = chance = 0.0
    questions = _questions(taken, random)
    for play, other in questions:
        candidates = by_track[other]
        guess = _told(play, other, together) or _nearest(play, candidates, unexplained, places)
        right += bool(taken.whose[guess, other] & taken.whose[play.place, play.track] & taken.asked)
        own = taken.whose[play.place, play.track] & taken.asked
        chance += sum(bool(taken.whose[one.place, other] & own) for one in candidates) / len(candidates)
    tried = len(questions) or 1
    return Success(right / tried, chance / tried, len(questions))


def _questions(taken: Forgotten, random: Random) -> list[tuple[LoggedPlay, int]]:
    """Of each who asked, their first play of each track, and another track of theirs."""
    firsts: defaultdict[int, dict[int, LoggedPlay]] = defaultdict(dict)
    for play in sorted(taken.log, key=lambda one: one.place):
        for listener in taken.whose[play.place, play.track] & taken.asked:
            firsts[listener].setdefault(play.track, play)
    asked = [
        (plays[one], other) for _, plays in sorted(firsts.items()) for one, other in permutations(sorted(plays), 2)
    ]
    return random.sample(asked, min(_MOST, len(asked)))


def _together(deleted: Iterable[Erased]) -> dict[tuple[int, int], dict[int, int]]:
    """Place and track of a first play -> the places of the same listener's first plays of other tracks."""
    by_deleter: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in deleted:
        by_deleter[row.deleted][row.track] = row.written
    return {(place, track): own for own in by_deleter.values() for track, place in own.items()}


def _told(play: LoggedPlay, other: int, together: Mapping[tuple[int, int], Mapping[int, int]]) -> int | None:
    return together.get((play.place, play.track), {}).get(other)


def _unexplained(log: Iterable[LoggedPlay], came: Mapping[tuple[int, int], int]) -> set[tuple[int, int]]:
    """Hours and tracks with more plays than listeners who came to the track then."""
    plays = Counter((play.hour, play.track) for play in log)
    return {where for where, number in plays.items() if number > came.get(where, 0)}


def _nearest(
    play: LoggedPlay, candidates: Sequence[LoggedPlay], unexplained: set[tuple[int, int]], places: Sequence[int]
) -> int:
    rank = bisect_right(places, play.place)
    possible = [one for one in candidates if (one.hour, one.track) in unexplained] or candidates
    return min(possible, key=lambda one: (abs(bisect_right(places, one.place) - rank), one.place)).place
