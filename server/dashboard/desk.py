"""What the pages of the dashboard work with, and what they may know about who is looking."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from quart import g

from privacy.modes import Derives, Mode, derives
from server.dashboard.room import FOR_OPERATOR, Room
from server.health import Examiner
from server.stream import Source
from storage.bridge import Database
from storage.retention import Keep
from storage.series import ListenerSum


@dataclass(frozen=True, slots=True)
class Desk:
    """`today` is on the site's clock."""

    database: Database
    mode: Callable[[], Mode]
    today: Callable[[], date]
    min_listeners: int
    live: Source  # what is counted at this moment
    examiner: Examiner  # how the service is
    zone: ZoneInfo  # of the site
    keep: Keep  # how long
    room: Room = field(default_factory=lambda: Room(FOR_OPERATOR))  # that its pages have

    def counted(self) -> Derives:
        """Which listeners the privacy mode counts."""
        return derives(self.mode(), objected=False)

    @property
    def fewest(self) -> int:
        """Smaller numbers of listeners are not told: the operator sees each, who came by a share link does not."""
        return self.min_listeners if is_shared() else 0

    def listeners(self, number: int) -> int | None:
        """Those of all time; None where so few are not to be told."""
        return None if 0 < number < self.fewest else number

    def by_day(self, listeners: ListenerSum) -> int | None:
        """Those of some days, added up; None where one of the days is not to be told."""
        return listeners.told(self.fewest)


def is_shared() -> bool:
    """Whether the page is looked at through a public link."""
    caller = g.get("caller")
    return caller is None or caller.how == "share"
