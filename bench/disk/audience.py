"""Who plays what, for as many days as are measured: the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate
from random import Random
from typing import Final

from actors.events import Event, Moment, Play, Share
from bench import site

PLAYS_A_LISTENER: Final = 8  # over the whole time, as bench/fill.py has it
SHARES_IN_A_HUNDRED: Final = 3
DAYS: Final = 30
_VIA_IN_A_HUNDRED: Final = 5
_BUCKETS: Final = ("partial", "sampled", "complete")
_BUCKET_SHARES: Final = (35, 60, 100)  # as bench/fill.py, added up
_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Sends:
    """What events carry."""

    ids: bool  # option A
    tokens: bool  # option B
    event_ids: bool  # of plays; the tracker gives one to those that a browser may send again


def batches(events: int, sends: Sends, day: date, today: int, batch: int, seed: int) -> Iterator[list[Event]]:
    """The events of `day`, which is number `today` of `DAYS`, in batches of up to `batch`."""
    random = Random(f"{seed}/{today}")
    keys = [site.track_key(number) for number in range(1, site.TRACKS + 1)]
    fame = list(accumulate(site.fame()))
    midnight = int(datetime.combine(day, datetime.min.time(), UTC).timestamp())
    listeners = max(1, events // PLAYS_A_LISTENER)
    here = events // DAYS
    for first in range(0, here, batch):
        made: list[Event] = []
        for number in range(first, min(first + batch, here)):
            moment = Moment(midnight + 3600 * (number * _HOURS // here), day.toordinal())
            [key] = random.choices(keys, cum_weights=fame)
            if random.randrange(100) < SHARES_IN_A_HUNDRED:
                made.append(Share(moment, "track", key, "link"))
                continue
            base = random.randrange(listeners).to_bytes(32, "big")
            luck = random.randrange(100)
            bucket = next(name for name, below in zip(_BUCKETS, _BUCKET_SHARES, strict=True) if luck < below)
            made.append(
                Play(
                    moment,
                    key,
                    bucket,  # type: ignore[arg-type]  # one of the three
                    "link" if random.randrange(100) < _VIA_IN_A_HUNDRED else None,
                    base if sends.ids else None,
                    token=base if sends.tokens else None,
                    generation=1 if sends.tokens else 0,
                    event_tag=random.randbytes(16) if sends.event_ids else None,
                )
            )
        yield made
