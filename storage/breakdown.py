"""Plays of the site split by the medium of the release they were filed under."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from storage.bridge import Connection

_BY_MEDIUM: Final = """
SELECT medium, sum(partial + sampled + complete + unbucketed)::bigint
FROM day_counter LEFT JOIN release ON release_key = target_key
WHERE target_kind = 'release' AND day BETWEEN $1 AND $2
GROUP BY medium ORDER BY 2 DESC, medium
"""


async def plays_by_medium(connection: Connection, first: date, last: date) -> Sequence[tuple[str | None, int]]:
    """Most played first; None: of releases without a medium. Plays on no release are in none of them."""
    return [(medium, plays) for medium, plays in await connection.fetch(_BY_MEDIUM, first, last) if plays]
