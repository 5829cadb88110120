"""One client of the beacon listener: what it sent, what it is waiting for, what it has yet to take.

No task and no timer belongs to it. The listener calls `readable` and `writable` when the socket is, ingest calls
back when an event is on disk, and once a second the listener asks `too_late`. Nothing here waits.
"""

import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from time import perf_counter
from typing import Final, Protocol

from actors.histogram import Histogram
from actors.ledger import Reason
from actors.messages import Submission
from server.beacon.reading import CLOSES, Reading
from server.events import TOO_SLOW, Events, Request
from server.probes import Probe
from server.problems import Answer

READ_BYTES: Final = 16_384  # one read takes a beacon whole, or some fifty that were sent in a row
_MOST_TURNS: Final = 128  # requests of one client under way; with more it is not read from until some are answered
_MOST_LINGERED: Final = 1 << 20  # bytes read from a client that was refused, so that it gets to read why
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Phase(Enum):
    """What the connection waits for; the listener has a patience for each."""

    IDLE = "idle"  # the next request
    HEAD = "head"  # the rest of a request's head
    BODY = "body"  # the rest of its body
    WORK = "work"  # the disk; bounded by ingest, not by time
    WRITE = "write"  # the client to read its answers
    LINGER = "linger"  # the client to read its last answer, and to close


class Door(Protocol):
    """What a connection needs of the listener."""

    events: Events
    date: bytes  # the Date header line
    time: float  # seconds; moves once a second
    probes: Mapping[str, Probe]  # what else it answers, by path
    took: Histogram  # seconds from a request to its answer

    def watch(self, connection: "Connection", *, reading: bool, writing: bool) -> None: ...
    def moved(self, connection: "Connection") -> None: ...
    def forget(self, connection: "Connection") -> None: ...


class _Turn:
    """One request and its answer, which is there or will be."""

    __slots__ = ("afterwards", "answer", "began", "connection", "request")

    def __init__(self, connection: "Connection", request: Request, afterwards: bytes, began: float) -> None:
        self.connection = connection
        self.request = request
        self.afterwards = afterwards  # of server/beacon/reading.py
        self.began = began  # by perf_counter
        self.answer: Answer | None = None

    def settled(self, submission: Submission) -> None:
        """Called by ingest."""
        door = self.connection.door
        self.answer = door.events.outcome(self.request, submission.refused)
        door.took.observe(perf_counter() - self.began)
        self.connection.flush()


class Connection:
    """`sock` is connected and non-blocking, and is closed by `close`."""

    __slots__ = (
        "_asked",
        "_closing",
        "_draining",
        "_lingered",
        "_out",
        "_reading",
        "_turns",
        "_watched",
        "door",
        "open",
        "owed",
        "phase",
        "since",
        "sock",
    )

    def __init__(
        self, sock: socket.socket, peer: str | None, door: Door, header_bytes: int, *, owed: bool, draining: bool
    ) -> None:
        """`owed`: a proxy's, which closes it itself. `draining`: the listener stops, the next request is the last."""
        self.sock = sock
        self.door = door
        self.owed = owed
        self.open = True
        self.phase = Phase.IDLE
        self.since = door.time  # when the phase began
        self._reading = Reading(peer, header_bytes)
        self._turns: deque[_Turn] = deque()  # in the order of the requests
        self._out = b""  # rendered, but not yet taken by the client
        self._closing = False  # nothing more is read as a request; the connection ends once all is answered
        self._draining = draining
        self._lingered: int | None = None  # bytes read since we ended it while the client may still be sending
        self._watched = (True, False)
        self._asked = False  # something was, since it last was idle

    def readable(self) -> None:
        """The socket has something, or has ended."""
        try:
            data = self.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()  # reset
            return
        if self._closing:
            self._discard(data)
            return
        if data:
            self._take(data)
        else:
            self._closing = True  # a client that closed its sending half has nothing more to ask, but may listen
        self.flush()

    def writable(self) -> None:
        """The socket takes bytes again."""
        self.flush()

    def flush(self) -> None:
        """Send what can be answered, in order, and see what the connection waits for next."""
        if not self.open:
            return
        turns = self._turns
        while turns and (answer := turns[0].answer) is not None:
            turn = turns.popleft()
            self._out += self._rendered(answer, turn.afterwards, head_only=turn.request.method == "HEAD")
        if self._reading.wants_continue and not turns and not self._closing:
            self._reading.wants_continue = False
            self._out += _CONTINUE
        if self._out and not self._send():
            return
        if self._closing and not turns and not self._out:
            self._end()
        else:
            self._settle_down()

    def drain(self, *, at_once: bool = False) -> None:
        """The listener stops: answer what is under way or has already come, take nothing after it.

        One that is owed may be used once more, or be closed by its proxy, unless it is to end `at_once`.
        """
        stays = self.owed and not at_once
        if self.phase is Phase.IDLE and not stays:
            self.readable()
            if self.open and self.phase is Phase.IDLE:
                self.close()
        self._draining = True
        if self.open and self.phase in (Phase.WORK, Phase.WRITE) and (self._turns or not stays):
            self._closing = True
            self._lingered = 0
            if self._turns:
                self._turns[-1].afterwards = CLOSES
            self._watch(reading=False)

    def too_late(self) -> None:
        """Its patience is over: say so to a client that was slow in sending, and close."""
        if self.phase in (Phase.HEAD, Phase.BODY):
            refusal = self.door.events.unreadable(Reason.SLOW, TOO_SLOW)
            with suppress(OSError):
                self.sock.send(self._rendered(refusal, CLOSES))
        self.close()

    def close(self) -> None:
        """At once. Events under way are counted all the same."""
        if self.open:
            self.open = False
            self.door.forget(self)
            self.sock.close()

    def _take(self, data: bytes) -> None:
        """Hand in every request that is now complete before the first is answered: they share one fsync."""
        reading = self._reading
        reading.feed(data)
        door, began = self.door, perf_counter()
        for request, afterwards in reading.take():
            self._asked = True
            turn = _Turn(self, request, CLOSES if self._draining else afterwards, began)
            self._turns.append(turn)
            if probe := door.probes.get(request.path):
                turn.answer = probe(request.method)
            elif isinstance(verdict := door.events.judge(request), Submission):
                verdict.then = turn.settled
            else:
                turn.answer = verdict
                door.took.observe(perf_counter() - began)
            if turn.afterwards is CLOSES:
                self._closing = True
                return
        if reading.error is not None:
            self._refuse(reading.error.reason, reading.error.detail)

    def _refuse(self, reason: Reason, detail: str) -> None:
        turn = _Turn(self, _NOTHING, CLOSES, 0.0)
        turn.answer = self.door.events.unreadable(reason, detail)
        self._turns.append(turn)
        self._closing = True
        self._lingered = 0

    def _rendered(self, answer: Answer, afterwards: bytes, *, head_only: bool = False) -> bytes:
        head = answer.wire() + self.door.date + afterwards + b"\r\n"
        return head if head_only else head + answer.body

    def _send(self) -> bool:
        """Give the socket what it takes; False where that ended the connection."""
        try:
            sent = self.sock.send(self._out)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return False
        self._out = self._out[sent:]
        return True

    def _settle_down(self) -> None:
        phase = self._next_phase()
        if phase is not self.phase or self._asked:  # blank lines between requests ask for nothing, and win no time
            self._asked = False
            self._enter(phase)
        # Who does not take its answers is asked for nothing more: each further request would be work for nobody.
        self._watch(reading=not self._closing and not self._out and len(self._turns) < _MOST_TURNS)

    def _next_phase(self) -> Phase:
        if self._out:
            return Phase.WRITE
        if self._turns:
            return Phase.WORK
        if self._reading.in_head:
            return Phase.HEAD
        return Phase.BODY if self._reading.in_body else Phase.IDLE

    def _end(self) -> None:
        """All is answered. Where the client may still be sending, read on for a moment: a socket closed over unread
        bytes is reset, and the reset overtakes the answer.
        """
        if self._lingered is None:
            self.close()
        elif self.phase is not Phase.LINGER:
            self._enter(Phase.LINGER)
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                self.close()
            else:
                self._watch(reading=True)

    def _discard(self, data: bytes) -> None:
        self._lingered = (self._lingered or 0) + len(data)
        if not data or self._lingered > _MOST_LINGERED:
            self.close()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.since = self.door.time
        self.door.moved(self)

    def _watch(self, *, reading: bool) -> None:
        wanted = (reading, bool(self._out))
        if wanted != self._watched:
            self._watched = wanted
            self.door.watch(self, reading=reading, writing=bool(self._out))


_NOTHING: Final = Request("", "", {}, b"", None)
