"""Holds every counter against what it is derived from: the log, and the listener sets (DESIGN §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from storage import log
from storage.bridge import Connection

# One snapshot for all of it: counting goes on meanwhile, and two moments would differ without being wrong.
_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

_DAYS: Final = """
WITH counted AS (
    SELECT target_key, target_kind, day, sum(partial) AS partial, sum(sampled) AS sampled,
           sum(complete) AS complete, sum(shares_link) AS shares_link, sum(shares_embed) AS shares_embed,
           sum(via_link) AS via_link, sum(via_embed) AS via_embed, sum(unbucketed) AS unbucketed
    FROM day_counter GROUP BY target_key, target_kind, day
)
SELECT target_kind, target_key, day::text, name, counted_value::bigint, expected_value::bigint
FROM counted c FULL JOIN logged_day l USING (target_key, target_kind, day)
CROSS JOIN LATERAL (VALUES
    ('partial', c.partial, l.partial), ('sampled', c.sampled, l.sampled), ('complete', c.complete, l.complete),
    ('sharesLink', c.shares_link, l.shares_link), ('sharesEmbed', c.shares_embed, l.shares_embed),
    ('viaLink', c.via_link, l.via_link), ('viaEmbed', c.via_embed, l.via_embed),
    ('unbucketed', c.unbucketed, l.unbucketed)
) AS figure (name, counted_value, expected_value)
WHERE coalesce(counted_value, 0) <> coalesce(expected_value, 0)
ORDER BY 1, 2, 3, 4
"""
_TOTALS: Final = """
WITH logged AS (
    SELECT target_key, target_kind, sum(partial) AS partial, sum(sampled) AS sampled,
           sum(complete) AS complete, sum(shares_link) AS shares_link, sum(shares_embed) AS shares_embed,
           sum(via_link) AS via_link, sum(via_embed) AS via_embed, sum(unbucketed) AS unbucketed
    FROM (
        SELECT * FROM logged_day
        UNION ALL
        SELECT target_key, target_kind, day, partial, sampled, complete, shares_link, shares_embed, via_link,
               via_embed, unbucketed
        FROM opening_balance WHERE day IS NULL
    ) AS figure GROUP BY target_key, target_kind
), listening AS (
    SELECT target_key, target_kind, count(*) AS listeners FROM listener GROUP BY target_key, target_kind
), counted AS (
    SELECT target_key, target_kind, sum(partial) AS partial, sum(sampled) AS sampled,
           sum(complete) AS complete, sum(shares_link) AS shares_link, sum(shares_embed) AS shares_embed,
           sum(via_link) AS via_link, sum(via_embed) AS via_embed, sum(listeners) AS listeners,
           sum(unbucketed) AS unbucketed
    FROM play_counter GROUP BY target_key, target_kind
)
SELECT target_kind, target_key, NULL::text, name, counted_value::bigint, expected_value::bigint
FROM counted c
FULL JOIN logged l USING (target_key, target_kind)
FULL JOIN listening n USING (target_key, target_kind)
CROSS JOIN LATERAL (VALUES
    ('partial', c.partial, l.partial), ('sampled', c.sampled, l.sampled), ('complete', c.complete, l.complete),
    ('sharesLink', c.shares_link, l.shares_link), ('sharesEmbed', c.shares_embed, l.shares_embed),
    ('viaLink', c.via_link, l.via_link), ('viaEmbed', c.via_embed, l.via_embed),
    ('listeners', c.listeners, n.listeners), ('unbucketed', c.unbucketed, l.unbucketed)
) AS figure (name, counted_value, expected_value)
WHERE coalesce(counted_value, 0) <> coalesce(expected_value, 0)
ORDER BY 1, 2, 3, 4
"""
# Only while the day's salt is there: a crash empties salt and tokens together, and the day then starts again.
_TOKENS: Final = """
WITH open_day AS (
    SELECT day, d.generation FROM token_day d JOIN daily_salt s USING (day, generation) WHERE NOT closed
), counted AS (
    SELECT target_key, target_kind, day, sum(listeners) AS listeners
    FROM listener_count JOIN open_day USING (day, generation) GROUP BY target_key, target_kind, day
), listening AS (
    SELECT target_key, target_kind, day, count(*) AS listeners
    FROM listener_day JOIN open_day USING (day) GROUP BY target_key, target_kind, day
)
SELECT target_kind, target_key, day::text, 'listenersOfDay', c.listeners::bigint, l.listeners::bigint
FROM counted c FULL JOIN listening l USING (target_key, target_kind, day)
WHERE coalesce(c.listeners, 0) <> coalesce(l.listeners, 0)
ORDER BY 1, 2, 3
"""
# A closed day's tokens are gone; what can be said is that nobody listens without playing.
_CLOSED_DAYS: Final = """
SELECT target_kind, target_key, day::text, 'listenersOfDay', c.listeners::bigint, coalesce(p.plays, 0)::bigint
FROM (SELECT target_key, target_kind, day, sum(listeners) AS listeners FROM listener_count
      JOIN token_day USING (day) WHERE closed GROUP BY target_key, target_kind, day) c
LEFT JOIN (SELECT target_key, target_kind, day, sum(partial + sampled + complete + unbucketed) AS plays
           FROM day_counter GROUP BY target_key, target_kind, day) p USING (target_key, target_kind, day)
WHERE c.listeners > coalesce(p.plays, 0)
ORDER BY 1, 2, 3
"""
_EVENTS: Final = """
SELECT (SELECT count(*) FROM play_event), (SELECT count(*) FROM share_event),
       (SELECT coalesce(sum(plays + shares), 0)::bigint FROM dropped_month)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that is not what its source says; `day` is None for an all-time figure."""

    kind: str
    key: str
    day: str | None
    figure: str
    counted: int
    expected: int

    def __str__(self) -> str:
        where = f"{self.kind} {self.key}".rstrip() + (f" on {self.day}" if self.day else "")
        return f"{where}: {self.figure} is counted {self.counted} times, its source says {self.expected}."


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found."""

    plays: int
    shares: int
    differences: tuple[Difference, ...]
    dropped_events: int = 0  # of months that have left the log (storage/retention.py): only their sums are known


async def check(connection: Connection) -> Report:
    """Compare all counters with the log, the opening balance and the listener sets, in the caller's transaction,
    which it makes a read-only snapshot.
    """
    await connection.execute(_SNAPSHOT)
    await log.hold(connection)
    row = await connection.fetchrow(_EVENTS)
    assert row is not None
    found: list[Sequence[object]] = []
    for statement in (_TOKENS, _CLOSED_DAYS, _TOTALS, _DAYS):
        found += await connection.fetch(statement)
    return Report(int(row[0]), int(row[1]), tuple(_difference(entry) for entry in found), int(row[2]))


def _difference(row: Sequence[object]) -> Difference:
    kind, key, day, figure, counted, expected = row
    return Difference(
        str(kind),
        str(key),
        None if day is None else str(day),
        str(figure),
        int(str(counted or 0)),
        int(str(expected or 0)),
    )
