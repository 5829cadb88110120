"""Puts a month of events into PostgreSQL by the real writer, with the housekeeper's duties, and looks at the files."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import trio

from actors.ledger import Ledger
from actors.messages import Resolved, SpooledRow
from actors.writer import Writer
from bench import site
from bench.disk.audience import DAYS, Sends, batches
from bench.wrk import BenchError
from storage import anew, cursor, event_ids, listener_day
from storage.bridge import Address, Connection, Database, open_database
from storage.check import check
from storage.listeners import FIRST_HOUR_KEPT
from storage.migrate import migrate, migrations
from storage.spool import Spool

_BATCH: Final = 4096  # what the writer merges at most: at full speed
_FIRST_DAY: Final = date(2026, 10, 1)
_SEED: Final = 1
_LOOK_S: Final = 0.002
_COMPACT_TRIES: Final = 50

# Commits wait for no disk here, which changes how long this takes and no byte of what is written.
_HURRY: Final = """
DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $do$
"""
_WRITTEN: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
_SIZES: Final = """
SELECT coalesce(parent.relname, c.relname), sum(pg_table_size(c.oid))::bigint, sum(pg_indexes_size(c.oid))::bigint
FROM pg_class c LEFT JOIN pg_inherits ON inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = inhparent
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace GROUP BY 1
"""
_IDS: Final = "SELECT count(*) FROM event_id"
_ROWS: Final = """
SELECT (SELECT count(*) FROM listener), (SELECT count(*) FROM day_counter), (SELECT count(*) FROM listener_count)
"""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Of a table and of its indexes."""

    table: int
    indexes: int

    @property
    def both(self) -> int:
        return self.table + self.indexes


@dataclass(frozen=True, slots=True)
class Measured:
    """What `events` events left on the disk; sizes in bytes."""

    events: int
    tables: dict[str, Bytes]
    tokens_of_a_day: Bytes  # the most there was, just before the day was closed
    ids: int  # of events, that were kept at the end
    pairs: int  # rows of the listener sets
    days: int  # rows of the daily figures
    listener_days: int  # the same of option B's
    wal: int  # written by counting alone, without the nightly rewriting of the sets
    wal_nightly: int  # by one such rewriting, at the end


async def measure(url: str, folder: Path, events: int, sends: Sends, report: Callable[[int], None]) -> Measured:
    """Into the empty database at `url`; `folder` is empty, for a spool. Raises BenchError where check finds a fault."""
    async with open_database(Address(url=url), connections=2) as database:
        await database.transaction(migrate, migrations())
        await database.run(_execute, _HURRY)
    async with open_database(Address(url=url), connections=3) as database:
        with closing(Spool(folder / "spool.sqlite", max_bytes=1 << 20)) as spool:
            before = await _number(database, _WRITTEN)
            tokens = await _count(database, spool, events, sends, report)
            counted = await _number(database, _WRITTEN)
        await _rewrite(database)
        await database.run(_execute, "CHECKPOINT")
        nightly = await _number(database, _WRITTEN) - counted
        if differences := (await database.patiently(check)).differences:
            raise BenchError(f"The counters are not what was counted: {differences[0]}")
        pairs, days, listener_days = await database.run(_row, _ROWS)
        return Measured(
            events // DAYS * DAYS,
            await database.run(_sizes),
            tokens,
            await _number(database, _IDS),
            pairs,
            days,
            listener_days,
            counted - before,
            nightly,
        )


async def _count(database: Database, spool: Spool, events: int, sends: Sends, report: Callable[[int], None]) -> Bytes:
    counted, slot = await database.transaction(cursor.open_cursor, spool.spool_id)
    releases = {site.track_key(number): site.release_key(number) for number in range(1, site.TRACKS + 1)}
    ledger, most = Ledger(), Bytes(0, 0)
    send, receive = trio.open_memory_channel[Resolved](1)
    async with trio.open_nursery() as nursery, send:
        nursery.start_soon(Writer(receive, database, spool, ledger, Random(_SEED), counted=counted, slot=slot).run)
        seq = sent = 0
        for number in range(DAYS):
            day = _FIRST_DAY + timedelta(days=number)
            if sends.tokens:
                await database.transaction(_begin, day)
            for batch in batches(events, sends, day, number, _BATCH, _SEED):
                seq += 1
                sent += len(batch)
                # One at a time: the writer merges what waits, and a batch is as large as it gets already.
                await send.send(Resolved([SpooledRow(seq, batch)], releases, frozenset()))
                while ledger.counted < sent:  # noqa: ASYNC110  # the writer tells nobody when it has written
                    await trio.sleep(_LOOK_S)
                report(sent)
            if sends.tokens:
                size = (await database.run(_sizes)).get("listener_day", Bytes(0, 0))
                most = max(most, size, key=lambda one: one.both)
                await database.transaction(listener_day.close_over, day + timedelta(days=2))
            await database.run(event_ids.expire, day)
            await database.run(_execute, "VACUUM event_id")  # as autovacuum does within a minute or two
    return most


async def _begin(connection: Connection, day: date) -> None:
    await listener_day.begin(connection, day, partial=False)


async def _rewrite(database: Database) -> None:
    """As the housekeeper does it every night. PostgreSQL's own cleaning may be at the tables, and is waited for."""
    today = _FIRST_DAY + timedelta(days=DAYS)
    known_since = datetime.combine(today, datetime.min.time(), UTC) - FIRST_HOUR_KEPT
    await database.patiently(anew.write, today, known_since)
    for _ in range(_COMPACT_TRIES):
        if await database.patiently(anew.compact_sets):
            break
        await trio.sleep(1)
    await database.patiently(anew.compact_figures)


async def _execute(connection: Connection, statement: str) -> None:
    await connection.execute(statement)


async def _row(connection: Connection, statement: str) -> tuple[int, ...]:
    row = await connection.fetchrow(statement)
    assert row is not None
    return tuple(int(value) for value in row)


async def _number(database: Database, statement: str) -> int:
    return (await database.run(_row, statement))[0]


async def _sizes(connection: Connection) -> dict[str, Bytes]:
    return {str(name): Bytes(int(table), int(indexes)) for name, table, indexes in await connection.fetch(_SIZES)}
