"""Which targets have come past a milestone since it was last looked, each told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.bridge import Connection
from storage.counters import Target

# Who has not looked for so long was switched off: what was passed meanwhile is history, not news.
FORGETS_AFTER: Final = timedelta(days=7)

_STATE: Final = "SELECT looking_for, looked_at FROM alert_state FOR UPDATE"
_LOOKED: Final = "UPDATE alert_state SET looking_for = $1, looked_at = $2"
_BEGIN: Final = """
INSERT INTO milestone AS m (target_key, target_kind, plays)
SELECT target_key, target_kind, sum(partial + sampled + complete + unbucketed) FROM play_counter
WHERE target_kind = ANY ($1) GROUP BY target_key, target_kind ORDER BY target_key, target_kind
ON CONFLICT (target_key, target_kind) DO UPDATE SET plays = excluded.plays WHERE m.plays < excluded.plays
"""
# Of the catalog's own alone: any other key is a stranger's text, and would be sent on into somebody's chat.
_PASSED: Final = """
WITH played AS (
    SELECT target_key, target_kind, sum(partial + sampled + complete + unbucketed)::bigint AS plays
    FROM play_counter WHERE target_kind = ANY ($1) GROUP BY target_key, target_kind
), passed AS (
    SELECT target_key, target_kind, p.plays, array_agg(threshold ORDER BY threshold) AS thresholds
    FROM played p LEFT JOIN milestone m USING (target_key, target_kind)
    JOIN unnest($2::bigint[]) AS threshold ON threshold > coalesce(m.plays, 0) AND threshold <= p.plays
    GROUP BY target_key, target_kind, p.plays
)
SELECT target_key, target_kind, coalesce(a.alias_key, target_key), coalesce(t.title, r.title), p.plays, thresholds
FROM passed p
LEFT JOIN track t ON target_kind = 'track' AND t.track_key = target_key
LEFT JOIN release r ON target_kind = 'release' AND r.release_key = target_key
LEFT JOIN (SELECT alias_key, target_key, target_kind FROM alias WHERE current) a USING (target_key, target_kind)
WHERE target_kind = 'site' OR coalesce(t.title, r.title) IS NOT NULL
ORDER BY thresholds[cardinality(thresholds)] DESC, target_kind, target_key
"""
_TOLD: Final = """
INSERT INTO milestone (target_key, target_kind, plays)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (target_key, target_kind) DO UPDATE SET plays = excluded.plays
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """A target has come past milestones; the last of `thresholds` is the highest."""

    target: Target
    key: str  # its newest name
    title: str | None
    plays: int
    thresholds: Sequence[int]


async def look(
    connection: Connection, kinds: Sequence[str], thresholds: Sequence[int], now: datetime
) -> Sequence[Passed] | None:
    """Those since the last look, highest first, in the caller's transaction, in which they are to be told.

    None where looking begins: at the first start, with other milestones than before, or after a long time without.
    """
    looking_for = f"{' '.join(sorted(kinds))}: {' '.join(map(str, sorted(thresholds)))}"
    row = await connection.fetchrow(_STATE)
    assert row is not None
    before, looked_at = row
    await connection.execute(_LOOKED, looking_for, now)
    if before != looking_for or looked_at is None or now - looked_at > FORGETS_AFTER:
        await connection.execute(_BEGIN, list(kinds))
        return None
    found = await connection.fetch(_PASSED, list(kinds), list(thresholds))
    passed = [Passed(Target(key, kind), shown, title, plays, past) for key, kind, shown, title, plays, past in found]
    ordered = sorted(passed, key=lambda one: one.target)
    columns = [one.target.key for one in ordered], [one.target.kind for one in ordered]
    await connection.execute(_TOLD, *columns, [one.plays for one in ordered])
    return passed
