"""Other names of tracks and releases: a renamed key and the one it had are one target.

Everything is counted, logged and catalogued under the first name. It is what pseudonyms are made with, so a listener
who comes back under the new one is known. The newest name is what people are shown. Other statements go by the
functions `counted_key` and `shown_key` of the schema.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from storage.bridge import Connection
from storage.counters import Target

_COUNTED: Final = """
SELECT alias_key, target_kind, target_key FROM alias
JOIN unnest($1::text[], $2::text[]) AS asked (alias_key, target_kind) USING (alias_key, target_kind)
"""
_SHOWN: Final = """
SELECT target_key, target_kind, alias_key FROM alias
JOIN unnest($1::text[], $2::text[]) AS asked (target_key, target_kind) USING (target_key, target_kind) WHERE current
"""
_NAMES: Final = "SELECT target_key, target_kind, alias_key FROM alias ORDER BY 1, 2, 3"


class Name(NamedTuple):
    """One of the keys a target was counted under at some time."""

    target: Target
    key: str


async def counted(connection: Connection, targets: Collection[Target]) -> dict[Target, Target]:
    """What those of `targets` that are other names are counted as; the rest is left out."""
    found = await connection.fetch(_COUNTED, *_columns(targets))
    return {Target(alias, kind): Target(key, kind) for alias, kind, key in found}


async def shown(connection: Connection, targets: Collection[Target]) -> dict[Target, str]:
    """What those of these counted targets that were renamed are called now; the rest is left out."""
    found = await connection.fetch(_SHOWN, *_columns(targets))
    return {Target(key, kind): str(alias) for key, kind, alias in found}


async def names(connection: Connection, targets: Iterable[Target]) -> Sequence[Name]:
    """Every name these counted targets ever had, their first included."""
    others: dict[Target, list[str]] = {}
    for key, kind, alias in await connection.fetch(_NAMES):
        others.setdefault(Target(key, kind), []).append(alias)
    return [Name(target, key) for target in targets for key in (target.key, *others.get(target, ()))]


def apply(counted_as: Mapping[Target, Target], key: str, kind: str) -> str:
    """The key to count under."""
    return counted_as.get(Target(key, kind), Target(key, kind)).key


def _columns(targets: Iterable[Target]) -> tuple[list[str], list[str]]:
    ordered = sorted(targets)
    return [target.key for target in ordered], [target.kind for target in ordered]
