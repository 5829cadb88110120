"""The site's clock: which hour and which day an event is filed under."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from actors.events import Moment


class Calendar:
    """Turns now into a `Moment` on the site's clock. Asked for every event, so it remembers the current hour."""

    def __init__(self, zone: ZoneInfo, now: Callable[[], float]) -> None:
        """`now` gives seconds since 1970 UTC."""
        self._zone = zone
        self._now = now
        self._from = self._until = 0.0
        self._moment = Moment(0, 0)

    def moment(self) -> Moment:
        """The hour and the day at this moment; an hour lasts from one full hour of the site's clock to the next."""
        now = self._now()
        if not self._from <= now < self._until:  # also after the clock was set back
            self._look_up(now)
        return self._moment

    def _look_up(self, now: float) -> None:
        local = datetime.fromtimestamp(now, self._zone)
        into_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        self._from = now - into_hour.total_seconds()
        # A change of the zone's offset is seen within a minute of it: some happen within an hour.
        self._until = min(self._from + 3600, now + 60)
        self._moment = Moment(round(self._from), local.toordinal())
        self._from = now
