"""What the catalog says of one target, and its place among all of its kind by plays."""

from dataclasses import dataclass
from typing import Final

from storage.bridge import Connection
from storage.leaderboard import Days, Kind

# Constants rather than one string with a table name in it: no SQL is put together from parts.
_TRACK: Final = """
SELECT t.title, t.release_key, r.title, r.medium, t.position
FROM track t LEFT JOIN release r USING (release_key) WHERE track_key = $1
"""
_RELEASE: Final = "SELECT title, NULL, NULL, medium, NULL FROM release WHERE release_key = $1"
_NAMES: Final[dict[Kind, str]] = {"track": _TRACK, "release": _RELEASE}
# $1 kind, $2 key, $3 and $4 the days or null for all time. Who has as many plays shares the place.
_PLACE: Final = """
WITH counted AS MATERIALIZED (
    SELECT target_key, sum(partial + sampled + complete) AS plays
    FROM day_counter WHERE $3::date IS NOT NULL AND target_kind = $1 AND day BETWEEN $3 AND $4 GROUP BY target_key
    UNION ALL
    SELECT target_key, sum(partial + sampled + complete)
    FROM play_counter WHERE $3::date IS NULL AND target_kind = $1 GROUP BY target_key
), known AS (
    SELECT target_key FROM counted
    UNION SELECT track_key FROM track WHERE $1 = 'track'
    UNION SELECT release_key FROM release WHERE $1 = 'release'
)
SELECT 1 + count(*) FILTER (WHERE plays > (SELECT plays FROM counted WHERE target_key = $2)),
       (SELECT count(*) FROM known)
FROM counted
"""


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
    first, last = (days.first, days.last) if days else (None, None)
    placed = await connection.fetchrow(_PLACE, kind, key, first, last)
    assert placed is not None
    if names is None:
        return Standing(key, False, None, None, None, None, *placed)
    return Standing(names[0], True, *names[1:], *placed)
