"""The counter writer: puts batches into PostgreSQL, each exactly once.

One batch is one transaction: cursor, log, listeners, counters. The cursor moves first; when it is not where the
writer left it, an attempt whose answer was lost did commit, and the batch is cut to what is still to be counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from random import Random
from typing import Final

import structlog
import trio

from actors.events import Forget
from actors.hour import Counts
from actors.ledger import Ledger
from actors.messages import Resolved, SpooledRow
from actors.meters import Meters
from actors.recent import Recent
from actors.retry import Tries, until_available
from actors.tally import SITE, Tally, tally
from actors.waiting import Waiting
from privacy import pseudonym
from storage import alias, canary, catalog, counters, cursor, event_ids, forgotten, listener_day, listeners, log
from storage.alias import apply
from storage.bridge import Connection, Database, PartitionMissing
from storage.counters import Target
from storage.event_ids import EventId
from storage.spool import Spool, SpoolUnavailable

_MAX_MERGED: Final = 4096  # events; batches that wait are written together, which costs one commit instead of several

_MAX_PAIRS: Final = 30_000  # of each kind remembered, about 5 MiB

_log = structlog.get_logger(__name__)


class _Forgotten(Exception):
    """The batch has plays of listeners who asked to be forgotten; nothing is done."""

    def __init__(self, bases: set[bytes]) -> None:
        self.bases = bases


class _Repeated(Exception):
    """The batch has events that are counted already; nothing is done."""

    def __init__(self, ids: set[EventId]) -> None:
        self.ids = ids


class _Renamed(Exception):
    """The batch has targets that are counted as others since its keys were looked up; nothing is done."""

    def __init__(self, counted_as: dict[Target, Target], releases: dict[str, str | None], renames: int) -> None:
        self.counted_as = counted_as
        self.releases = releases  # of the tracks they are counted as
        self.renames = renames

    def applied(self, batch: Resolved) -> Resolved:
        """The batch as it would be looked up now."""
        now = self.counted_as
        releases = {
            track: release and apply(now, release, "release")
            for track, release in {**batch.releases, **self.releases}.items()
        }
        before = {name: now.get(target, target) for name, target in batch.counted_as.items()}
        return Resolved(batch.rows, releases, batch.unknown, before | now, self.renames)


class Writer:
    """The actor. `counted` and `slot` are what `storage.cursor.open_cursor` said of this spool."""

    def __init__(
        self,
        batches: trio.MemoryReceiveChannel[Resolved],
        database: Database,
        spool: Spool,
        ledger: Ledger,
        random: Random,
        *,
        counted: int,
        slot: int,
        waiting: Waiting | None = None,
        tell: Callable[[Counts], None] | None = None,
        tries: Tries | None = None,
        meters: Meters | None = None,
    ) -> None:
        """`tell` is handed what was just counted; it must neither wait nor raise."""
        self._tries = tries
        self._meters = meters or Meters()
        self._batches = batches
        self._database = database
        self._spool = spool
        self._ledger = ledger
        self._random = random
        self._counted = counted
        self._slot = slot
        self._waiting = waiting or Waiting()
        self._tell = tell
        self._months: set[date] = set()  # known to have partitions
        self._generation = -1  # of the distinct sets, to which what follows belongs
        self._anybody_forgotten = False  # lately
        # Pairs known to be in the sets: one that comes again costs no insert.
        self._paired: Recent[tuple[Target, bytes], bool] = Recent(_MAX_PAIRS)
        self._tokens: Recent[tuple[date, int, Target, bytes], bool] = Recent(_MAX_PAIRS)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until the batch channel ends; a database that is away is waited for."""
        with self._batches:  # not `async with`: its checkpoint can put a cancellation in the error's place
            task_status.started()
            async for first in self._batches:
                await self._count(self._with_waiting(first))

    def _with_waiting(self, first: Resolved) -> Resolved:
        rows, releases, unknown = list(first.rows), dict(first.releases), first.unknown
        counted_as, renames = dict(first.counted_as), first.renames
        while sum(len(row.events) for row in rows) < _MAX_MERGED:
            try:
                more = self._batches.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel):
                break
            rows.extend(more.rows)
            releases.update(more.releases)
            unknown |= more.unknown
            counted_as.update(more.counted_as)
            renames = min(renames, more.renames)
        return Resolved(rows, releases, unknown, counted_as, renames)

    async def _count(self, batch: Resolved) -> None:
        rows: Sequence[SpooledRow] = batch.rows
        gone = {event.listener for row in rows for event in row.events if isinstance(event, Forget)}
        repeated: set[EventId] = set()
        while rows:
            events = (event for row in rows for event in row.events)
            sums = tally(events, batch.releases, batch.unknown, gone, repeated, batch.counted_as)
            sums.shuffle(self._random)
            last = rows[-1].seq
            write = partial(self._write, sums, last, batch.renames)
            try:
                await until_available("writer", write, self._tries)
            except cursor.CursorMoved:
                rows = await self._still_to_count(batch, rows)
                continue
            except _Forgotten as found:
                gone |= found.bases
                continue
            except _Repeated as found:
                repeated |= found.ids
                continue
            except _Renamed as found:
                batch = found.applied(batch)
                continue
            self._moved_to(last, rows, sums.duplicates, len(sums.canaries))
            self._remember(sums)
            self._say(sums)
            break
        await self._drop()

    async def _write(self, sums: Tally, last: int, renames: int) -> None:
        await self._make_months(sums)
        try:
            await self._commit(sums, last, renames)
        except PartitionMissing:  # of an event so late that its month has left the log (storage/retention.py)
            self._months.clear()
            await self._make_months(sums)
            await self._commit(sums, last, renames)

    async def _commit(self, sums: Tally, last: int, renames: int) -> None:
        began = trio.current_time()
        await self._database.transaction(self._transaction, sums, last, renames)
        self._meters.transaction_seconds.observe(trio.current_time() - began)

    async def _make_months(self, sums: Tally) -> None:
        if missing := {day.replace(day=1) for day in sums.days} - self._months:
            await self._database.transaction(log.make_months, missing)
            self._months |= missing

    async def _transaction(self, connection: Connection, sums: Tally, last: int, renames: int) -> None:
        await cursor.advance(connection, self._spool.spool_id, self._counted, last, sums.last_day)
        if sums.event_ids and (known := await event_ids.take(connection, sums.event_ids)):
            raise _Repeated(known)
        await self._hold_sets(connection, sums, renames)
        await log.append_plays(connection, sums.plays)
        await log.append_shares(connection, sums.shares)
        unknown = {pair: hour for pair, hour in sums.listeners.items() if not self._paired.get(pair)}
        new = await listeners.add(connection, unknown)
        if sums.forgets:
            new.subtract(await _forget(connection, sums.forgets))
        await counters.add(connection, self._slot, sums.daily, new)
        if sums.tokens:
            await self._count_tokens(connection, sums)
        if sums.canaries:
            await canary.seen(connection, {one.sender: (one.nonce, one.moment.day) for one in sums.canaries})

    async def _hold_sets(self, connection: Connection, sums: Tally, renames: int) -> None:
        """The distinct sets and the names stay as they are known until the transaction ends. Raises _Forgotten and
        _Renamed.
        """
        if sums.forgets:
            await listeners.move_on(connection)  # waits for the writers that rely on the sets, and later ones wait
        generation, renames_now = await listeners.state(connection)
        if renames != renames_now:
            await _look_again(connection, sums, renames_now)
        if generation != self._generation:
            self._paired.clear()
            # A number of this transaction's own making is not believed beyond it: it may yet be rolled back.
            self._generation = -1 if sums.forgets else generation
            self._anybody_forgotten = await forgotten.anybody(connection)
        if self._anybody_forgotten and sums.bases:
            bases = {pseudonym.tombstone(base): base for base in sums.bases}
            if found := await forgotten.among(connection, bases):
                raise _Forgotten({bases[tag] for tag in found})

    async def _count_tokens(self, connection: Connection, sums: Tally) -> None:
        """Those of open days, made with the salt their day ends with; late ones are left out (storage/listener_day)."""
        open_days = await listener_day.generations(connection, {day for day, _ in sums.tokens})
        for (day, generation), pairs in sorted(sums.tokens.items()):
            if open_days.get(day) == generation:
                unknown = [pair for pair in pairs if not self._tokens.get((day, generation, *pair))]
                new = await listener_day.add(connection, day, unknown)
                await listener_day.count(connection, self._slot, day, generation, new)

    def _remember(self, sums: Tally) -> None:
        for pair in sums.listeners:
            self._paired.put(pair, True)
        for (day, generation), pairs in sums.tokens.items():
            for target, token in pairs:
                self._tokens.put((day, generation, target, token), True)

    def _say(self, sums: Tally) -> None:
        if self._tell is not None:
            self._tell(sums.happened)

    async def _still_to_count(self, batch: Resolved, rows: Sequence[SpooledRow]) -> Sequence[SpooledRow]:
        counted, self._slot = await until_available(
            "writer", lambda: self._database.transaction(cursor.open_cursor, self._spool.spool_id)
        )
        _log.info("an attempt whose answer was lost had been counted", through=counted)
        # Duplicates among them go as counted: nothing tells them from the events whose ids that attempt has kept.
        done = [row for row in rows if row.seq <= counted]
        sums = tally((event for row in done for event in row.events), batch.releases, batch.unknown)
        self._moved_to(counted, done, 0, len(sums.canaries))
        self._say(sums)
        return [row for row in rows if row.seq > counted]

    def _moved_to(self, seq: int, rows: Sequence[SpooledRow], duplicates: int, canaries: int) -> None:
        self._counted = seq
        self._waiting.counted(seq, trio.current_time())
        events = sum(len(row.events) for row in rows)
        self._ledger.spooled -= events
        self._ledger.counted += events - duplicates - canaries
        self._ledger.duplicate += duplicates
        self._ledger.canary += canaries
        if events:
            self._meters.batch_events.observe(events)

    async def _drop(self) -> None:
        try:
            await trio.to_thread.run_sync(self._spool.drop_through, self._counted)
        except SpoolUnavailable as error:
            # They are counted and will not be read again; the next drop takes them along.
            _log.warning("counted events stay in the spool for now", reason=str(error))


async def _look_again(connection: Connection, sums: Tally, renames: int) -> None:
    """Raises _Renamed where something of it is counted as something else by now."""
    counted_as = await alias.counted(connection, {target for target, _ in sums.daily})
    if counted_as:
        tracks = sorted({target.key for target in counted_as.values() if target.kind == "track"})
        releases: dict[str, str | None] = dict.fromkeys(tracks)
        raise _Renamed(counted_as, releases | await catalog.releases_of(connection, tracks), renames)


async def _forget(connection: Connection, bases: set[bytes]) -> Counter[Target]:
    """Out of every set they may be in; returns how many listeners each target has lost.

    Every listener is in the site's set. So an id that nobody has, which anybody can send, costs one look, and one that
    somebody has costs a pseudonym for each target there is.
    """
    await forgotten.remember(connection, map(pseudonym.tombstone, bases))
    on_site = {pseudonym.for_target(base, SITE.kind, SITE.key): base for base in bases}
    lost: Counter[Target] = Counter()
    known = await forgotten.known(connection, SITE, on_site)
    targets = await forgotten.targets(connection) if known else []
    for base in sorted(on_site[one] for one in known):
        pairs = [(name.target, pseudonym.for_target(base, name.target.kind, name.key)) for name in targets]
        lost += await forgotten.erase(connection, pairs)
    return lost
