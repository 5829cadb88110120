"""The append-only log of plays and shares, partitioned by month of the site's day; never by whom."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from storage.bridge import Connection

_PLAY_COLUMNS: Final = (
    "created_at",
    "day",
    "rule_version",
    "track_key",
    "release_key",
    "bucket",
    "via",
)
_SHARE_COLUMNS: Final = ("created_at", "day", "target_kind", "target_key", "channel")

# Identifiers cannot be parameters; format() quotes them, and the month comes from a date, not from a client.
# Made aside and attached: CREATE TABLE ... PARTITION OF would wait for everybody who reads the log, as a dump does,
# and all who count would wait behind it.
_MAKE_MONTH: Final = """
DO $do$
DECLARE
    month date := '{month}';
    parent text;
    child text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['play_event', 'share_event'] LOOP
        child := parent || to_char(month, '_YYYY_MM');
        IF to_regclass(child) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month, month + interval '1 month');
        END IF;
    END LOOP;
END $do$
"""
_HOLD: Final = "LOCK TABLE ONLY play_event, ONLY share_event IN ACCESS SHARE MODE"
# What still would wait is who rewrites the log; a caller that can come again does not queue behind it.
_NOT_LONG: Final = "SET LOCAL lock_timeout = '2s'"
# The last of the months that follow this one without a gap and have both tables, as far as anybody looks.
_LAST_AHEAD: Final = """
SELECT (date_trunc('month', $1::date) + make_interval(months => min(n) - 1))::date
FROM generate_series(1, 24) AS n,
    to_char(date_trunc('month', $1::date) + make_interval(months => n), '_YYYY_MM') AS suffix
WHERE n = 24 OR to_regclass('play_event' || suffix) IS NULL OR to_regclass('share_event' || suffix) IS NULL
"""
_MONTH_LOCK: Final = "SELECT pg_advisory_xact_lock(748309117)"


class PlayRow(NamedTuple):
    """A row of `play_event`; field order is column order."""

    created_at: datetime
    day: date
    rule_version: int
    track_key: str
    release_key: str | None
    bucket: str
    via: str | None


class ShareRow(NamedTuple):
    """A row of `share_event`."""

    created_at: datetime
    day: date
    target_kind: str
    target_key: str
    channel: str


async def append_plays(connection: Connection, rows: Sequence[PlayRow]) -> None:
    """COPY them in; the months they fall into must have partitions (`make_months`)."""
    if rows:
        await connection.copy_records_to_table("play_event", records=rows, columns=_PLAY_COLUMNS)


async def append_shares(connection: Connection, rows: Sequence[ShareRow]) -> None:
    """COPY them in, as `append_plays`."""
    if rows:
        await connection.copy_records_to_table("share_event", records=rows, columns=_SHARE_COLUMNS)


async def make_months(connection: Connection, months: Iterable[date]) -> None:
    """Partitions for these months (any day of the month will do), in the caller's transaction, if missing."""
    await connection.execute(_MONTH_LOCK)  # two processes making the same partition would collide
    for month in sorted({day.replace(day=1) for day in months}):
        await connection.execute(_MAKE_MONTH.format(month=month.isoformat()))


async def make_months_ahead(connection: Connection, months: Iterable[date]) -> None:
    """The same where there is time: gives up where it would have to wait (DatabaseUnavailable)."""
    await connection.execute(_NOT_LONG)
    await make_months(connection, months)


async def last_month_ahead(connection: Connection, today: date) -> date:
    """The first day of the last month up to which every month has partitions; this month where the next has none."""
    last: date = await connection.fetchval(_LAST_AHEAD, today)
    return last


async def hold(connection: Connection) -> None:
    """Until the transaction ends, no month leaves the log (storage/retention.py).

    Before a snapshot's first look: a month that left in between would be in neither, as its partition is no longer
    there, and its sums are not in the snapshot.
    """
    await connection.execute(_HOLD)
