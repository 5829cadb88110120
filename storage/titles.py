"""What tracks and releases are called."""

from collections.abc import Collection
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

_TITLES: Final = """
SELECT track_key, 'track', title FROM track WHERE track_key = ANY($1)
UNION ALL SELECT release_key, 'release', title FROM release WHERE release_key = ANY($2)
"""


async def titles(connection: Connection, targets: Collection[Target]) -> dict[Target, str]:
    """Of those that are in the catalog."""
    tracks = [target.key for target in targets if target.kind == "track"]
    releases = [target.key for target in targets if target.kind == "release"]
    return {Target(key, kind): title for key, kind, title in await connection.fetch(_TITLES, tracks, releases)}
