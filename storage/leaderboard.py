"""Tracks and releases side by side: leaderboards, a target's place, the tracks of a release.

Keys shown are the newest names, and any name may be asked for (storage/alias.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from storage.bridge import Connection
from storage.series import Counts, ListenerSum, Point, Step

Kind = Literal["track", "release"]
Sort = Literal["plays", "completion", "shares", "listeners", "sharesPerHundredPlays", "via", "title"]

# What is in the catalog stands on the board with nothing counted, too: what nobody plays is an answer.
# $1 kind, $2 and $3 the days or null for all time, $4 a part of the title or key, $5 medium, $6 release, $7 what it is
# sorted by, $8 whether that is option B. Only what it is sorted by is added up here, over all targets: with 2,000
# tracks over a year each further sum costs a tenth of the whole.
_BOARD: Final = """
WITH counted AS (
    SELECT target_key,
           sum(CASE WHEN $7 = 'plays' THEN partial + sampled + complete + unbucketed
               WHEN $7 = 'completion' THEN complete
               WHEN $7 IN ('shares', 'sharesPerHundredPlays') THEN shares_link + shares_embed
               WHEN $7 = 'via' THEN via_link + via_embed END) AS amount,
           sum(CASE WHEN $7 IN ('completion', 'sharesPerHundredPlays') THEN partial + sampled + complete END) AS plays
    FROM day_counter WHERE $2::date IS NOT NULL AND target_kind = $1 AND day BETWEEN $2 AND $3
      AND ($6::text IS NULL OR target_key = ANY (ARRAY(
          SELECT track_key FROM track WHERE release_key = (SELECT counted_key('release', $6)))))
    GROUP BY target_key
    UNION ALL
    SELECT target_key,
           sum(CASE WHEN $7 = 'plays' THEN partial + sampled + complete + unbucketed
               WHEN $7 = 'completion' THEN complete
               WHEN $7 IN ('shares', 'sharesPerHundredPlays') THEN shares_link + shares_embed
               WHEN $7 = 'via' THEN via_link + via_embed END) AS amount,
           sum(CASE WHEN $7 IN ('completion', 'sharesPerHundredPlays') THEN partial + sampled + complete END) AS plays
    FROM play_counter WHERE $2::date IS NULL AND target_kind = $1
      AND ($6::text IS NULL OR target_key = ANY (ARRAY(
          SELECT track_key FROM track WHERE release_key = (SELECT counted_key('release', $6)))))
    GROUP BY target_key
), named AS (
    SELECT track_key AS target_key, t.title, t.release_key, r.title AS release_title, r.medium, t.position
    FROM track t LEFT JOIN release r USING (release_key)
    WHERE $1 = 'track' AND ($6::text IS NULL OR t.release_key = (SELECT counted_key('release', $6)))
    UNION ALL
    SELECT release_key, title, NULL, NULL, medium, NULL FROM release WHERE $1 = 'release' AND $6::text IS NULL
), listened AS (
    SELECT target_key, sum(listeners) AS listeners
    FROM play_counter WHERE $7 = 'listeners' AND NOT $8::boolean AND target_kind = $1 GROUP BY target_key
    UNION ALL
    SELECT target_key, sum(listeners)
    FROM listener_count l JOIN token_day d USING (day, generation)
    WHERE $7 = 'listeners' AND $8::boolean AND target_kind = $1
      AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
    GROUP BY target_key
), sorted AS (
    SELECT target_key, coalesce(s.alias_key, target_key) AS shown, coalesce(n.title, s.alias_key, target_key) AS title,
           n.title IS NOT NULL AS catalogued, coalesce(sr.alias_key, n.release_key) AS release_key,
           n.release_title, n.medium, n.position, count(*) OVER () AS total,
           CASE WHEN $7 IN ('plays', 'shares', 'via') THEN coalesce(amount, 0)::float8
               WHEN $7 IN ('completion', 'sharesPerHundredPlays') THEN amount::float8 / nullif(plays, 0)::float8
               WHEN $7 = 'listeners' THEN coalesce(l.listeners, 0)::float8
               END AS worth
    FROM counted c FULL JOIN named n USING (target_key) LEFT JOIN listened l USING (target_key)
    LEFT JOIN (SELECT alias_key, target_key FROM alias WHERE target_kind = $1 AND current) s USING (target_key)
    LEFT JOIN (
        SELECT alias_key, target_key AS counted_as FROM alias WHERE target_kind = 'release' AND current
    ) sr ON sr.counted_as = n.release_key
    WHERE ($4 = '' OR strpos(lower(coalesce(n.title, '')), lower($4)) > 0
           OR strpos(lower(target_key), lower($4)) > 0 OR strpos(lower(s.alias_key), lower($4)) > 0)
      AND ($5::text IS NULL OR n.medium = $5)
)
"""
_ROWS: Final = (
    _BOARD  # noqa: S608  # both halves are constants
    + """
, page AS MATERIALIZED (
    SELECT *, row_number() OVER (
        ORDER BY CASE WHEN $9::boolean THEN coalesce(worth, -1) END DESC,
                 CASE WHEN NOT $9 THEN coalesce(worth, -1) END,
                 CASE WHEN $7 = 'title' AND $9 THEN left(lower(title), 200) END DESC,
                 CASE WHEN $7 = 'title' AND NOT $9 THEN left(lower(title), 200) END,
                 target_key
    ) AS line
    FROM sorted
    WHERE $12::text IS NULL OR CASE
        WHEN $7 = 'title' AND $9 THEN (left(lower(title), 200) < left(lower($14), 200))
            OR (left(lower(title), 200) = left(lower($14), 200) AND target_key > (SELECT counted_key($1, $12)))
        WHEN $7 = 'title' THEN (left(lower(title), 200) > left(lower($14), 200))
            OR (left(lower(title), 200) = left(lower($14), 200) AND target_key > (SELECT counted_key($1, $12)))
        WHEN $9 THEN coalesce(worth, -1) < $13 OR (
            coalesce(worth, -1) = $13 AND target_key > (SELECT counted_key($1, $12)))
        ELSE coalesce(worth, -1) > $13::float8 OR (
            coalesce(worth, -1) = $13 AND target_key > (SELECT counted_key($1, $12)))
        END
    ORDER BY line LIMIT $10 OFFSET $11
), counts AS (
    SELECT target_key, sum(partial)::bigint AS partial, sum(sampled)::bigint AS sampled,
           sum(complete)::bigint AS complete, sum(shares_link)::bigint AS shares_link,
           sum(shares_embed)::bigint AS shares_embed, sum(via_link)::bigint AS via_link,
           sum(via_embed)::bigint AS via_embed, sum(unbucketed)::bigint AS unbucketed
    FROM day_counter WHERE $2::date IS NOT NULL AND target_kind = $1 AND day BETWEEN $2 AND $3
      AND target_key = ANY (ARRAY(SELECT target_key FROM page))
    GROUP BY target_key
    UNION ALL
    SELECT target_key, sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint, sum(shares_link)::bigint,
           sum(shares_embed)::bigint, sum(via_link)::bigint, sum(via_embed)::bigint, sum(unbucketed)::bigint
    FROM play_counter WHERE $2::date IS NULL AND target_kind = $1
      AND target_key = ANY (ARRAY(SELECT target_key FROM page))
    GROUP BY target_key
), ever AS (
    SELECT target_key, sum(listeners)::bigint AS listeners FROM play_counter
    WHERE target_kind = $1 AND target_key = ANY (ARRAY(SELECT target_key FROM page)) GROUP BY target_key
), by_day AS (
    SELECT target_key, sum(listeners)::bigint AS listeners, min(listeners) FILTER (WHERE listeners > 0) AS least
    FROM (
        SELECT target_key, sum(listeners)::bigint AS listeners
        FROM listener_count JOIN token_day USING (day, generation)
        WHERE target_kind = $1 AND target_key = ANY (ARRAY(SELECT target_key FROM page))
          AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
        GROUP BY target_key, day
    ) AS days GROUP BY target_key
)
SELECT shown, title, catalogued, release_key, release_title, medium, position,
       coalesce(ever.listeners, 0), coalesce(by_day.listeners, 0), coalesce(worth, -1), by_day.least, total,
       coalesce(partial, 0), coalesce(sampled, 0), coalesce(complete, 0), coalesce(shares_link, 0),
       coalesce(shares_embed, 0), coalesce(via_link, 0), coalesce(via_embed, 0), coalesce(unbucketed, 0)
FROM page LEFT JOIN counts USING (target_key) LEFT JOIN ever USING (target_key) LEFT JOIN by_day USING (target_key)
ORDER BY line
"""
)
# A plan made for any days, sort and search fits none; planning anew takes milliseconds, a wrong plan a second.
_PLAN_ANEW: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
# How many stand above it by plays; who has as many shares its place.
_PLACE: Final = (
    _BOARD  # noqa: S608  # both halves are constants
    + """
SELECT 1 + count(*) FILTER (WHERE worth > (SELECT worth FROM sorted WHERE target_key = (SELECT counted_key($1, $9)))),
       count(*)
FROM sorted
"""
)
_SPARKS: Final = """
SELECT name, date_trunc($5, day::timestamp)::date,
       sum(partial)::bigint, sum(sampled)::bigint, sum(complete)::bigint,
       sum(shares_link)::bigint, sum(shares_embed)::bigint, sum(via_link)::bigint, sum(via_embed)::bigint,
       sum(unbucketed)::bigint
FROM (SELECT name, counted_key($1, name) AS target_key FROM unnest($2::text[]) AS name) AS asked
JOIN day_counter USING (target_key) WHERE target_kind = $1 AND day BETWEEN $3 AND $4
GROUP BY 1, 2 ORDER BY 1, 2
"""
_MEDIA: Final = "SELECT DISTINCT medium FROM release WHERE medium IS NOT NULL ORDER BY medium"


@dataclass(frozen=True, slots=True)
class Days:
    """Both included. A board over all time has none."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class After:
    """The entry that the page before ended with: its key, and what it was sorted by."""

    key: str
    worth: float
    title: str  # of which the first letters count, here as in the order


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
    after: After | None = None  # begin behind it: entries that came or went before it move nothing


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
    worth: float  # what it was sorted by; -1 where there is nothing to sort by, as by title
    least: int | None = None  # option B's listeners on the day that had the fewest, but some

    @property
    def by_day(self) -> ListenerSum:
        """Option B's, to be told or not."""
        return ListenerSum(self.daily_listeners, self.least)

    @property
    def place(self) -> After:
        """Where the next page begins, if this one ends here."""
        return After(self.key, self.worth, self.title)


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a board, and how many entries all its pages have."""

    entries: Sequence[Entry]
    total: int


async def board(connection: Connection, wanted: Wanted) -> Board:
    """The page. `total` is 0 on a page behind the last one."""
    days = wanted.days
    async with connection.transaction():
        await connection.execute(_PLAN_ANEW)
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
            wanted.after and wanted.after.key,
            wanted.after and wanted.after.worth,
            wanted.after and wanted.after.title,
        )
    return Board([Entry(Counts(*row[12:]), *row[:11]) for row in rows], rows[0][11] if rows else 0)


async def place(connection: Connection, kind: Kind, key: str, days: Days | None) -> tuple[int, int]:
    """(place by plays, of how many): the most played is 1."""
    first, last = (days.first, days.last) if days else (None, None)
    async with connection.transaction():
        await connection.execute(_PLAN_ANEW)
        row = await connection.fetchrow(_PLACE, kind, first, last, "", None, None, "plays", False, key)
    assert row is not None
    return row[0], row[1]


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
