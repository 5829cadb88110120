"""What changes while the service runs: the privacy mode, by SIGHUP (DESIGN §8).

An event is filed under the mode in force when it was accepted: what its mode derives is made at that moment and
travels with it, so a switch neither loses nor misfiles what is under way.
"""

from collections.abc import Callable

import structlog
import trio

from privacy.modes import Mode
from server.config import Config, ConfigError

_log = structlog.get_logger(__name__)


class Live:
    """The mode in force in this process, a way to hear of a change, and who of the other processes has it too."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.reloads = 0
        self._reloaded = trio.Event()
        self._tell: list[Callable[[], None]] = []
        self._taken: dict[int, int] = {}  # by each worker of this supervisor
        self._changed = trio.Event()

    def on_reload(self, tell: Callable[[], None]) -> None:
        """Call this at once, every time."""
        self._tell.append(tell)

    def reload(self, read: Callable[[], Config]) -> None:
        """Read the configuration again and take its mode; one that cannot be read changes nothing, and is said."""
        try:
            mode = read().privacy.mode
        except ConfigError as error:
            _log.error(
                "the configuration cannot be read again; the privacy mode stays", reason=str(error), mode=self.mode
            )
            return
        if mode is not self.mode:
            _log.info("the privacy mode changes", before=self.mode.value, after=mode.value)
        self.mode = mode
        self.reloads += 1
        for tell in self._tell:
            tell()
        self._reloaded.set()
        self._reloaded = trio.Event()

    async def reloaded_since(self, reloads: int) -> int:
        """Waits until `reloads` is no longer how often it was; returns how often it is."""
        while self.reloads == reloads:
            await self._reloaded.wait()
        return self.reloads

    def taken(self, worker: int, reloads: int | None) -> None:
        """This worker has read the configuration after so many reloads; None: it has ended, and will read it anew."""
        if reloads is None:
            self._taken.pop(worker, None)
        else:
            self._taken[worker] = reloads
        self._changed.set()
        self._changed = trio.Event()

    async def taken_by_all(self, reloads: int) -> None:
        """Waits until no worker that runs is still at an earlier one."""
        while any(own < reloads for own in self._taken.values()):
            await self._changed.wait()
