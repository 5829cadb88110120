"""Counts simulated plays as the service does in mode `both`, with the functions it counts with."""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from bench.accuracy.people import Play, World, plays
from privacy import pseudonym, token
from privacy.address import network, packed
from privacy.modes import Mode, derives
from privacy.signals import objects


@dataclass(frozen=True, slots=True)
class Errors:
    """Counted / true - 1: below 0 too few, above 0 too many."""

    listeners: float  # option A, all-time, of the site
    track: float  # option A, all-time, of one track (all tracks together)
    today: float  # option B, of the site on a day (all days together)
    today_whole: float  # the same without the /64 rule


def simulated(world: World, seed: int) -> Errors:
    """One repetition; the same for the same seed.

    The truth of a day is who began to listen on it, by the listener's own clock.
    """
    random = Random(f"keys {seed}")
    key = random.randbytes(pseudonym.KEY_BYTES)
    salts = [random.randbytes(token.SALT_BYTES) for _ in range(world.days + 2)]  # the site's days run ahead of some
    heard = list(plays(world, seed))
    counted = [play for play in heard if _derives(play)]
    ids, ids_of_tracks = _pseudonyms(key, counted)
    return Errors(
        _error(ids, len({play.person for play in heard})),
        _error(ids_of_tracks, len({(play.track, play.person) for play in heard})),
        _error(_tokens(salts, counted, whole=False), len({(play.own_day, play.person) for play in heard})),
        _error(_tokens(salts, counted, whole=True), len({(play.own_day, play.person) for play in heard})),
    )


def _error(counted: int, truth: int) -> float:
    return counted / truth - 1


def _derives(play: Play) -> bool:
    found = derives(Mode.BOTH, objected=objects(sec_gpc=play.sec_gpc, dnt=play.dnt))
    return found.pseudonym and found.token


def _pseudonyms(key: bytes, counted: list[Play]) -> tuple[int, int]:
    """Distinct ones of the site, and distinct ones of each track."""
    bases = {play.anon_id: pseudonym.base(key, UUID(int=play.anon_id)) for play in counted}
    tracks = {(play.track, play.anon_id) for play in counted}
    return (
        len({pseudonym.for_target(base, "site", "") for base in bases.values()}),
        len({(track, pseudonym.for_target(bases[anon_id], "track", f"{track}")) for track, anon_id in tracks}),
    )


def _tokens(salts: list[bytes], counted: list[Play], *, whole: bool) -> int:
    """Distinct ones of the site, of each day."""
    seen = {(play.day, play.address, play.agent) for play in counted}
    found = set()
    for day, text, agent in seen:
        address = packed(text)
        if address is None:
            raise ValueError(f"people.py made an address that is none: {text}")
        base = token.base(salts[day], address if whole else network(address), agent)
        found.add((day, pseudonym.for_target(base, "site", "")))
    return len(found)
