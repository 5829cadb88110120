"""Stores a catalog that was read, for the command line, the API and whoever else brings one."""

from collections.abc import Callable
from typing import Final

from server.catalog_file import Entries
from storage import catalog
from storage.bridge import Connection
from storage.catalog import Changes

_STEP: Final = 1000  # entries between two reports

Report = Callable[[int, int], None]
"""report(done, total), from any thread."""


async def store(connection: Connection, entries: Entries, report: Report | None = None) -> Changes | list[str]:
    """In the caller's transaction, all of it; where it names releases that are nowhere, nothing, and those keys."""
    described = {release.key for release in entries.releases}
    named = {track.release for track in entries.tracks if track.release is not None}
    if missing := await catalog.missing_releases(connection, sorted(named - described)):
        return missing
    tell = _untold if report is None else report
    total = len(entries.releases) + len(entries.tracks)
    changes = Changes((), (), (), ())
    for start in range(0, len(entries.releases), _STEP):
        changes += await catalog.upsert(connection, entries.releases[start : start + _STEP], [])
        tell(min(start + _STEP, len(entries.releases)), total)
    for start in range(0, len(entries.tracks), _STEP):
        changes += await catalog.upsert(connection, [], entries.tracks[start : start + _STEP])
        tell(len(entries.releases) + min(start + _STEP, len(entries.tracks)), total)
    return changes


def _untold(done: int, total: int) -> None:
    """Nobody watches."""
