"""What a file says, on its way into the database: rows in temporary tables, which nobody else sees."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, NamedTuple

from storage import alias, catalog
from storage.bridge import Connection
from storage.catalog import Release, Track
from storage.counters import Target

_STAGE: Final = """
CREATE TEMPORARY TABLE staged_event (
    created_at timestamptz, day date, rule_version smallint, target_kind text, target_key text, release_key text,
    bucket text, channel text, via text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_figure (
    target_key text, target_kind text, release_key text, day date, partial bigint, sampled bigint, complete bigint,
    unbucketed bigint, shares_link bigint, shares_embed bigint, via_link bigint, via_embed bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_listener (target_key text, target_kind text, pseudonym bytea) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_listeners_of_day (
    day date, target_kind text, target_key text, listeners bigint, incomplete boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_day (
    target_key text, target_kind text, day date, partial bigint DEFAULT 0, sampled bigint DEFAULT 0,
    complete bigint DEFAULT 0, unbucketed bigint DEFAULT 0, shares_link bigint DEFAULT 0,
    shares_embed bigint DEFAULT 0, via_link bigint DEFAULT 0, via_embed bigint DEFAULT 0, listeners bigint DEFAULT 0
) ON COMMIT DROP
"""


class EventRow(NamedTuple):
    """A play (with a bucket) or a share (with a channel); field order is column order."""

    created_at: datetime
    day: date
    rule_version: int
    target_kind: str
    target_key: str
    release_key: str | None
    bucket: str | None
    channel: str | None
    via: str | None


class FigureRow(NamedTuple):
    """A target's figures of one day, or of no known day."""

    target_key: str
    target_kind: str
    release_key: str | None  # of a track, where figures of releases are to be added up
    day: date | None
    partial: int = 0
    sampled: int = 0
    complete: int = 0
    unbucketed: int = 0
    shares_link: int = 0
    shares_embed: int = 0
    via_link: int = 0
    via_embed: int = 0


class ListenerRow(NamedTuple):
    """Somebody in a distinct set."""

    target_key: str
    target_kind: str
    pseudonym: bytes


class DayListenersRow(NamedTuple):
    """Option B's figure of one closed day."""

    day: date
    target_kind: str
    target_key: str
    listeners: int
    incomplete: bool


@dataclass(slots=True)
class Chunk:
    """Some rows of a file, and how many of its bytes are read by now."""

    events: list[EventRow] = field(default_factory=list)
    figures: list[FigureRow] = field(default_factory=list)
    listeners: list[ListenerRow] = field(default_factory=list)
    listeners_of_days: list[DayListenersRow] = field(default_factory=list)
    releases: dict[str, Release] = field(default_factory=dict)  # for the catalog, where it does not know them
    tracks: dict[str, Track] = field(default_factory=dict)
    read: int = 0


async def begin(connection: Connection) -> None:
    """Empty tables, until the caller's transaction ends."""
    await connection.execute(_STAGE)


class Releases:
    """Which release a track is on, as the catalog has it; each track is asked for once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, str | None] = {}

    async def of(self, keys: Iterable[str]) -> dict[str, str | None]:
        """Track -> release, of these keys at least."""
        if missing := sorted(set(keys) - self._known.keys()):
            self._known |= dict.fromkeys(missing)
            self._known |= await catalog.releases_of(self._connection, missing)
        return self._known


async def stage(connection: Connection, chunk: Chunk, releases: Releases) -> None:
    """One chunk, under the keys that targets are counted under; what names no release gets the catalog's."""
    chunk = await _as_counted(connection, chunk)
    await _add_to_catalog(connection, chunk)
    events = chunk.events
    found = await releases.of(row.target_key for row in events if row.bucket and row.release_key is None)
    events = [
        row._replace(release_key=found.get(row.target_key)) if row.bucket and row.release_key is None else row
        for row in events
    ]
    figures = chunk.figures
    found = await releases.of(row.target_key for row in figures if row.target_kind == "track")
    figures = [
        row._replace(release_key=found.get(row.target_key))
        if row.target_kind == "track" and row.release_key is None
        else row
        for row in figures
    ]
    for table, kind, rows in (
        ("staged_event", EventRow, events),
        ("staged_figure", FigureRow, figures),
        ("staged_listener", ListenerRow, chunk.listeners),
        ("staged_listeners_of_day", DayListenersRow, chunk.listeners_of_days),
    ):
        if rows:
            await connection.copy_records_to_table(table, records=rows, columns=kind._fields)


async def _as_counted(connection: Connection, chunk: Chunk) -> Chunk:
    """With other names replaced (storage/alias.py)."""
    named = {
        Target(row.target_key, row.target_kind)
        for rows in (chunk.events, chunk.figures, chunk.listeners, chunk.listeners_of_days)
        for row in rows
    }
    named |= {
        Target(row.release_key, "release") for rows in (chunk.events, chunk.figures) for row in rows if row.release_key
    }
    named |= {Target(key, "release") for key in chunk.releases} | {Target(key, "track") for key in chunk.tracks}
    named |= {Target(track.release, "release") for track in chunk.tracks.values() if track.release}
    if not (others := await alias.counted(connection, named)):
        return chunk

    def key(name: str, kind: str) -> str:
        return alias.apply(others, name, kind)

    def release(name: str | None) -> str | None:
        return name and key(name, "release")

    return Chunk(
        [
            row._replace(target_key=key(row.target_key, row.target_kind), release_key=release(row.release_key))
            for row in chunk.events
        ],
        [
            row._replace(target_key=key(row.target_key, row.target_kind), release_key=release(row.release_key))
            for row in chunk.figures
        ],
        [row._replace(target_key=key(row.target_key, row.target_kind)) for row in chunk.listeners],
        [row._replace(target_key=key(row.target_key, row.target_kind)) for row in chunk.listeners_of_days],
        {key(name, "release"): replace(one, key=key(name, "release")) for name, one in chunk.releases.items()},
        {
            key(name, "track"): replace(one, key=key(name, "track"), release=release(one.release))
            for name, one in chunk.tracks.items()
        },
        chunk.read,
    )


async def _add_to_catalog(connection: Connection, chunk: Chunk) -> None:
    """What the file names and the catalog does not know; what it knows is right as it is."""
    if not chunk.tracks and not chunk.releases:
        return
    missing = set(await catalog.missing_releases(connection, sorted(chunk.releases)))
    known = await catalog.releases_of(connection, sorted(chunk.tracks))
    await catalog.upsert(
        connection,
        [release for key, release in chunk.releases.items() if key in missing],
        [track for key, track in chunk.tracks.items() if key not in known],
    )
