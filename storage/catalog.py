"""The catalog: which tracks and releases the site has, and which track is on which release."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storage.bridge import Connection

_VERSION: Final = "SELECT version FROM catalog_version"
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
WHERE NOT EXISTS (SELECT FROM release WHERE release_key = wanted)
"""
_TRACK: Final = "SELECT track_key, title, release_key, position FROM track WHERE track_key = $1"
_RELEASE: Final = "SELECT release_key, title, medium FROM release WHERE release_key = $1"
# Pages by key, which is unique and never changes: an entry is on one page, whatever is added meanwhile.
_RELEASES_AFTER: Final = """
SELECT release_key, title, medium FROM release WHERE release_key > $1 ORDER BY release_key LIMIT $2
"""
_TRACKS_AFTER: Final = """
SELECT track_key, title, release_key, position FROM track WHERE track_key > $1 ORDER BY track_key LIMIT $2
"""
# Not LIKE: a % in a key is a letter like any other.
_KEYS_BEGINNING: Final = {
    "track": "SELECT track_key FROM track WHERE starts_with(track_key, $1) ORDER BY 1 LIMIT $2",
    "release": "SELECT release_key FROM release WHERE starts_with(release_key, $1) ORDER BY 1 LIMIT $2",
}
_SIZE: Final = "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM track)"
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


async def version(connection: Connection) -> int:
    """Moves with every change of the catalog."""
    return int(await connection.fetchval(_VERSION))


async def releases_of(connection: Connection, track_keys: Sequence[str]) -> dict[str, str | None]:
    """The release of each catalogued track; None for a loose one. Unknown keys are left out."""
    return {row[0]: row[1] for row in await connection.fetch(_RELEASES_OF, track_keys)}


async def missing_releases(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Those of `keys` that are no release in the catalog."""
    return [str(row[0]) for row in await connection.fetch(_MISSING_RELEASES, list(keys))]


async def track(connection: Connection, key: str) -> Track | None:
    """The catalog's entry."""
    row = await connection.fetchrow(_TRACK, key)
    return None if row is None else Track(*row)


async def release(connection: Connection, key: str) -> Release | None:
    """The catalog's entry."""
    row = await connection.fetchrow(_RELEASE, key)
    return None if row is None else Release(*row)


async def releases_after(connection: Connection, key: str, limit: int) -> list[Release]:
    """In the order of keys; '' begins at the beginning."""
    return [Release(*row) for row in await connection.fetch(_RELEASES_AFTER, key, limit)]


async def tracks_after(connection: Connection, key: str, limit: int) -> list[Track]:
    """In the order of keys; '' begins at the beginning."""
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
    """Add or change these, in the caller's transaction; what is not named stays as it is."""
    ordered_releases = sorted(releases, key=lambda release: release.key)
    ordered_tracks = sorted(tracks, key=lambda track: track.key)
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
        await connection.execute(_MOVE_ON)
    return Changes(
        releases_added=tuple(key for key, new in written_releases if new),
        releases_changed=tuple(key for key, new in written_releases if not new),
        tracks_added=tuple(key for key, new in written_tracks if new),
        tracks_changed=tuple(key for key, new in written_tracks if not new),
    )
