"""`main`: what all processes of the service share, and then one of them, or several.

data directory, listening sockets
  └─ PostgreSQL: the embedded one, if it is ours; migrations; the demo's catalog and music
       └─ with one worker the tree itself (server/tree.py), in this process
          with several a process for each (server/supervisor.py)
"""

from dataclasses import dataclass, replace

import trio

from server import opening, sockets
from server.config import Config
from server.console import Console
from server.handover import BEACON, HTTP, Handover
from server.live import Live
from server.notify import Notify
from server.presence import Present
from server.supervisor import supervise
from server.tree import Chance, Place, run_tree


async def _say_mode(present: Present, live: Live, stop: trio.Event) -> None:
    """What a command that switches the mode waits to read; until the service stops."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_follow, present, live)
        await stop.wait()
        nursery.cancel_scope.cancel()


async def _follow(present: Present, live: Live) -> None:
    while True:
        mode, reloads = live.mode, live.reloads
        await live.taken_by_all(reloads)
        present.say(mode.value, reloads)
        await live.reloaded_since(reloads)


async def _beat(place: Place, stop: trio.Event) -> None:
    """For the supervisor itself; its workers it hears of when they end (server/watch.py)."""
    while place.beat_every_s and not stop.is_set():
        place.beat()
        with trio.move_on_after(place.beat_every_s):
            await stop.wait()


@dataclass(frozen=True, slots=True)
class Running:
    """What `main` reports once it answers requests."""

    url: str
    beacon: str


async def main(
    config: Config,
    console: Console,
    stop: trio.Event,
    live: Live,
    *,
    workers: int = 1,
    handover: Handover | None = None,
    notify: Notify | None = None,
    chance: Chance | None = None,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set. Raises `opening.CannotStart`, and whatever brought an actor down."""
    handover, notify = handover or Handover(), notify or Notify()
    opening.allow_descriptors()
    data_dir = opening.data_directory(config)
    async with (
        opening.listener(handover, HTTP, config.http.bind, "TONEARM_HTTP__BIND") as http_socket,
        opening.listener(handover, BEACON, config.beacon.bind, "TONEARM_BEACON__BIND") as beacon_socket,
        opening.address(config, data_dir, console) as address,
        opening.present(data_dir) as present,
    ):
        present.say(live.mode.value, live.reloads)  # at once: what an earlier run has left names a process that is gone
        chance = chance or Chance()
        audio = await opening.prepare(config, data_dir, address, console, chance.random_bytes)
        place = Place(data_dir, http_socket, beacon_socket, address, audio, workers=workers)
        place = replace(place, beat=notify.beat, beat_every_s=notify.beat_every_s)
        async with trio.open_nursery() as nursery:
            if workers == 1:
                await nursery.start(run_tree, config, place, stop, live, chance)
            else:
                await nursery.start(supervise, place, stop, live)
                nursery.start_soon(_beat, place, stop)
            nursery.start_soon(_say_mode, present, live, stop)
            notify.ready(f"Takes events, {workers} process{'es' if workers > 1 else ''}")
            task_status.started(Running(sockets.describe(http_socket), sockets.describe(beacon_socket)))
