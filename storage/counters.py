"""The rollup: all-time and daily counters, kept in the transaction that writes the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from storage.bridge import Connection


class Target(NamedTuple):
    """What a counter is about. Tuples sort by key first, as the unique indexes do."""

    key: str  # '' for the site
    kind: str  # 'track', 'release', 'site'


@dataclass(slots=True)
class Delta:
    """What a batch adds to one target's counters."""

    partial: int = 0
    sampled: int = 0
    complete: int = 0
    shares_link: int = 0
    shares_embed: int = 0
    via_link: int = 0
    via_embed: int = 0


# What an upsert does to the figures of the counter `c` that is there already.
ADDED_UP: Final = """
    partial = c.partial + excluded.partial,
    sampled = c.sampled + excluded.sampled,
    complete = c.complete + excluded.complete,
    shares_link = c.shares_link + excluded.shares_link,
    shares_embed = c.shares_embed + excluded.shares_embed,
    via_link = c.via_link + excluded.via_link,
    via_embed = c.via_embed + excluded.via_embed
"""
# Rows are upserted in key order: two writers that lock the same rows in different orders deadlock.
_ADD: Final = f"""
INSERT INTO play_counter AS c (target_key, target_kind, slot, partial, sampled, complete,
                               shares_link, shares_embed, via_link, via_embed, listeners)
SELECT target_key, target_kind, $1, partial, sampled, complete,
       shares_link, shares_embed, via_link, via_embed, listeners
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
  AS d (target_key, target_kind, partial, sampled, complete,
        shares_link, shares_embed, via_link, via_embed, listeners)
ON CONFLICT (target_key, target_kind, slot) DO UPDATE SET {ADDED_UP}, listeners = c.listeners + excluded.listeners
"""  # noqa: S608  # constants only
_ADD_DAILY: Final = f"""
INSERT INTO day_counter AS c (target_key, target_kind, day, slot, partial, sampled, complete,
                              shares_link, shares_embed, via_link, via_embed)
SELECT target_key, target_kind, day, $1, partial, sampled, complete,
       shares_link, shares_embed, via_link, via_embed
FROM unnest($2::text[], $3::text[], $4::date[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
  AS d (target_key, target_kind, day, partial, sampled, complete,
        shares_link, shares_embed, via_link, via_embed)
ON CONFLICT (target_key, target_kind, day, slot) DO UPDATE SET {ADDED_UP}
"""  # noqa: S608  # constants only


async def add(
    connection: Connection,
    slot: int,
    daily: Mapping[tuple[Target, date], Delta],
    listeners: Mapping[Target, int],
) -> None:
    """Add a batch: `daily` per target and day, `listeners` the number of new ones per target."""
    total = _all_time(daily)
    targets = sorted(total.keys() | listeners.keys())
    totals = [total.get(target, _NONE) for target in targets]
    new = [listeners.get(target, 0) for target in targets]
    await connection.execute(_ADD, slot, *_target_columns(targets), *_delta_columns(totals), new)
    days = sorted(daily)
    await connection.execute(
        _ADD_DAILY,
        slot,
        *_target_columns([target for target, _ in days]),
        [day for _, day in days],
        *_delta_columns([daily[entry] for entry in days]),
    )


_NONE: Final = Delta()


def _all_time(daily: Mapping[tuple[Target, date], Delta]) -> dict[Target, Delta]:
    total: dict[Target, Delta] = {}
    for (target, _), delta in daily.items():
        so_far = total.setdefault(target, Delta())
        for name in Delta.__slots__:
            setattr(so_far, name, getattr(so_far, name) + getattr(delta, name))
    return total


def _target_columns(targets: list[Target]) -> tuple[list[str], list[str]]:
    return [target.key for target in targets], [target.kind for target in targets]


def _delta_columns(deltas: list[Delta]) -> list[list[int]]:
    return [[getattr(delta, name) for delta in deltas] for name in Delta.__slots__]
