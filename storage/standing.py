"""What the catalog says of one target, under any of its names, and its place among all of its kind by plays."""

from dataclasses import dataclass
from typing import Final

from storage.bridge import Connection
from storage.leaderboard import Days, Kind, place

# Constants rather than one string with a table name in it: no SQL is put together from parts.
_TRACK: Final = """
SELECT t.title, shown_key('release', t.release_key), r.title, r.medium, t.position
FROM track t LEFT JOIN release r USING (release_key) WHERE track_key = (SELECT counted_key('track', $1))
"""
_RELEASE: Final = """
SELECT title, NULL, NULL, medium, NULL FROM release WHERE release_key = (SELECT counted_key('release', $1))
"""
_NAMES: Final[dict[Kind, str]] = {"track": _TRACK, "release": _RELEASE}


@dataclass(frozen=True, slots=True)
class Standing:
    """`title` is the key where the catalog does not know it; a release has no release of its own."""

    title: str
    catalogued: bool
    release_key: str | None
    release_title: str | None
    medium: str | None
    position: int | None
    place: int  # the most played is 1
    of: int


async def read(connection: Connection, kind: Kind, key: str, days: Days | None) -> Standing:
    """Of a target that is counted or in the catalog; `days` None is all time."""
    names = await connection.fetchrow(_NAMES[kind], key)
    placed = await place(connection, kind, key, days)
    if names is None:
        return Standing(key, False, None, None, None, None, *placed)
    return Standing(names[0], True, names[1], names[2], names[3], names[4], *placed)
