"""Several worker processes on the same sockets, each with its own spool and actors, all with one database.

The supervisor serves nothing itself. It starts a process a worker, starts one again that ends, and passes a stop
on. A worker whose supervisor is gone sees its standard input end, and ends too.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import Final

import structlog
import trio

from server import opening
from server.live import Live
from server.tree import DRAIN_S, Place

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_WELL_AFTER_S: Final = 60.0  # one that lived this long was well: its end is a new event, not the next of a series
_STOP_S: Final = DRAIN_S + 10
READY: Final = b"ready\n"  # a worker's first line; further ones are the mode it has, after every reload

_log = structlog.get_logger(__name__)


class WorkerCannotStart(opening.CannotStart):
    """The first start of a worker failed; it has said why."""


async def supervise(
    place: Place, stop: trio.Event, live: Live, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Keep `place.workers` of them until `stop`. Raises WorkerCannotStart where one does not come up at first."""
    async with trio.open_nursery() as nursery:
        for number in range(place.workers):
            await nursery.start(_keep, place, number, stop, live)
        task_status.started()


async def _keep(
    place: Place,
    number: int,
    stop: trio.Event,
    live: Live,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    seen = live.reloads  # before the worker reads its configuration: a reload since then is passed on
    worker = await _started(place, number)
    if worker is None:
        raise WorkerCannotStart(f"Worker {number} did not start; its reason stands above.")
    task_status.started()
    pause = _FIRST_PAUSE_S
    while True:
        since = trio.current_time()
        if worker is not None:
            live.taken(number, seen)
            over = await _ended(worker, number, stop, live, seen)
            live.taken(number, None)
            if over:
                return
        if trio.current_time() - since > _WELL_AFTER_S:
            pause = _FIRST_PAUSE_S
        _log.error("a worker ended and is started again", worker=number, pause_s=pause)
        with trio.move_on_after(pause):
            await stop.wait()
            return
        pause = min(2 * pause, _LONGEST_PAUSE_S)
        seen = live.reloads
        worker = await _started(place, number)


async def _started(place: Place, number: int) -> trio.Process | None:
    """A worker that has said it is ready; None where it ended instead."""
    descriptors = (place.http_socket.fileno(), place.beacon_socket.fileno())
    shared = {
        "number": number,
        "workers": place.workers,
        "http": descriptors[0],
        "beacon": descriptors[1],
        "address": asdict(place.address),
        "audio": None if place.audio is None else str(place.audio),
        "beat_every_s": place.beat_every_s,
    }
    worker = await trio.lowlevel.open_process(
        [sys.executable, "-m", "server.cli", "worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=descriptors,
        start_new_session=True,  # Ctrl-C in a terminal is for the supervisor, which stops the workers in order
        env={**os.environ},
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        await worker.stdin.send_all(json.dumps(shared).encode() + b"\n")
        said = b""
        while not said.endswith(READY):
            more = await worker.stdout.receive_some()
            if not more:
                await worker.wait()
                return None
            said += more
    except trio.BrokenResourceError:
        await worker.wait()
        return None
    except trio.Cancelled:
        worker.kill()
        raise
    return worker


async def _ended(worker: trio.Process, number: int, stop: trio.Event, live: Live, seen: int) -> bool:
    """Wait until it ends; True where that was asked for."""
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pass_on, worker, stop)
            nursery.start_soon(_pass_on_reloads, worker, number, live, seen)
            await worker.wait()
            nursery.cancel_scope.cancel()
    except trio.Cancelled:
        worker.kill()
        raise
    return stop.is_set()


async def _pass_on_reloads(worker: trio.Process, number: int, live: Live, seen: int) -> None:
    """One at a time: two signals that come together may be one to the worker."""
    assert worker.stdout is not None
    while True:
        seen = await live.reloaded_since(seen)
        mode = live.mode
        worker.send_signal(signal.SIGHUP)
        said = b""
        while not said.endswith(b"\n"):
            more = await worker.stdout.receive_some()
            if not more:  # it has ended
                return
            said += more
        if said.split()[-1].decode() == mode.value:
            live.taken(number, seen)


async def _pass_on(worker: trio.Process, stop: trio.Event) -> None:
    await stop.wait()
    worker.terminate()
    await trio.sleep(_STOP_S)
    worker.kill()
