"""Which keys are counted under their own name although the catalog does not know them."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

_KNOWN: Final = """
SELECT target_key, target_kind FROM uncatalogued
JOIN unnest($1::text[], $2::text[]) AS asked (target_key, target_kind) USING (target_key, target_kind)
UNION
SELECT track_key, 'track' FROM track WHERE track_key = ANY ($1)
UNION
SELECT release_key, 'release' FROM release WHERE release_key = ANY ($1)
"""
_USED: Final = "SELECT count(*) FROM uncatalogued WHERE day = $1"
_ADMIT: Final = """
INSERT INTO uncatalogued (target_key, target_kind, day)
SELECT target_key, target_kind, $3 FROM unnest($1::text[], $2::text[]) AS new (target_key, target_kind)
ON CONFLICT DO NOTHING
"""


async def admit(connection: Connection, targets: Iterable[Target], day: date, most_new: int) -> set[Target]:
    """Those of `targets` that are counted under their own key: the catalog's, those seen before, and as many new ones
    as `day` still has room for. Several processes at once may admit a few more than `most_new`.
    """
    ordered = sorted(targets)
    asked = set(ordered)
    rows = await connection.fetch(_KNOWN, [target.key for target in ordered], [target.kind for target in ordered])
    known = {Target(row[0], row[1]) for row in rows} & asked
    new = sorted(asked - known)
    if new:
        room = max(0, most_new - int(await connection.fetchval(_USED, day)))
        admitted = new[:room]
        await connection.execute(_ADMIT, [target.key for target in admitted], [target.kind for target in admitted], day)
        known.update(admitted)
    return known
