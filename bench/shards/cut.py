"""Batches as the writer has them, and each cut into what every server gets: a target's rows are on one server."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final
from zlib import crc32

from actors.tally import Tally, tally
from bench import site
from bench.disk.audience import DAYS, Sends, batches

DAY: Final = date(2026, 11, 21)
GENERATION: Final = 1  # of the salt of that day
_SENDS: Final = Sends(ids=True, tokens=True, event_ids=False)  # as mode `both`, in which the capacity is measured


def made(number: int, events: int, seed: int) -> list[Tally]:
    """`number` batches of `events` events. Nearly everybody comes once, the dearest case."""
    releases: dict[str, str | None] = {
        site.track_key(track): site.release_key(track) for track in range(1, site.TRACKS + 1)
    }
    found = []
    for one in batches(number * events * DAYS, _SENDS, DAY, 0, events, seed):
        found.append(tally(one, releases))
        found[-1].shuffle(Random(seed))
    return found


def cut(whole: Tally, servers: int) -> Sequence[Tally]:
    """By the hash of the target's key, as a distributed PostgreSQL does; a part may be empty."""
    if servers == 1:
        return [whole]
    parts = [Tally(last_day=whole.last_day) for _ in range(servers)]
    at = {key: crc32(key.encode()) % servers for key in {target.key for target, _ in whole.daily}}
    for play in whole.plays:
        parts[at[play.track_key]].plays.append(play)
    for share in whole.shares:
        parts[at[share.target_key]].shares.append(share)
    for (target, pseudonym), hour in whole.listeners.items():
        parts[at[target.key]].listeners[target, pseudonym] = hour
    for salted, pairs in whole.tokens.items():
        for target, token in pairs:
            parts[at[target.key]].tokens[salted].add((target, token))
    for (target, day), delta in whole.daily.items():
        parts[at[target.key]].daily[target, day] = delta
    return parts


def rows(part: Tally) -> int:
    """How many rows it writes, counters twice: of all time and of the day."""
    tokens = sum(map(len, part.tokens.values()))
    return len(part.plays) + len(part.shares) + len(part.listeners) + tokens + 2 * len(part.daily)
