"""Computes the counters anew from what they are derived from, while writers go on counting.

Why that is exact: a piece first locks both counter tables against writing (SHARE ROW EXCLUSIVE), and its statements
see what was committed by then. A writer's transaction puts rows into the log and adds to the counters. If it has
committed, both are seen. If it has not, neither is: it waits at the lock with its log rows unseen, and adds to the
rebuilt counters afterwards. Writers take no lock that a piece waits for while it holds this one, so nothing can
wait in a ring. Events are accepted all the time; those that wait are in the spool.

A piece is one day, so writers are held up only for as long as one day's log takes to add up.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from storage import listener_day
from storage.bridge import Connection

_LOCK: Final = "LOCK TABLE play_counter, day_counter IN SHARE ROW EXCLUSIVE MODE"
_DAYS: Final = """
SELECT day FROM play_event UNION SELECT day FROM share_event UNION SELECT day FROM day_counter
UNION SELECT day FROM opening_balance WHERE day IS NOT NULL ORDER BY day
"""
_FORGET_DAY: Final = "DELETE FROM day_counter WHERE day = $1"
# All of it goes to slot 0; which writer counted what is of no interest.
_COUNT_DAY: Final = """
INSERT INTO day_counter (target_key, target_kind, day, slot, partial, sampled, complete,
                         shares_link, shares_embed, via_link, via_embed, unbucketed)
SELECT target_key, target_kind, day, 0, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed,
       unbucketed
FROM logged_day WHERE day = $1
"""
_FORGET_TOTALS: Final = "DELETE FROM play_counter"
_COUNT_TOTALS: Final = """
INSERT INTO play_counter (target_key, target_kind, slot, partial, sampled, complete,
                          shares_link, shares_embed, via_link, via_embed, listeners, unbucketed)
SELECT target_key, target_kind, 0, coalesce(d.partial, 0), coalesce(d.sampled, 0), coalesce(d.complete, 0),
       coalesce(d.shares_link, 0), coalesce(d.shares_embed, 0), coalesce(d.via_link, 0), coalesce(d.via_embed, 0),
       coalesce(l.listeners, 0), coalesce(d.unbucketed, 0)
FROM (
    SELECT target_key, target_kind, sum(partial) AS partial, sum(sampled) AS sampled, sum(complete) AS complete,
           sum(shares_link) AS shares_link, sum(shares_embed) AS shares_embed,
           sum(via_link) AS via_link, sum(via_embed) AS via_embed, sum(unbucketed) AS unbucketed
    FROM (
        SELECT target_key, target_kind, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed,
               unbucketed
        FROM day_counter
        UNION ALL
        SELECT target_key, target_kind, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed,
               unbucketed
        FROM opening_balance WHERE day IS NULL
    ) AS figure GROUP BY target_key, target_kind
) AS d FULL JOIN (
    SELECT target_key, target_kind, count(*) AS listeners FROM listener GROUP BY target_key, target_kind
) AS l USING (target_key, target_kind)
"""


async def days(connection: Connection) -> Sequence[date]:
    """Every day that has events or counters."""
    return [row[0] for row in await connection.fetch(_DAYS)]


async def rebuild_day(connection: Connection, day: date) -> None:
    """One day's counters from the log, in the caller's transaction."""
    await connection.execute(_LOCK)
    await connection.execute(_FORGET_DAY, day)
    await connection.execute(_COUNT_DAY, day)


async def rebuild_totals(connection: Connection) -> None:
    """The all-time counters from the days', which must be right, figures without a day, and from the listener sets."""
    await connection.execute(_LOCK)
    await connection.execute(_FORGET_TOTALS)
    await connection.execute(_COUNT_TOTALS)


async def rebuild_open_days(connection: Connection) -> None:
    """Option B's figures of the days that are open, from their tokens; closed days' are all that is left of them."""
    await listener_day.recount(connection)
