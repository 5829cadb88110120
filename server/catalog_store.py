"""Stores a catalog that was read, for the command line, the API and whoever else brings one."""

from collections.abc import Callable, Sequence
from typing import Final

from server.catalog_file import Entries
from storage import catalog
from storage.bridge import Connection
from storage.catalog import Changes

_STEP: Final = 1000  # entries between two reports
_NAMED: Final = 10  # keys in a sentence

Report = Callable[[int, int], None]
"""report(done, total), from any thread."""


async def store(connection: Connection, entries: Entries, report: Report | None = None) -> Changes | list[str]:
    """In the caller's transaction, all of it; where it names releases that are nowhere, nothing, and those keys."""
    described = {release.key for release in entries.releases}
    named = {track.release for track in entries.tracks if track.release is not None}
    if missing := await catalog.missing_releases(connection, sorted(named - described)):
        return missing
    tell = _untold if report is None else report
    # All at once before it goes in step by step: a target may be described under two names, far from each other.
    releases, tracks = await catalog.by_counted_key(connection, entries.releases, entries.tracks)
    total = len(releases) + len(tracks)
    changes = Changes((), (), (), ())
    for start in range(0, len(releases), _STEP):
        changes += await catalog.upsert(connection, releases[start : start + _STEP], [])
        tell(min(start + _STEP, len(releases)), total)
    for start in range(0, len(tracks), _STEP):
        changes += await catalog.upsert(connection, [], tracks[start : start + _STEP])
        tell(len(releases) + min(start + _STEP, len(tracks)), total)
    return changes


def missing_sentence(source: str, keys: Sequence[str]) -> str:
    """What to say of releases that are nowhere."""
    named = ", ".join(repr(key) for key in keys[:_NAMED])
    return f"{source} puts tracks on releases that are neither in it nor in the catalog: {named}. Nothing was loaded."


def _untold(done: int, total: int) -> None:
    """Nobody watches."""
