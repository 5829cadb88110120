"""A site with years behind it, made from a seed: what dashboard, API and command line are tested on.

Unlike `bench.fill`, which is for many millions, its catalog has titles and media, its records lose listeners from
track to track, its plays have weekdays and a trend, and option B's days are there. `tonearm check` finds it clean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

import trio

from bench.fill import COUNT_DAYS, COUNT_TOTALS
from storage import catalog, log, migrate
from storage.bridge import Address, Connection, open_database
from storage.catalog import Release, Track

UNCATALOGUED: Final = "played-but-not-in-the-catalog"
_ADJECTIVES: Final = ("Quiet", "Northern", "Paper", "Second", "Slow", "Glass", "Borrowed", "Low", "Salt", "Early")
_NOUNS: Final = ("Harbour", "Radio", "Winter", "Station", "Letters", "Engine", "Rooms", "Signal", "Orchard", "Tape")
_MEDIA: Final = ("album", "ep", "mix", "session")
_RELEASES: Final = 12
_LOOSE: Final = 4

_LISTENERS: Final = """
INSERT INTO listener (target_key, target_kind, pseudonym)
SELECT target_key, target_kind, decode(md5(target_kind || target_key || number), 'hex')
FROM (SELECT target_key, target_kind, sum(partial + sampled + complete) AS plays FROM day_counter GROUP BY 1, 2) AS d
CROSS JOIN LATERAL generate_series(1, ceil(plays / 3)::integer) AS number
"""
_TOKEN_DAYS: Final = """
INSERT INTO token_day (day, generation, partial, closed)
SELECT DISTINCT day, 1, day = $1::date - 9, day < $1 FROM day_counter
"""
_LISTENER_COUNTS: Final = """
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, day, 1, 0, ceil((partial + sampled + complete) / 2.0)
FROM day_counter WHERE partial + sampled + complete > 0
"""


@dataclass(frozen=True, slots=True)
class Music:
    """The catalog of the site."""

    releases: Sequence[Release]
    tracks: Sequence[Track]


def music(seed: int) -> Music:
    """The same for the same seed; some tracks belong to no release."""
    random = Random(seed)
    names = [f"{adjective} {noun}" for adjective in _ADJECTIVES for noun in _NOUNS]
    random.shuffle(names)
    releases = [
        Release(f"release-{n:02}", names.pop(), _MEDIA[n % len(_MEDIA)] if n % 5 else None) for n in range(_RELEASES)
    ]
    tracks = [
        Track(f"{release.key}/track-{position:02}", f"{random.choice(names)} ({position})", release.key, position)
        for release in releases
        for position in range(1, random.randint(4, 11))
    ]
    loose = [Track(f"loose-{n}", f"{random.choice(names)}, live & <unreleased>") for n in range(_LOOSE)]
    return Music(releases, [*tracks, *loose])


async def fill(connection: Connection, *, seed: int, events: int, today: date, days: int) -> Music:
    """`events` plays and shares over `days` days up to `today`, into an empty database; its last track has none."""
    random = Random(seed)
    site = music(seed)
    await catalog.upsert(connection, site.releases, site.tracks)
    played = [*site.tracks[:-1], Track(UNCATALOGUED, "")]
    fame = [1 / (number + 1) for number in range(len(played))]
    random.shuffle(fame)
    dates = [today - timedelta(back) for back in range(days)]
    rush = [(1.6 if day.weekday() >= 4 else 1) * (1 + 2 * (days - back) / days) for back, day in enumerate(dates)]
    plays: list[tuple[object, ...]] = []
    shares: list[tuple[object, ...]] = []
    lots = zip(random.choices(played, fame, k=events), random.choices(dates, rush, k=events), strict=True)
    for track, day in lots:
        hour = datetime.combine(day, time(random.choice((7, 12, 18, 20, 21, 22))), UTC)
        if random.random() < 0.06:
            channel = random.choice(("link", "link", "embed"))
            of_release = track.release is not None and channel == "link" and random.random() < 0.3
            kind, key = ("release", track.release) if of_release else ("track", track.key)
            shares.append((hour, day, kind, key, channel))
            continue
        left = 0.75 - 0.05 * (track.position or 1)  # who gets this far plays to the end less often
        bucket = random.choices(("complete", "sampled", "partial"), (left, 0.25, 0.75 - left))[0]
        via = random.choices((None, "link", "embed"), (88, 8, 4))[0]
        plays.append((hour, day, 1, track.key, track.release, bucket, via))
    await log.make_months(connection, {day.replace(day=1) for day in dates})
    await _store(connection, plays, shares)
    for statement in (COUNT_DAYS, _LISTENERS, COUNT_TOTALS):
        await connection.execute(statement)
    await connection.execute(_TOKEN_DAYS, today)
    await connection.execute(_LISTENER_COUNTS)
    return site


async def _store(
    connection: Connection, plays: Sequence[tuple[object, ...]], shares: Sequence[tuple[object, ...]]
) -> None:
    play_columns = ("created_at", "day", "rule_version", "track_key", "release_key", "bucket", "via")
    await connection.copy_records_to_table("play_event", records=plays, columns=play_columns)
    share_columns = ("created_at", "day", "target_kind", "target_key", "channel")
    await connection.copy_records_to_table("share_event", records=shares, columns=share_columns)


def fill_database(
    url: str, *, seed: int = 1, events: int = 20_000, today: date | None = None, days: int = 420
) -> Music:
    """Migrate the database at `url` and fill it; `today` is UTC's unless it is given."""

    async def run() -> Music:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(migrate.migrate, migrate.migrations())
            day = today or datetime.now(UTC).date()
            return await database.transaction(fill, seed=seed, events=events, today=day, days=days)

    return trio.run(run)
