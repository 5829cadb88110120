"""Whether this process takes events durably now, for who decides where to send them (`/readyz`).

The disk of the spool is looked at by writing to it, in a thread and only while somebody asks: a disk that hangs holds
up neither a door nor the next who asks. A database that is away is no reason: events wait for it in the spool.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

import trio

from storage.spool import SpoolUnavailable

_APART_S: Final = 1.0  # between two looks, which cost an fsync: strangers may ask
_PATIENCE_S: Final = 3.0  # a disk that takes longer answers no browser in time either


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing: `name` for programs, and a sentence."""

    name: Literal["stopping", "spool"]
    says: str


_STOPPING: Final = Lack("stopping", "This process is stopping; another one takes events.")
_SILENT: Final = Lack("spool", "The spool's disk does not answer.")


class Readiness:
    """`probe` raises SpoolUnavailable where an event could not be made durable; it may block."""

    def __init__(
        self, probe: Callable[[], None], *, stopping: Callable[[], bool], database_up: Callable[[], bool]
    ) -> None:
        self._probe = probe
        self._stopping = stopping
        self._database_up = database_up
        self._limiter = trio.CapacityLimiter(1)
        self._found = ""  # why the spool takes nothing, as of the last look
        self._looked_at = -inf
        self._began: float | None = None  # when the look under way began
        self._asked = trio.Event()
        self._looked = trio.Event()

    @property
    def database_up(self) -> bool:
        """Whether what is taken can be counted at once."""
        return self._database_up()

    def lacks(self) -> list[Lack]:
        """As of the last look, and have another taken. Nothing: it is ready."""
        self._asked.set()
        return list(self._lacks())

    async def looked(self) -> None:
        """Until the disk was looked at no longer ago than a second, or does not answer."""
        if trio.current_time() - self._looked_at > _APART_S and not self._stopping():
            looked = self._looked
            self._asked.set()
            with trio.move_on_after(_PATIENCE_S):
                await looked.wait()

    async def run(self) -> None:
        """For ever."""
        while True:
            asked = self._asked = trio.Event()  # before the look: who asks during it wants the next one
            self._began = trio.current_time()
            self._found = await trio.to_thread.run_sync(self._look, abandon_on_cancel=True, limiter=self._limiter)
            self._began, self._looked_at = None, trio.current_time()
            self._looked.set()
            self._looked = trio.Event()
            await trio.sleep(_APART_S)
            await asked.wait()

    def _look(self) -> str:
        try:
            self._probe()
        except SpoolUnavailable as error:
            return str(error)
        return ""

    def _lacks(self) -> Iterator[Lack]:
        if self._stopping():
            yield _STOPPING
        elif self._began is not None and trio.current_time() - self._began >= _PATIENCE_S:
            yield _SILENT
        elif self._found:
            yield Lack("spool", f"{self._found[0].upper()}{self._found[1:]}.")
