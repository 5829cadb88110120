"""What the actors say to each other, and how long each channel may get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import trio

from actors.events import Event
from actors.ledger import Reason
from storage.counters import Target

SUBMISSIONS: Final = 4096
"""Events waiting for a group commit: about a quarter of a second at full speed. Beyond it an answer would come
later than a browser's patience, so the event gets 503 at once."""

BATCHES: Final = 2
"""Batches between ingest, resolver and writer: one being worked on, one ready. More would only sit in memory;
the spool is the queue."""


class Submission:
    """One event on its way to the disk, and what its door does once that is settled."""

    __slots__ = ("done", "event", "refused", "then")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.done = False
        self.refused: Reason | None = None
        self.then: Callable[[Submission], None] | None = None  # called once, by ingest; must neither wait nor raise

    def settle(self, refused: Reason | None) -> None:
        """Durable (None), or why not. Once."""
        self.refused = refused
        self.done = True
        if self.then is not None:
            self.then(self)

    async def settled(self) -> Reason | None:
        """Waits for `settle`. A waiter that is cancelled changes nothing: the event goes its way."""
        if not self.done:
            task = trio.lowlevel.current_task()
            self.then = lambda _: trio.lowlevel.reschedule(task)
            await trio.lowlevel.wait_task_rescheduled(self._leave)
        return self.refused

    def _leave(self, _: object) -> trio.lowlevel.Abort:
        self.then = None
        return trio.lowlevel.Abort.SUCCEEDED


@dataclass(frozen=True, slots=True)
class SpooledRow:
    """One row of the spool with its events decoded; the cursor can stand between two rows, never inside one."""

    seq: int
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Spooled:
    """Ingest -> resolver: rows in order, without gaps."""

    rows: Sequence[SpooledRow]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Resolver -> counter writer: the same rows and what the resolver knows about the keys in them."""

    rows: Sequence[SpooledRow]
    releases: Mapping[str, str | None]  # of every track that counts under its own key; None: no release
    unknown: frozenset[Target]  # what does not: counted under one target (DESIGN §3)
    counted_as: Mapping[Target, Target] = field(default_factory=dict)  # of what goes by another name (storage/alias.py)
    renames: int = 0  # how many renamings these look-ups know of
