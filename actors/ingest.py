"""Ingest: owns the spool. Makes events durable in groups, then feeds them on from the disk.

It has two halves that meet only in the spool. The first takes submissions as they come, writes everything that
is waiting as one row with one fsync, and answers. The second reads rows in order and hands them to the resolver;
what it reads may be from a moment ago or from before a crash, and it cannot tell. So a database outage stops
the second half and leaves the first alone.
"""

from collections.abc import Sequence
from typing import Final

import structlog
import trio

from actors.disk import DiskThread
from actors.events import decode, encode
from actors.ledger import Ledger, Reason
from actors.messages import Spooled, SpooledRow, Submission
from actors.waiting import Waiting
from storage.spool import Row, Spool, SpoolUnavailable

_MAX_GROUP: Final = 2048  # events in one row: bounds what a single fsync answers and how much one row can hold
_MAX_BATCH: Final = 4096  # events handed on at once: a backlog is caught up in large transactions, but not huge ones
_GATHER_S: Final = 0.5  # figures may be a second behind (DESIGN §3), and a large batch costs far less per event
_LOOK_EVERY_S: Final = 1.0  # a drained spool is scrubbed within this; more often would cost an fsync per quiet moment
_SCRUB_EVERY_S: Final = 60.0  # a busy one still is, this often (DESIGN §6)

_log = structlog.get_logger(__name__)


class Ingest:
    """The actor. `fed` is the spool number up to which everything is counted already."""

    def __init__(
        self,
        submissions: trio.MemoryReceiveChannel[Submission],
        batches: trio.MemorySendChannel[Spooled],
        spool: Spool,
        ledger: Ledger,
        *,
        fed: int,
        waiting: Waiting | None = None,
    ) -> None:
        self._submissions = submissions
        self._batches = batches
        self._spool = spool
        self._ledger = ledger
        self._fed = fed
        self._waiting = waiting or Waiting()
        self._bell = trio.Event()  # rung when the feeding half should look at the spool again
        self._last = trio.Event()  # no more submissions will come
        self._refusing = False
        self._appending = DiskThread("spool-append")
        self._reading = DiskThread("spool-read")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until the doors close; then the rest of the spool is fed on, and the batch channel is closed."""
        # Not `async with` for the channels: its checkpoint can put a cancellation in the place of an error on its way.
        with self._submissions, self._batches, self._appending, self._reading:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep_clean)
                nursery.start_soon(self._accept)
                task_status.started()
                await self._feed()
                nursery.cancel_scope.cancel()  # only the cleaning is left

    async def _accept(self) -> None:
        async for first in self._submissions:
            group = [first]
            while len(group) < _MAX_GROUP:
                try:
                    group.append(self._submissions.receive_nowait())
                except (trio.WouldBlock, trio.EndOfChannel):
                    break
            refused = await self._commit(group)
            for submission in group:
                submission.settle(refused)
        self._last.set()
        self._bell.set()

    async def _commit(self, group: Sequence[Submission]) -> Reason | None:
        payload = encode([submission.event for submission in group])
        try:
            row = await self._appending.run(self._spool.append, payload, len(group))
        except SpoolUnavailable as error:
            if not self._refusing:
                _log.error("events are refused", reason=str(error))
            self._refusing = True
            # Counted here and not where the answer is sent: a client that went away was refused all the same.
            self._ledger.waiting -= len(group)
            self._ledger.refused[Reason.UNAVAILABLE] += len(group)
            return Reason.UNAVAILABLE
        self._ledger.waiting -= len(group)
        self._ledger.spooled += len(group)
        self._waiting.written(row, trio.current_time())
        if self._refusing:
            _log.info("events are accepted again")
        self._refusing = False
        self._bell.set()
        return None

    async def _feed(self) -> None:
        while True:
            # Both taken before the read: what is committed during it rings this bell and is seen in the next turn.
            bell = self._bell = trio.Event()
            ended = self._last.is_set()
            rows = await self._reading.run(self._read)
            if rows:
                await self._batches.send(Spooled(rows))
                self._fed = rows[-1].seq
                await self._gather(rows)
            elif ended:
                return
            else:
                await bell.wait()

    async def _gather(self, rows: Sequence[SpooledRow]) -> None:
        """A pause for more events to come, unless there are plenty: a batch costs about the same small or large."""
        if sum(len(row.events) for row in rows) < _MAX_BATCH // 2:
            with trio.move_on_after(_GATHER_S):
                await self._last.wait()

    def _read(self) -> list[SpooledRow]:
        return [_decoded(row) for row in self._spool.read(self._fed, max_events=_MAX_BATCH)]

    async def _keep_clean(self) -> None:
        last = trio.current_time()
        while True:
            await trio.sleep(_LOOK_EVERY_S)
            if self._spool.pending_events == 0 or trio.current_time() - last >= _SCRUB_EVERY_S:
                last = trio.current_time()
                try:
                    await trio.to_thread.run_sync(self._spool.scrub)
                except SpoolUnavailable as error:
                    _log.warning("counted events leave traces in the spool for now", reason=str(error))


def _decoded(row: Row) -> SpooledRow:
    return SpooledRow(row.seq, decode(row.payload))
