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
    """The mode in force in this process, and a way to hear of a change."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.reloads = 0
        self._reloaded = trio.Event()

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
        self._reloaded.set()
        self._reloaded = trio.Event()

    async def reloaded_since(self, reloads: int) -> int:
        """Waits until `reloads` is no longer how often it was; returns how often it is."""
        while self.reloads == reloads:
            await self._reloaded.wait()
        return self.reloads
