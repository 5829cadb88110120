"""Takes the ways in turns on servers of this machine: elapsed time, processor time and flushes to the disk of a batch.

More servers bring no more cores here, so what is seen is the price of sharing a batch, not what it buys.
"""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import trio

from actors.tally import Tally
from bench.shards import ways
from bench.shards.cut import DAY, cut, made, rows
from bench.wrk import BenchError
from storage import cursor, listener_day, log
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from tests.support.postgres import Postgres, running_postgres

PLAIN: Final = "one transaction"
TWO_PHASE: Final = "two-phase commit"
OWN_CURSORS: Final = "a cursor on each"
WAYS: Final[dict[str, ways.Way]] = {
    PLAIN: ways.one_transaction,
    TWO_PHASE: ways.two_phase,
    OWN_CURSORS: ways.own_cursors,
}
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_TEMPLATE: Final = "shard"
_SEED: Final = 1

_PREPARED: Final = "ALTER SYSTEM SET max_prepared_transactions = 8"
_PIDS: Final = "SELECT pid FROM pg_stat_activity"
_REPORT: Final = "SELECT 0 FROM pg_stat_force_next_flush()"
_FLUSHES: Final = "SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'"
_COUNTED: Final = """
SELECT coalesce(sum(partial + sampled + complete), 0)::bigint FROM play_counter WHERE target_kind = $1
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one batch. `cpu_ms` is processor time of all servers and of this process, `server_ms` of the servers alone;
    `flushes` are of the servers' write-ahead logs.
    """

    elapsed_ms: float
    cpu_ms: float
    server_ms: float
    flushes: float


@dataclass(frozen=True, slots=True)
class Arm:
    """One way over so many servers, with batches of so many events; a cost for each round."""

    way: str
    servers: int
    events: int
    costs: Sequence[Cost]
    busiest: float  # the share of all rows that the busiest server writes


@dataclass(frozen=True, slots=True)
class Writers:
    """So many writers at once on one server, each with a slot of its own or all with one; events/s of each round."""

    writers: int
    own_slots: bool
    rates: Sequence[float]


@dataclass(frozen=True, slots=True)
class Plan:
    """`batches` of each size (events); `together` is how many batches the writers of an arm share."""

    batches: dict[int, int]
    together: int
    servers: Sequence[int]
    writers: Sequence[int]
    rounds: int


@contextmanager
def cluster(folder: Path, size: int) -> Iterator[Sequence[Postgres]]:
    """`size` servers that can prepare transactions, each with an empty, migrated database to copy."""
    with ExitStack() as running:
        servers = []
        for number in range(size):
            place = folder / f"server-{number}"
            with running_postgres(place) as fresh:
                trio.run(_execute_on, fresh.url("tonearm"), _PREPARED)
            server = running.enter_context(running_postgres(place))
            trio.run(_execute_on, server.url("tonearm"), f"CREATE DATABASE {_TEMPLATE}")
            trio.run(_make_ready, server.url(_TEMPLATE))
            servers.append(server)
        yield servers


def measure(servers: Sequence[Postgres], plan: Plan, report: Callable[[str], None]) -> tuple[list[Arm], list[Writers]]:
    """All of it. Raises BenchError where something was not counted exactly once."""
    return trio.run(_measure, servers, plan, report)


async def _measure(
    servers: Sequence[Postgres], plan: Plan, report: Callable[[str], None]
) -> tuple[list[Arm], list[Writers]]:
    names = (f"run_{number}" for number in count(1))
    arms = []
    for events, number in plan.batches.items():
        batches = made(number, events, _SEED)
        parts = {size: [cut(batch, size) for batch in batches] for size in plan.servers}
        found: dict[tuple[str, int], list[Cost]] = {pair: [] for pair in _pairs(plan.servers)}
        for turn in range(plan.rounds):
            for (way, size), costs in found.items():
                report(f"{events} events, {way}, {size} servers, round {turn + 1}")
                async with _opened(servers[:size], next(names)) as databases:
                    costs.append(await _cost(WAYS[way], databases, parts[size]))
        arms += [Arm(way, size, events, costs, _busiest(parts[size])) for (way, size), costs in found.items()]
    return arms, await _measure_writers(servers[0], plan, names, report)


def _pairs(servers: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Two phases over one server as well, to see what they cost by themselves."""
    yield PLAIN, 1
    yield from ((TWO_PHASE, size) for size in servers)
    yield from ((OWN_CURSORS, size) for size in servers if size > 1)


async def _measure_writers(
    server: Postgres, plan: Plan, names: Iterator[str], report: Callable[[str], None]
) -> list[Writers]:
    events = max(plan.batches)
    batches = made(plan.together, events, _SEED + 1)
    found: dict[tuple[int, bool], list[float]] = {(size, own): [] for size in plan.writers for own in (True, False)}
    for turn in range(plan.rounds):
        for (size, own), rates in found.items():
            report(f"{size} writers, {'own slots' if own else 'one slot'}, round {turn + 1}")
            async with _opened([server], next(names), connections=size) as [database]:
                rates.append(await _rate(database, batches, size, own_slots=own))
    return [Writers(size, own, rates) for (size, own), rates in found.items()]


async def _cost(way: ways.Way, databases: Sequence[Database], batches: Sequence[Sequence[Tally]]) -> Cost:
    pids = [pid for database in databases for pid in await _column(database, _PIDS)]
    flushes, server, own = await _flushes(databases), _cpu_s(pids), time.process_time()
    began = time.perf_counter()
    for number, parts in enumerate(batches, 1):
        await way(databases, parts, number)
    elapsed, own, server = time.perf_counter() - began, time.process_time() - own, _cpu_s(pids) - server
    flushes = await _flushes(databases) - flushes
    await _hold_to(databases, sum(len(part.plays) for parts in batches for part in parts))
    ms = 1000 / len(batches)
    return Cost(elapsed * ms, (own + server) * ms, server * ms, flushes / len(batches))


async def _rate(database: Database, batches: Sequence[Tally], writers: int, *, own_slots: bool) -> float:
    async def count_up(connection: Connection, number: int, part: Tally, slot: int) -> None:
        await cursor.advance(connection, f"{ways.SPOOL}-{slot}", number - 1, number, part.last_day)
        await ways.write(connection, part, slot if own_slots else ways.SLOT)

    async def writer(slot: int) -> None:
        for number, part in enumerate(batches[slot::writers], 1):
            await database.transaction(count_up, number, part, slot)

    for slot in range(writers):
        await database.transaction(cursor.open_cursor, f"{ways.SPOOL}-{slot}")
    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for slot in range(writers):
            nursery.start_soon(writer, slot)
    elapsed = time.perf_counter() - began
    await _hold_to([database], sum(len(part.plays) for part in batches))
    return sum(len(part.plays) + len(part.shares) for part in batches) / elapsed


async def _hold_to(databases: Sequence[Database], plays: int) -> None:
    """A way that loses or doubles something is no way."""
    for kind in ("track", "site"):
        counted = sum([(await _column(database, _COUNTED, kind))[0] for database in databases])
        if counted != plays:
            raise BenchError(f"{plays} plays were sent, {counted} are counted of each {kind}.")


def _busiest(batches: Sequence[Sequence[Tally]]) -> float:
    sums = [sum(map(rows, of_one)) for of_one in zip(*batches, strict=True)]
    return max(sums) / sum(sums)


@asynccontextmanager
async def _opened(servers: Sequence[Postgres], name: str, connections: int = 1) -> AsyncIterator[list[Database]]:
    """A copy of the empty database on each, gone afterwards."""
    for server in servers:
        await _execute_on(server.url("tonearm"), f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(open_database(Address(url=one.url(name)), connections=connections))
                for one in servers
            ]
    finally:
        for server in servers:
            await _execute_on(server.url("tonearm"), f"DROP DATABASE {name} WITH (FORCE)")


async def _make_ready(url: str) -> None:
    async def begin(connection: Connection) -> None:
        await log.make_months(connection, [DAY])
        await listener_day.begin(connection, DAY, partial=False)
        await cursor.open_cursor(connection, ways.SPOOL)
        await connection.execute(ways.DECISIONS)

    async with open_database(Address(url=url), connections=1) as database:
        await database.transaction(migrate, migrations())
        await database.transaction(begin)


async def _execute_on(url: str, statement: str) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute(statement)

    async with open_database(Address(url=url), connections=1) as database:
        await database.run(work)


async def _column(database: Database, statement: str, *args: object) -> list[int]:
    async def work(connection: Connection) -> list[int]:
        return [int(row[0]) for row in await connection.fetch(statement, *args)]

    return await database.run(work)


async def _flushes(databases: Sequence[Database]) -> int:
    found = 0
    for database in databases:
        await _column(database, _REPORT)
        found += (await _column(database, _FLUSHES))[0]
    return found


def _cpu_s(pids: Sequence[int]) -> float:
    """Of these processes."""
    spent = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / _TICKS  # user and system, in ticks (proc(5))
    return spent
