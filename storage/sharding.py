"""Where each table lives on a PostgreSQL that is spread over several machines, as Citus does it (docs/scale.md).

Nothing here is asked while the service runs. It is what tests/integration/test_sharding.py holds the migrated schema
and every statement of this folder against, so that the way there stays open.
"""

from collections.abc import Iterator, Mapping
from typing import Final

DISTRIBUTED: Final[Mapping[str, str]] = {
    "play_event": "track_key",
    "share_event": "target_key",
    "play_counter": "target_key",
    "day_counter": "target_key",
    "listener": "target_key",
    "listener_day": "target_key",
    "listener_count": "target_key",
    "event_id": "target_key",
    "opening_balance": "target_key",
    "milestone": "target_key",
}
"""Table -> the column whose hash says which machine has a row. One target's rows are together on one machine."""

REFERENCE: Final = frozenset({"release", "track", "alias"})
"""The catalog: small, read with everything else, written seldom. Every machine has all of it."""

ONE_NODE: Final[Mapping[str, str]] = {
    "spool_cursor": "one row a spool, moved first in each transaction: it says whether the batch is counted",
    "listener_generation": "one row that writers share and erasing takes for itself",
    "token_day": "a row a day; who closes a day locks it against all who count into it",
    "daily_salt": "one row in a file that is replaced; it must have no copy elsewhere",
    "sealed_key": "a row or two, read at the start",
    "catalog_version": "one row, compared once a batch",
    "forgotten": "tags of who asked to be forgotten in the last two days: of a listener, not of a target",
    "uncatalogued": "how many keys are new today is asked over all of them, before a batch is counted",
    "alert": "a queue that one process empties",
    "alert_state": "one row, held by the process that looks",
    "week_begin": "one row a week",
    "canary": "a row a sender, replaced every few minutes",
    "import": "a row for each file; its number and its content are unique among files, not within a target",
    "dropped_month": "one row a month",
    "audit": "a row for each act of an operator",
    "operator": "one row",
    "access_token": "a row for each token and link",
    "ended_session": "a row for each session that was left early",
    "schema_migration": "a row for each migration, under a lock that belongs to one node",
}
"""Table -> why it stays on the machine that is asked (in Citus: the coordinator)."""


def commands() -> Iterator[str]:
    """What makes an empty, migrated database such a one; rows of a target come to lie together."""
    for table in sorted(REFERENCE, key=["release", "track", "alias"].index):  # the track's foreign key comes second
        yield f"SELECT create_reference_table('{table}');"
    together = next(iter(DISTRIBUTED))
    for table, column in DISTRIBUTED.items():
        beside = "none" if table == together else together
        yield f"SELECT create_distributed_table('{table}', '{column}', colocate_with => '{beside}');"
