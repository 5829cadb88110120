"""A wall clock of the site that a test sets, beside Trio's own mock clock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import trio


class SiteClock:
    """What `now` gives; it stands still until it is set."""

    def __init__(self, text: str, zone: str = "Europe/Berlin") -> None:
        self._zone = ZoneInfo(zone)
        self.set(text)

    def set(self, text: str) -> None:
        """An ISO date and time on the site's clock."""
        self._at = datetime.fromisoformat(text).replace(tzinfo=self._zone)

    def go(self, by: timedelta) -> None:
        """So much time passes; a day of 25 hours does not end after 24."""
        self._at = datetime.fromtimestamp(self._at.timestamp() + by.total_seconds(), self._zone)

    def __call__(self) -> datetime:
        return self._at

    @property
    def day(self) -> int:
        return self._at.date().toordinal()


async def until(holds: Callable[[], bool]) -> None:
    """Waits in real time, which a mocked Trio clock does not show, for what another thread is about to bring."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        await trio.to_thread.run_sync(time.sleep, 0.005)
