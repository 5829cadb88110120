"""Three ways to make a batch durable exactly once where several servers share it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio

from actors.tally import Tally
from bench.shards.cut import rows
from storage import counters, cursor, listener_day, listeners, log
from storage.bridge import Connection, Database

Way = Callable[[Sequence[Database], Sequence[Tally], int], Awaitable[None]]
"""Writes the parts, the first to the first server; batches are numbered from 1, each after the one before."""

SPOOL: Final = "bench"
SLOT: Final = 0
DECISIONS: Final = "CREATE TABLE decided (gid text PRIMARY KEY)"
"""What `two_phase` needs on the first server: which prepared transactions are to be committed, whatever happens."""

_DECIDE: Final = "INSERT INTO decided SELECT unnest($1::text[])"


async def one_transaction(servers: Sequence[Database], parts: Sequence[Tally], number: int) -> None:
    """On one server, as the service does it."""

    async def work(connection: Connection) -> None:
        await _advance(connection, parts[0], number)
        await write(connection, parts[0], SLOT)

    await servers[0].transaction(work)


async def two_phase(servers: Sequence[Database], parts: Sequence[Tally], number: int) -> None:
    """As a distributed PostgreSQL commits: all prepare, the first server decides, all commit what they prepared."""

    async def prepare(connection: Connection, part: Tally, gid: str) -> None:
        await connection.execute("BEGIN")
        await write(connection, part, SLOT)
        await connection.execute(f"PREPARE TRANSACTION '{gid}'")

    async def decide(connection: Connection) -> None:
        await _advance(connection, parts[0], number)
        await connection.execute(_DECIDE, [gid for _, _, gid in shares])

    async def commit(connection: Connection, gid: str) -> None:
        await connection.execute(f"COMMIT PREPARED '{gid}'")

    shares = [(server, part, f"{number}-{at}") for at, (server, part) in _busy(servers, parts)]
    async with trio.open_nursery() as nursery:
        for server, part, gid in shares:
            nursery.start_soon(server.run, prepare, part, gid)
    await servers[0].transaction(decide)
    async with trio.open_nursery() as nursery:
        for server, _, gid in shares:
            nursery.start_soon(server.run, commit, gid)


async def own_cursors(servers: Sequence[Database], parts: Sequence[Tally], number: int) -> None:
    """Each server has a cursor of the spool of its own, and so knows what of the batch it has."""

    async def work(connection: Connection, part: Tally) -> None:
        await _advance(connection, part, number)
        await write(connection, part, SLOT)

    async with trio.open_nursery() as nursery:
        for server, part in zip(servers, parts, strict=True):  # an empty part moves the cursor all the same
            nursery.start_soon(server.transaction, work, part)


async def write(connection: Connection, part: Tally, slot: int) -> None:
    """The writer's statements (actors/writer.py), in the caller's transaction."""
    await log.append_plays(connection, part.plays)
    await log.append_shares(connection, part.shares)
    new = await listeners.add(connection, part.listeners)
    await counters.add(connection, slot, part.daily, new)
    for (day, generation), pairs in sorted(part.tokens.items()):
        today = await listener_day.add(connection, day, pairs)
        await listener_day.count(connection, slot, day, generation, today)


async def _advance(connection: Connection, part: Tally, number: int) -> None:
    await cursor.advance(connection, SPOOL, number - 1, number, part.last_day)
    await listeners.state(connection)


def _busy(servers: Sequence[Database], parts: Sequence[Tally]) -> list[tuple[int, tuple[Database, Tally]]]:
    pairs = enumerate(zip(servers, parts, strict=True))
    return [(at, pair) for at, pair in pairs if rows(pair[1])]
