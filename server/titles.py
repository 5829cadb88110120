"""Titles for keys, remembered for a minute: a live page asks for the same ones every second."""

from collections.abc import Iterable, Mapping
from typing import Final

import structlog
import trio

from actors.recent import Recent
from storage import titles
from storage.bridge import Database, DatabaseUnavailable
from storage.counters import Target

_FRESH_S: Final = 60.0
_PATIENCE_S: Final = 1.0  # what is shown live is shown without titles rather than late
_MOST: Final = 4000

_log = structlog.get_logger(__name__)


class Titles:
    """Shared by all streams of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Recent[Target, tuple[str | None, float]] = Recent(_MOST)

    async def of(self, targets: Iterable[Target]) -> Mapping[Target, str]:
        """Of those that have one, as far as they can be had now."""
        now = trio.current_time()
        wanted = set(targets)
        unknown = [target for target in wanted if self._expires(target) <= now]
        if unknown:
            await self._learn(unknown, now + _FRESH_S)
        found = {target: self._known.get(target) for target in wanted}
        return {target: known[0] for target, known in found.items() if known is not None and known[0] is not None}

    def _expires(self, target: Target) -> float:
        known = self._known.get(target)
        return 0.0 if known is None else known[1]

    async def _learn(self, targets: list[Target], expires: float) -> None:
        try:
            with trio.fail_after(_PATIENCE_S):
                found = await self._database.run(titles.titles, targets)
        except (DatabaseUnavailable, trio.TooSlowError) as error:
            _log.debug("titles cannot be looked up now", reason=str(error))
            return
        for target in targets:
            self._known.put(target, (found.get(target), expires))
