"""A housekeeper on a day of the test's choice."""

from collections.abc import Callable
from datetime import date

import trio

from actors.housekeeper import Findings, Housekeeper
from storage.bridge import Database
from storage.retention import Keep

NOW = 1_795_000_000.0  # seconds since 1970
TODAY = date(2026, 11, 21)


def housekeeper(
    life: trio.MemoryReceiveChannel[None],
    database: Database,
    findings: Findings | None = None,
    *,
    check_every_s: float = 0,
    today: date = TODAY,
    keep: Keep = Keep(),  # noqa: B008  # it cannot change
    leads: Callable[[], bool] = lambda: True,
) -> Housekeeper:
    return Housekeeper(
        life,
        database,
        findings or Findings(),
        check_every_s=check_every_s,
        now=lambda: NOW,
        today=lambda: today,
        keep=keep,
        leads=leads,
    )
