"""Tracks and releases side by side: leaderboards, a target's place, the tracks of a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from storage.bridge import Connection
from storage.series import Counts, Point, Step

Kind = Literal["track", "release"]
Sort = Literal["plays", "completion", "shares", "listeners", "sharesPerHundredPlays", "via", "title"]

# What is in the catalog stands on the board with nothing counted, too: what nobody plays is an answer.
# $1 kind, $2 and $3 the days or null for all time, $4 a part of the title or key, $5 medium, $6 release.
_BOARD: Final = """
WITH counted AS (
    SELECT target_key, sum(partial)::bigint AS partial, sum(sampled)::bigint AS sampled,
           sum(complete)::bigint AS complete, sum(shares_link)::bigint AS shares_link,
           sum(shares_embed)::bigint AS shares_embed, sum(via_link)::bigint AS via_link,
           sum(via_embed)::bigint AS via_embed, sum(unbucketed)::bigint AS unbucketed
    FROM day_counter WHERE $2::date IS NOT NULL AND target_kind = $1 AND day BETWEEN $2 AND $3
    GROUP BY target_key
    UNION ALL
    SELECT target_key, sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint, sum(shares_link)::bigint,
           sum(shares_embed)::bigint, sum(via_link)::bigint, sum(via_embed)::bigint, sum(unbucketed)::bigint
    FROM play_counter WHERE $2::date IS NULL AND target_kind = $1
    GROUP BY target_key
), named AS (
    SELECT track_key AS target_key, t.title, t.release_key, r.title AS release_title, r.medium, t.position
    FROM track t LEFT JOIN release r USING (release_key) WHERE $1 = 'track'
    UNION ALL
    SELECT release_key, title, NULL, NULL, medium, NULL FROM release WHERE $1 = 'release'
), board AS (
    SELECT target_key, coalesce(n.title, target_key) AS title, n.title IS NOT NULL AS catalogued,
           n.release_key, n.release_title, n.medium, n.position,
           coalesce(partial, 0) AS partial, coalesce(sampled, 0) AS sampled, coalesce(complete, 0) AS complete,
           coalesce(shares_link, 0) AS shares_link, coalesce(shares_embed, 0) AS shares_embed,
           coalesce(via_link, 0) AS via_link, coalesce(via_embed, 0) AS via_embed,
           coalesce(unbucketed, 0) AS unbucketed,
           coalesce(a.listeners, 0)::bigint AS listeners, coalesce(b.listeners, 0)::bigint AS daily_listeners
    FROM counted c FULL JOIN named n USING (target_key)
    LEFT JOIN (
        SELECT target_key, sum(listeners) AS listeners FROM play_counter WHERE target_kind = $1 GROUP BY target_key
    ) a USING (target_key)
    LEFT JOIN (
        SELECT target_key, sum(listeners) AS listeners
        FROM listener_count l JOIN token_day d USING (day, generation)
        WHERE target_kind = $1 AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
        GROUP BY target_key
    ) b USING (target_key)
    WHERE ($4 = '' OR strpos(lower(coalesce(n.title, '')), lower($4)) > 0 OR strpos(lower(target_key), lower($4)) > 0)
      AND ($5::text IS NULL OR n.medium = $5) AND ($6::text IS NULL OR n.release_key = $6)
), sorted AS (
    SELECT *, CASE $7::text
        WHEN 'plays' THEN partial + sampled + complete + unbucketed
        WHEN 'completion' THEN complete::float8 / nullif(partial + sampled + complete, 0)
        WHEN 'shares' THEN shares_link + shares_embed
        WHEN 'listeners' THEN CASE WHEN $8::boolean THEN daily_listeners ELSE listeners END
        WHEN 'sharesPerHundredPlays'
            THEN (shares_link + shares_embed)::float8 / nullif(partial + sampled + complete, 0)
        WHEN 'via' THEN via_link + via_embed
        END AS worth
    FROM board
)
"""
_ROWS: Final = (
    _BOARD
    + """
SELECT target_key, title, catalogued, release_key, release_title, medium, position, listeners, daily_listeners,
       count(*) OVER (),
       partial, sampled, complete, shares_link, shares_embed, via_link, via_embed, unbucketed
FROM sorted
ORDER BY CASE WHEN $9 THEN coalesce(worth, -1) END DESC, CASE WHEN NOT $9 THEN coalesce(worth, -1) END,
         CASE WHEN $7 = 'title' AND $9 THEN lower(title) END DESC,
         CASE WHEN $7 = 'title' AND NOT $9 THEN lower(title) END,
         target_key
LIMIT $10 OFFSET $11
"""
)
_SPARKS: Final = """
SELECT target_key, date_trunc($5, day::timestamp)::date,
       sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint,
       sum(shares_link)::bigint, sum(shares_embed)::bigint, sum(via_link)::bigint, sum(via_embed)::bigint,
       sum(unbucketed)::bigint
FROM day_counter WHERE target_kind = $1 AND target_key = ANY($2) AND day BETWEEN $3 AND $4
GROUP BY 1, 2 ORDER BY 1, 2
"""
_MEDIA: Final = "SELECT DISTINCT medium FROM release WHERE medium IS NOT NULL ORDER BY medium"


@dataclass(frozen=True, slots=True)
class Days:
    """Both included. A board over all time has none."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which board is asked for. Ties are in the order of keys, so that pages never overlap."""

    kind: Kind
    days: Days | None = None
    search: str = ""  # a part of the title or the key, upper and lower case alike
    medium: str | None = None
    release: str | None = None  # of the tracks on this one only
    sort: Sort = "plays"
    descending: bool = True
    by_day: bool = False  # `listeners` sorts by option B's days added up, otherwise by option A's all-time sets
    limit: int = 25
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a board."""

    counts: Counts
    key: str
    title: str  # the key where the catalog does not know it
    catalogued: bool
    release_key: str | None  # of a track, as the catalog has it now
    release_title: str | None
    medium: str | None
    position: int | None
    listeners: int  # option A, of all time
    daily_listeners: int  # option B, those of each day added up


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a board, and how many entries all its pages have."""

    entries: Sequence[Entry]
    total: int


async def board(connection: Connection, wanted: Wanted) -> Board:
    """The page. `total` is 0 on a page behind the last one."""
    days = wanted.days
    rows = await connection.fetch(
        _ROWS,
        wanted.kind,
        days.first if days else None,
        days.last if days else None,
        wanted.search,
        wanted.medium,
        wanted.release,
        wanted.sort,
        wanted.by_day,
        wanted.descending,
        wanted.limit,
        wanted.offset,
    )
    return Board([Entry(Counts(*row[10:]), *row[:9]) for row in rows], rows[0][9] if rows else 0)


async def trends(
    connection: Connection, kind: Kind, keys: Sequence[str], days: Days, step: Step
) -> dict[str, list[Point]]:
    """For sparklines: each key's steps with at least one count, in order; keys without any are left out."""
    found: dict[str, list[Point]] = {}
    for key, start, *counts in await connection.fetch(_SPARKS, kind, list(keys), days.first, days.last, step):
        found.setdefault(key, []).append(Point(start, Counts(*counts)))
    return found


async def media(connection: Connection) -> list[str]:
    """The media that releases of the catalog have, for the filter."""
    return [str(row[0]) for row in await connection.fetch(_MEDIA)]
