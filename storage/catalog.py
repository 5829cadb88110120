"""The catalog: which tracks and releases the site has, and which track is on which release."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from storage import alias
from storage.bridge import Connection
from storage.counters import Target

# One statement: with two, a renaming between them would be taken for known.
_VERSION: Final = "SELECT version, (SELECT renames FROM listener_generation) FROM catalog_version"
_RELEASES_OF: Final = "SELECT track_key, release_key FROM track WHERE track_key = ANY($1)"
# Only what differs is written, so that the rows touched are the changes to report. xmax = 0: a new row.
_UPSERT_RELEASES: Final = """
INSERT INTO release AS r (release_key, title, medium)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (release_key) DO UPDATE SET title = excluded.title, medium = excluded.medium
WHERE (r.title, r.medium) IS DISTINCT FROM (excluded.title, excluded.medium)
RETURNING release_key, xmax = 0
"""
_UPSERT_TRACKS: Final = """
INSERT INTO track AS t (track_key, title, release_key, position)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[])
ON CONFLICT (track_key) DO UPDATE
    SET title = excluded.title, release_key = excluded.release_key, position = excluded.position
WHERE (t.title, t.release_key, t.position) IS DISTINCT FROM (excluded.title, excluded.release_key, excluded.position)
RETURNING track_key, xmax = 0
"""
_MISSING_RELEASES: Final = """
SELECT wanted FROM unnest($1::text[]) AS wanted
WHERE NOT EXISTS (SELECT FROM release WHERE release_key = counted_key('release', wanted))
"""
_TRACK: Final = """
SELECT shown_key('track', track_key), title, shown_key('release', release_key), position
FROM track WHERE track_key = (SELECT counted_key('track', $1))
"""
_RELEASE: Final = """
SELECT shown_key('release', release_key), title, medium
FROM release WHERE release_key = (SELECT counted_key('release', $1))
"""
# Pages by the first key, which is unique and never changes: an entry is on one page, whatever is added meanwhile.
_RELEASES_AFTER: Final = """
SELECT shown_key('release', release_key), title, medium
FROM release WHERE release_key > (SELECT counted_key('release', $1)) ORDER BY release.release_key LIMIT $2
"""
_TRACKS_AFTER: Final = """
SELECT shown_key('track', track_key), title, shown_key('release', release_key), position
FROM track WHERE track_key > (SELECT counted_key('track', $1)) ORDER BY track.track_key LIMIT $2
"""
# Not LIKE: a % in a key is a letter like any other.
_KEYS_BEGINNING: Final = {
    "track": "SELECT track_key FROM track WHERE starts_with(track_key, $1) ORDER BY 1 LIMIT $2",
    "release": "SELECT release_key FROM release WHERE starts_with(release_key, $1) ORDER BY 1 LIMIT $2",
}
_SIZE: Final = "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM track)"
_HOLD: Final = "SELECT FROM catalog_version FOR UPDATE"
_MOVE_ON: Final = "UPDATE catalog_version SET version = version + 1"


@dataclass(frozen=True, slots=True)
class Release:
    """A release; `medium` is the site's own word for its kind (cut, session, mix, ...)."""

    key: str
    title: str
    medium: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """A track; `release` is a release's key, None for a loose track; `position` counts from 1."""

    key: str
    title: str
    release: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Keys that `upsert` wrote; what was the same already is in neither list."""

    releases_added: tuple[str, ...]
    releases_changed: tuple[str, ...]
    tracks_added: tuple[str, ...]
    tracks_changed: tuple[str, ...]

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.releases_added + other.releases_added,
            self.releases_changed + other.releases_changed,
            self.tracks_added + other.tracks_added,
            self.tracks_changed + other.tracks_changed,
        )


class Version(NamedTuple):
    """`catalog` moves with every change of the catalog, a renaming included; `renames` with those alone."""

    catalog: int
    renames: int


async def version(connection: Connection) -> Version:
    """As of one moment."""
    row = await connection.fetchrow(_VERSION)
    assert row is not None
    return Version(*row)


async def hold(connection: Connection) -> None:
    """Nobody else changes the catalog or its keys until the caller's transaction ends."""
    await connection.execute(_HOLD)


async def move_on(connection: Connection) -> None:
    """Something has changed: who remembers what the catalog said looks again."""
    await connection.execute(_MOVE_ON)


async def releases_of(connection: Connection, track_keys: Sequence[str]) -> dict[str, str | None]:
    """The release of each catalogued track; None for a loose one. Keys are those counted under, unknown ones left
    out.
    """
    return {row[0]: row[1] for row in await connection.fetch(_RELEASES_OF, track_keys)}


async def missing_releases(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that are no release in the catalog."""
    return [str(row[0]) for row in await connection.fetch(_MISSING_RELEASES, list(keys))]


async def track(connection: Connection, key: str) -> Track | None:
    """The catalog's entry, under any of its names."""
    row = await connection.fetchrow(_TRACK, key)
    return None if row is None else Track(*row)


async def release(connection: Connection, key: str) -> Release | None:
    """The catalog's entry, under any of its names."""
    row = await connection.fetchrow(_RELEASE, key)
    return None if row is None else Release(*row)


async def releases_after(connection: Connection, key: str, limit: int) -> list[Release]:
    """In the order of first keys; '' begins at the beginning."""
    return [Release(*row) for row in await connection.fetch(_RELEASES_AFTER, key, limit)]


async def tracks_after(connection: Connection, key: str, limit: int) -> list[Track]:
    """In the order of first keys; '' begins at the beginning."""
    return [Track(*row) for row in await connection.fetch(_TRACKS_AFTER, key, limit)]


async def keys_beginning(connection: Connection, kind: str, beginning: str, limit: int) -> list[str]:
    """Of `kind`, track or release, in order."""
    return [str(row[0]) for row in await connection.fetch(_KEYS_BEGINNING[kind], beginning, limit)]


async def size(connection: Connection) -> tuple[int, int]:
    """(releases, tracks)."""
    row = await connection.fetchrow(_SIZE)
    assert row is not None
    return row[0], row[1]


async def upsert(connection: Connection, releases: Sequence[Release], tracks: Sequence[Track]) -> Changes:
    """Add or change these, in the caller's transaction; what is not named stays as it is.

    Entries may use any name of a target. Where one is described under several, its newest name wins; under
    that it is returned.
    """
    ordered_releases, ordered_tracks = await by_counted_key(connection, releases, tracks)
    written_releases = await connection.fetch(
        _UPSERT_RELEASES,
        [release.key for release in ordered_releases],
        [release.title for release in ordered_releases],
        [release.medium for release in ordered_releases],
    )
    written_tracks = await connection.fetch(
        _UPSERT_TRACKS,
        [track.key for track in ordered_tracks],
        [track.title for track in ordered_tracks],
        [track.release for track in ordered_tracks],
        [track.position for track in ordered_tracks],
    )
    if written_releases or written_tracks:
        await move_on(connection)
    written = {Target(key, "release") for key, _ in written_releases} | {
        Target(key, "track") for key, _ in written_tracks
    }
    called = await alias.shown(connection, written)
    release_names = [(str(called.get(Target(key, "release"), key)), new) for key, new in written_releases]
    track_names = [(str(called.get(Target(key, "track"), key)), new) for key, new in written_tracks]
    return Changes(
        releases_added=tuple(key for key, new in release_names if new),
        releases_changed=tuple(key for key, new in release_names if not new),
        tracks_added=tuple(key for key, new in track_names if new),
        tracks_changed=tuple(key for key, new in track_names if not new),
    )


async def by_counted_key(
    connection: Connection, releases: Sequence[Release], tracks: Sequence[Track]
) -> tuple[list[Release], list[Track]]:
    """The same in the order of the keys they are counted under, each once, which stay these until the caller's
    transaction ends.
    """
    await hold(connection)
    named = {Target(release.key, "release") for release in releases}
    named |= {Target(track.release, "release") for track in tracks if track.release is not None}
    named |= {Target(track.key, "track") for track in tracks}
    counted_as = await alias.counted(connection, named)
    newest = await alias.shown(connection, named | set(counted_as.values()))

    def last(key: str, kind: str) -> bool:
        counted = alias.apply(counted_as, key, kind)
        return key == newest.get(Target(counted, kind), counted)

    found_releases: dict[str, Release] = {}
    for release in sorted(releases, key=lambda one: last(one.key, "release")):
        key = alias.apply(counted_as, release.key, "release")
        found_releases[key] = replace(release, key=key)
    found_tracks: dict[str, Track] = {}
    for track in sorted(tracks, key=lambda one: last(one.key, "track")):
        key = alias.apply(counted_as, track.key, "track")
        on = None if track.release is None else alias.apply(counted_as, track.release, "release")
        found_tracks[key] = replace(track, key=key, release=on)
    return [found_releases[key] for key in sorted(found_releases)], [found_tracks[key] for key in sorted(found_tracks)]
