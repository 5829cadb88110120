"""Gives a track or release another name. What was counted stays where it is (storage/alias.py).

Why that is exact beside writers: a renaming holds the row that each of their transactions reads first, so it waits for
those under way. A batch whose keys were looked up before counts afterwards, sees the number of renamings there, and
looks its keys up again (actors/writer.py).
"""

from dataclasses import dataclass
from typing import Final, Literal

from storage import alias, audit, catalog, imports, listeners
from storage.bridge import Connection
from storage.counters import Target

Kind = Literal["track", "release"]

_HOLD: Final = "UPDATE listener_generation SET renames = renames + 1"
_KNOWN: Final = {
    "track": """
SELECT EXISTS (SELECT FROM track WHERE track_key = $1)
    OR EXISTS (SELECT FROM play_counter WHERE target_key = $1 AND target_kind = 'track')
""",
    "release": """
SELECT EXISTS (SELECT FROM release WHERE release_key = $1)
    OR EXISTS (SELECT FROM play_counter WHERE target_key = $1 AND target_kind = 'release')
""",
}
_COUNTED: Final = """
SELECT count(*) > 0, coalesce(sum(partial + sampled + complete + unbucketed), 0)::bigint,
       coalesce(sum(shares_link + shares_embed), 0)::bigint, coalesce(sum(listeners), 0)::bigint
FROM play_counter WHERE target_key = $1 AND target_kind = $2
"""
_SHOWN: Final = "SELECT shown_key($2, $1)"
_NO_LONGER: Final = "UPDATE alias SET current = false WHERE target_key = $1 AND target_kind = $2 AND current"
_NAME: Final = """
INSERT INTO alias (alias_key, target_kind, target_key, current) VALUES ($1, $2, $3, true)
ON CONFLICT (alias_key, target_kind) DO UPDATE SET current = true
"""
_NAMES_MOVE: Final = "UPDATE alias SET target_key = $3 WHERE target_key = $1 AND target_kind = $2"
_NO_STRANGER: Final = "DELETE FROM uncatalogued WHERE target_key = $1 AND target_kind = $2"

# What the catalog says under the new key is newer: a site renames in its own tables first.
_TAKE_TRACK: Final = """
WITH gone AS (DELETE FROM track WHERE track_key = $1 RETURNING title, release_key, position)
INSERT INTO track (track_key, title, release_key, position) SELECT $2, title, release_key, position FROM gone
ON CONFLICT (track_key) DO UPDATE
    SET title = excluded.title, release_key = excluded.release_key, position = excluded.position
"""
_TAKE_RELEASE: Final = """
INSERT INTO release (release_key, title, medium) SELECT $2, title, medium FROM release WHERE release_key = $1
ON CONFLICT (release_key) DO UPDATE SET title = excluded.title, medium = excluded.medium
"""
_TAKE_TRACKS: Final = "UPDATE track SET release_key = $2 WHERE release_key = $1"
_DROP_RELEASE: Final = "DELETE FROM release WHERE release_key = $1"

_LOCK_DAYS: Final = "SELECT FROM token_day WHERE NOT closed ORDER BY day FOR UPDATE"
_LOCK_COUNTERS: Final = "LOCK TABLE play_counter, day_counter IN SHARE ROW EXCLUSIVE MODE"
_ADD_TOTALS: Final = """
WITH gone AS (DELETE FROM play_counter WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO play_counter AS c (target_key, target_kind, slot, partial, sampled, complete,
                               shares_link, shares_embed, via_link, via_embed, listeners, unbucketed)
SELECT $3, target_kind, slot, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed, listeners,
       unbucketed
FROM gone
ON CONFLICT (target_key, target_kind, slot) DO UPDATE SET
    partial = c.partial + excluded.partial, sampled = c.sampled + excluded.sampled,
    complete = c.complete + excluded.complete, shares_link = c.shares_link + excluded.shares_link,
    shares_embed = c.shares_embed + excluded.shares_embed, via_link = c.via_link + excluded.via_link,
    via_embed = c.via_embed + excluded.via_embed, listeners = c.listeners + excluded.listeners,
    unbucketed = c.unbucketed + excluded.unbucketed
"""
_ADD_DAYS: Final = """
WITH gone AS (DELETE FROM day_counter WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO day_counter AS c (target_key, target_kind, day, slot, partial, sampled, complete,
                              shares_link, shares_embed, via_link, via_embed, unbucketed)
SELECT $3, target_kind, day, slot, partial, sampled, complete, shares_link, shares_embed, via_link, via_embed,
       unbucketed
FROM gone
ON CONFLICT (target_key, target_kind, day, slot) DO UPDATE SET
    partial = c.partial + excluded.partial, sampled = c.sampled + excluded.sampled,
    complete = c.complete + excluded.complete, shares_link = c.shares_link + excluded.shares_link,
    shares_embed = c.shares_embed + excluded.shares_embed, via_link = c.via_link + excluded.via_link,
    via_embed = c.via_embed + excluded.via_embed, unbucketed = c.unbucketed + excluded.unbucketed
"""
_ADD_LISTENERS_BY_DAY: Final = """
WITH gone AS (DELETE FROM listener_count WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO listener_count AS c (target_key, target_kind, day, generation, slot, listeners)
SELECT $3, target_kind, day, generation, slot, listeners FROM gone
ON CONFLICT (target_key, target_kind, day, generation, slot) DO UPDATE SET listeners = c.listeners + excluded.listeners
"""
_MOVE_SET: Final = """
WITH gone AS (DELETE FROM listener WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO listener (target_key, target_kind, pseudonym, came) SELECT $3, target_kind, pseudonym, came FROM gone
"""
_MOVE_TOKENS: Final = """
WITH gone AS (DELETE FROM listener_day WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO listener_day (target_key, target_kind, day, token) SELECT $3, target_kind, day, token FROM gone
"""
# By the hour: the order in which rows came in goes with the move.
_MOVE_PLAYS: Final = """
WITH gone AS (DELETE FROM play_event WHERE track_key = $1 RETURNING *)
INSERT INTO play_event (created_at, day, rule_version, track_key, release_key, bucket, via, import_number)
SELECT created_at, day, rule_version, $2, release_key, bucket, via, import_number
FROM gone ORDER BY created_at, bucket, via
"""
_MOVE_RELEASE_PLAYS: Final = "UPDATE play_event SET release_key = $2 WHERE release_key = $1"
_MOVE_SHARES: Final = """
WITH gone AS (DELETE FROM share_event WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO share_event (created_at, day, target_kind, target_key, channel, import_number)
SELECT created_at, day, target_kind, $3, channel, import_number FROM gone ORDER BY created_at, channel
"""
_MOVE_BALANCES: Final = """
WITH gone AS (DELETE FROM opening_balance WHERE target_key = $1 AND target_kind = $2 RETURNING *)
INSERT INTO opening_balance (import_number, target_key, target_kind, day, partial, sampled, complete, unbucketed,
                             shares_link, shares_embed, via_link, via_embed)
SELECT import_number, $3, target_kind, day, partial, sampled, complete, unbucketed, shares_link, shares_embed,
       via_link, via_embed
FROM gone
"""


class CannotRename(Exception):
    """A sentence that says why not, and what to do; nothing is changed."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What the new key had counted of its own, and what is now part of the target."""

    plays: int
    shares: int
    listeners: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """What was done. `before`: what the target was called until now."""

    kind: Kind
    before: str
    name: str
    merged: Merged | None


async def rename(
    connection: Connection, old: str, new: str, *, kind: Kind | None = None, merge: bool = False
) -> Renamed:
    """`old` is any name the target ever had. In the caller's transaction; raises CannotRename."""
    await imports.one_at_a_time(connection)  # before anything else is held: an import looks names up as well
    await connection.execute(_HOLD)  # renamings wait for each other here, and for writers under way
    await catalog.hold(connection)
    target = await _known(connection, old, kind)
    before = str(await connection.fetchval(_SHOWN, *target))
    if new == before:
        raise CannotRename(f"The {target.kind} is called {new!r} already.")
    merged = await _take_in(connection, target, new, merge=merge)
    await connection.execute(_NO_LONGER, *target)
    if new != target.key:
        await connection.execute(_NAME, new, target.kind, target.key)
    await catalog.move_on(connection)
    detail = {"kind": target.kind, "from": before, "to": new, "countedAs": target.key}
    await audit.record(connection, "rename", detail | ({"mergedPlays": merged.plays} if merged else {}))
    return Renamed(_kind(target), before, new, merged)


async def _known(connection: Connection, old: str, kind: Kind | None) -> Target:
    """The target of this name, as it is counted."""
    asked = [Target(old, one) for one in ("track", "release") if kind in (None, one)]
    counted_as = await alias.counted(connection, asked)
    found = [
        target
        for target in (counted_as.get(one, one) for one in asked)
        if await connection.fetchval(_KNOWN[target.kind], target.key)
    ]
    if not found:
        raise CannotRename(f"No {kind or 'track or release'} {old!r} is in the catalog or has been counted.")
    if len(found) > 1:
        raise CannotRename(f"{old!r} is a track and a release; say which with --kind track or --kind release.")
    return found[0]


async def _take_in(connection: Connection, target: Target, new: str, *, merge: bool) -> Merged | None:
    """What is there under the new key becomes the target's; None where nothing of it was counted."""
    other = Target(new, target.kind)
    if new == target.key:
        return None  # its first name again
    if (named := (await alias.counted(connection, [other])).get(other)) is not None:
        if named == target:
            return None  # one it had before
        raise CannotRename(
            f"{new!r} is another name of the {target.kind} {named.key!r}; a name belongs to one {target.kind} for good."
        )
    row = await connection.fetchrow(_COUNTED, *other)
    assert row is not None
    has_counts, *counts = row
    if has_counts and not merge:
        raise CannotRename(_own_counts(other, Merged(*counts)))
    await _take_catalog(connection, target, new)
    await connection.execute(_NO_STRANGER, *other)
    await connection.execute(_NAMES_MOVE, *other, target.key)
    await connection.execute(_NO_LONGER, *target)
    if has_counts:
        await _take_counts(connection, target, new)
        return Merged(*counts)
    return None


def _own_counts(other: Target, own: Merged) -> str:
    return (
        f"The {other.kind} {other.key!r} has counts of its own ({own.plays:,} plays, {own.shares:,} shares, "
        f"{own.listeners:,} listeners). With --merge they are added; whoever listened under both keys, or comes back "
        "after listening under the new one, is then counted as a listener twice, since nothing stored says who that is."
    )


async def _take_catalog(connection: Connection, target: Target, new: str) -> None:
    if target.kind == "track":
        await connection.execute(_TAKE_TRACK, new, target.key)
        return
    await connection.execute(_TAKE_RELEASE, new, target.key)
    await connection.execute(_TAKE_TRACKS, new, target.key)
    await connection.execute(_DROP_RELEASE, new)


async def _take_counts(connection: Connection, target: Target, new: str) -> None:
    """Log, sets and counters, each added to what is there."""
    await listeners.move_on(connection)
    await connection.execute(_LOCK_DAYS)
    await connection.execute(_LOCK_COUNTERS)
    if target.kind == "track":
        await connection.execute(_MOVE_PLAYS, new, target.key)
    else:
        await connection.execute(_MOVE_RELEASE_PLAYS, new, target.key)
    moves = _MOVE_SHARES, _MOVE_BALANCES, _MOVE_SET, _MOVE_TOKENS, _ADD_TOTALS, _ADD_DAYS, _ADD_LISTENERS_BY_DAY
    for statement in moves:
        await connection.execute(statement, new, target.kind, target.key)


def _kind(target: Target) -> Kind:
    return "track" if target.kind == "track" else "release"
