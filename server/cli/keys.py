"""Keys of the catalog for the shell's completion. A shell waits for it: nothing is started, and nothing is said."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import trio

from server.cli.common import with_database
from server.config import ConfigError, load
from server.opening import CannotStart
from server.presence import look_up
from storage import catalog
from storage.bridge import Database, DatabaseUnavailable
from storage.leaderboard import Kind

_PATIENCE_S: Final = 2
_MOST: Final = 50


def of_tracks(incomplete: str) -> Sequence[str]:
    """Tracks whose key begins so."""
    return _beginning("track", incomplete)


def of_releases(incomplete: str) -> Sequence[str]:
    """Releases whose key begins so."""
    return _beginning("release", incomplete)


def _beginning(kind: Kind, incomplete: str) -> Sequence[str]:
    async def read(database: Database) -> Sequence[str]:
        with trio.move_on_after(_PATIENCE_S):
            return await database.run(catalog.keys_beginning, kind, incomplete, _MOST)
        return []

    with suppress(ConfigError, CannotStart, DatabaseUnavailable):
        config = load(os.environ)
        # The embedded database runs with the service alone, and is not started for a key press.
        if config.database_url.get_secret_value() or look_up(config.data_dir):
            return with_database(config, read)
    return []
