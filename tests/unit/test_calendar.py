"""Which hour and day an event is filed under, on the site's clock. Time is an argument."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.calendar import Calendar


@pytest.mark.parametrize(
    ("zone", "now", "hour", "day"),
    [
        ("UTC", "2026-11-21T23:59:59.9", "2026-11-21T23:00", "2026-11-21"),
        ("UTC", "2026-11-22T00:00:00", "2026-11-22T00:00", "2026-11-22"),
        ("Europe/Berlin", "2026-11-21T23:30:00", "2026-11-21T23:00", "2026-11-22"),
        ("Asia/Kolkata", "2026-11-21T18:40:00", "2026-11-21T18:30", "2026-11-22"),
        ("America/New_York", "2026-11-01T05:30:00", "2026-11-01T05:00", "2026-11-01"),  # first 1:30 of that night
        ("America/New_York", "2026-11-01T06:30:00", "2026-11-01T06:00", "2026-11-01"),  # second 1:30
        ("Europe/Berlin", "2026-03-29T01:00:00", "2026-03-29T01:00", "2026-03-29"),  # 2:00 became 3:00
        ("Pacific/Kiritimati", "2026-11-21T10:00:00", "2026-11-21T10:00", "2026-11-22"),
    ],
)
def test_an_event_is_filed_under_the_sites_hour_and_day(zone: str, now: str, hour: str, day: str) -> None:
    moment = Calendar(ZoneInfo(zone), lambda: _utc(now)).moment()
    assert (_utc(hour), datetime.fromisoformat(day).toordinal()) == (moment.hour, moment.day)


def test_the_clock_is_followed_both_ways() -> None:
    times = iter(["2026-11-21T23:59", "2026-11-22T00:01", "2026-11-21T23:58", "2026-12-24T10:00"])
    calendar = Calendar(ZoneInfo("UTC"), lambda: _utc(next(times)))
    expected = [datetime(2026, 11, day).toordinal() for day in (21, 22, 21)] + [datetime(2026, 12, 24).toordinal()]
    assert expected == [calendar.moment().day for _ in range(4)]


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
