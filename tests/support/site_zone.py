"""A time zone made for a test, so that a real process with the real clock has its midnight when the test wants it."""

import struct
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH

_NAME = "Test/Midnight"
_DAY_S = 86_400


class SiteZone:
    """Lies in a file as the time zone database has them; a process that is to know it starts with `environment`."""

    def __init__(self, folder: Path, *, midnight_in_s: float) -> None:
        self._folder = folder
        self.midnight = time.time() + midnight_in_s  # seconds since 1970
        self._ahead_s = -round(self.midnight) % _DAY_S
        if self._ahead_s >= _DAY_S // 2:  # no zone may be a day ahead, and it may yet be moved
            self._ahead_s -= _DAY_S
        self.midnight = float(round(self.midnight))
        self._write()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PYTHONTZPATH": ":".join([str(self._folder), *TZPATH]),
            "TONEARM_TIMEZONE": _NAME,
        }

    @property
    def ending(self) -> date:
        """The day that ends at that midnight."""
        return (datetime.fromtimestamp(self.midnight + self._ahead_s, UTC) - timedelta(days=1)).date()

    def left_s(self) -> float:
        """Seconds to midnight; negative when it is over."""
        return self.midnight - time.time()

    def move_past_midnight(self, by_s: float) -> None:
        """From now on it is so long past midnight, for processes that start now."""
        ending = self.ending
        by = round(self.left_s() + by_s)
        self.midnight -= by
        self._ahead_s += by
        self._write()
        assert ending == self.ending

    def _write(self) -> None:
        """RFC 9636, version 1: no transition, one type of local time, its abbreviation."""
        path = self._folder / _NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        header = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, 0, 1, 5)
        path.write_bytes(header + struct.pack(">lBB", self._ahead_s, 0, 0) + b"TEST\0")
