"""`tonearm worker`: one process of several, started by `serve --workers`, not by people."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio

from server import opening
from server.cli.common import ConfigFile, effective, flat
from server.config import Config, load
from server.live import Live
from server.supervisor import READY
from server.tree import Chance, Place, run_tree
from server.watch import end_unless_said_again, never_mind
from storage.bridge import Address


def worker(config: ConfigFile = None) -> None:
    """Started by `tonearm serve --workers`."""
    shared = json.loads(sys.stdin.buffer.readline())
    trio.run(partial(flat, partial(_work, effective(config), partial(load, os.environ, config), shared)))


async def _work(config: Config, read: Callable[[], Config], shared: dict[str, Any]) -> None:
    place = Place(
        opening.data_directory(config),
        socket.socket(fileno=shared["http"]),
        socket.socket(fileno=shared["beacon"]),
        Address(**shared["address"]),
        None if shared["audio"] is None else Path(shared["audio"]),
        shared["number"],
        shared["workers"],
        partial(end_unless_said_again, shared["beat_every_s"]),
        shared["beat_every_s"],
    )
    stop = trio.Event()
    live = Live(config.privacy.mode)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_with_supervisor, nursery.cancel_scope)
            nursery.start_soon(_obey, signals, stop, live, read)
            tree = partial(run_tree, config, place, stop, live, Chance())
            await nursery.start(_then_cancel, tree, nursery.cancel_scope)
            os.write(sys.stdout.fileno(), READY)


async def _then_cancel(tree: Any, everything: trio.CancelScope, *, task_status: trio.TaskStatus[None]) -> None:
    await tree(task_status=task_status)
    everything.cancel()


async def _obey(signals: Any, stop: trio.Event, live: Live, read: Callable[[], Config]) -> None:
    async for number in signals:
        if number == signal.SIGHUP:
            live.reload(read)
            os.write(sys.stdout.fileno(), f"{live.mode.value}\n".encode())
        else:
            never_mind()
            stop.set()


async def _end_with_supervisor(everything: trio.CancelScope) -> None:
    """At once and without draining: with the supervisor its database may be gone, and what is spooled is safe."""
    while True:
        await trio.lowlevel.wait_readable(sys.stdin.fileno())
        if not os.read(sys.stdin.fileno(), 1024):
            everything.cancel()
            return
