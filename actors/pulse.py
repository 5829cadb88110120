"""The pulse: what was counted lately, in memory, the same in every process of the installation (DESIGN §8).

It hears from this process's writer what was just counted, tells the others by NOTIFY about once a second, and hears
from them; and the same for how each process stands. Nothing of it is stored. It owns one connection, and no other
actor ever waits for it: while the database is away it goes on with what it knows, and afterwards the processes tell
each other their whole hours again.
"""

from collections.abc import Callable
from typing import Final

import structlog
import trio

from actors.audience import Audience, News
from actors.happening import Happening
from actors.hour import MINUTES, Counts, Hour, gather
from actors.lately import Lately, Summary
from actors.processes import Process, Processes
from actors.report import Report
from actors.telling import Anew, Ask, Counted, Ended, Message, Said, Teller, Whole, heard
from storage import pulse
from storage.bridge import Database, DatabaseThreadDead, DatabaseUnavailable
from storage.bridge import News as Line

_BEAT_S: Final = 1.0  # how often it tells what was counted
_SAY_EVERY_S: Final = 3.0  # how often a process says how it stands, if that has changed
_SAY_AT_LEAST_EVERY_S: Final = 10.0
_PAUSE_S: Final = 1.0  # between two tries while the database is away
_LAST_WORD_S: Final = 1.0  # how long a stop waits for it
_MOST_UNTOLD: Final = 512  # payloads; with more the whole hour is told instead
_AT_ONCE: Final = 128  # payloads in one transaction, which is 1 MB
STREAMS: Final = 64  # followers of one process
_STREAMS_BY_LINK: Final = 16  # of them: a link that became public leaves the others to the operator
_PATIENCE_S: Final = 60.0  # four times as long as a stream is silent

_log = structlog.get_logger(__name__)


class Pulse:
    """The actor. It has nothing to receive: `life` only ends, and that is its stop signal."""

    def __init__(
        self,
        life: trio.MemoryReceiveChannel[None],
        database: Database,
        *,
        source: str,
        now: Callable[[], float],
        report: Callable[[], Report] | None = None,
    ) -> None:
        """`source`: this process's name, given to no other. `now`: seconds since 1970.

        Without `report` it is a listener, which says nothing of itself.
        """
        self._life = life
        self._database = database
        self._source = source
        self._now = now
        self._report = report
        self._said: Report | None = None
        self._said_at = -_SAY_AT_LEAST_EVERY_S
        self._lately = Lately()
        self._summary: Summary | None = None
        self._telling: dict[str, Hour] = {}  # hours that others are in the middle of telling
        self._fresh: dict[Happening, int] = {}  # counted since the last beat
        self._untold: list[str] = []
        self._teller = Teller(source)
        self._asked = False
        self._bell = trio.Event()  # rung when there is something to tell
        self._processes = Processes()
        self.audience = Audience(STREAMS, _PATIENCE_S, most_by_link=_STREAMS_BY_LINK)
        self._stopping = False
        self._last_word = trio.Event()
        self.connected = False
        self.outages = 0  # how often the connection was lost

    def counted(self, counts: Counts) -> None:
        """The writer has just committed these. Neither waits nor raises; bounded by what a minute can hold."""
        gather(self._fresh, counts)

    @property
    def minute(self) -> int:
        """Since 1970."""
        return int(self._now() // 60)

    def summary(self) -> Summary:
        """The last hour, this minute included."""
        if self._summary is None or self._summary.minute != self.minute:
            self._summary = self._lately.summary(self.minute)
        return self._summary

    def processes(self) -> list[Process]:
        """This one as it stands now, and the others as they last said."""
        if self._report is not None:
            self._processes.said(self._source, self._report(), trio.current_time())
        return list(self._processes.all(trio.current_time()))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until `life` ends."""
        async with self._life, trio.open_nursery() as nursery:
            nursery.start_soon(self._beat)
            nursery.start_soon(self._keep_in_touch)
            task_status.started()
            async for _ in self._life:
                pass
            self._flush()
            self._stopping = True
            self._bell.set()
            if self.connected:
                with trio.move_on_after(_LAST_WORD_S):
                    await self._last_word.wait()
            nursery.cancel_scope.cancel()

    async def _beat(self) -> None:
        while True:
            await trio.sleep(_BEAT_S)
            self._flush()

    def _flush(self) -> None:
        minute = self.minute
        self._lately.forget_before(minute - MINUTES + 1)
        if self._fresh:
            counts, self._fresh = self._fresh, {}
            self._add(self._source, minute, counts)
            self._untold += self._teller.counted(minute, counts)
        if self._asked:
            self._asked = False
            self._untold += self._introduction()
        elif self._has_to_say():
            self._untold.append(self._how_it_stands())
        if len(self._untold) > _MOST_UNTOLD:
            self._untold, self._asked = [], True
        if self._untold:
            self._bell.set()

    def _introduction(self) -> list[str]:
        """All that others may want to know; nothing of one who only listens."""
        if self._report is None:
            return []
        return [*self._teller.hour(self._lately.hour(self._source)), self._how_it_stands()]

    def _has_to_say(self) -> bool:
        if self._report is None:
            return False
        silent = trio.current_time() - self._said_at
        return silent >= _SAY_AT_LEAST_EVERY_S or (silent >= _SAY_EVERY_S and self._report() != self._said)

    def _how_it_stands(self) -> str:
        assert self._report is not None
        self._said, self._said_at = self._report(), trio.current_time()
        return self._teller.said(self._said)

    async def _keep_in_touch(self) -> None:
        while True:
            try:
                async with self._database.listening(pulse.CHANNEL) as line:
                    await self._talk(line)
                    self._last_word.set()
                    return
            except DatabaseThreadDead:
                raise
            except DatabaseUnavailable as error:
                _log.info("the processes cannot tell each other what they count", reason=str(error))
            await trio.sleep(_PAUSE_S)

    async def _talk(self, line: Line) -> None:
        """Until this process stops, which the others hear. Raises DatabaseUnavailable."""
        self._telling.clear()
        self._untold = [self._teller.ask(), *self._introduction()]
        self._bell.set()
        self.connected = True
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hear, line)
                await self._tell(line)
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            if group.split(DatabaseUnavailable)[1] is not None:
                raise
            raise group.exceptions[0] from None  # both halves have lost the same connection
        finally:
            self.connected = False
            self.outages += not self._stopping

    async def _tell(self, line: Line) -> None:
        while True:
            await self._bell.wait()
            self._bell = trio.Event()
            untold, self._untold = self._untold, []
            for start in range(0, len(untold), _AT_ONCE):
                await line.run(pulse.tell, untold[start : start + _AT_ONCE])
            if self._stopping:
                if self._report is not None:
                    await line.run(pulse.tell, [self._teller.ended()])
                return

    async def _hear(self, line: Line) -> None:
        while True:
            for payload in await line.wait():
                message = heard(payload)
                if message is not None and message.source != self._source:
                    self._take(message)
            if line.lost():
                self._telling.clear()
                self._untold.append(self._teller.ask())
                self._bell.set()

    def _take(self, message: Message) -> None:
        source = message.source
        match message:
            case Counted(part=False):
                self._add(source, min(message.minute, self.minute), message.counts)
            case Counted():
                if source in self._telling:
                    self._telling[source].add(message.minute, message.counts)
            case Anew():
                self._telling[source] = Hour()
            case Whole():
                hour = self._telling.pop(source, None)
                if hour is not None and self._lately.replace(source, hour):
                    self._summary = None
                    self.audience.tell(News(self.minute, None))
            case Ask():
                self._asked = True
            case Said():
                self._processes.said(source, message.report, trio.current_time())
            case Ended():
                self._processes.ended(source)

    def _add(self, source: str, minute: int, counts: Counts) -> None:
        self._lately.add(source, minute, counts)
        self._summary = None
        self.audience.tell(News(minute, counts))
