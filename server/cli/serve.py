"""`tonearm serve`: the service in the foreground."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import trio
import typer

from server import handover
from server.cli.common import ConfigFile, effective, flat
from server.config import FILE_VARIABLE, Config, load
from server.console import Console
from server.handover import Handover
from server.live import Live
from server.main import Running, main
from server.notify import Notify


def serve(
    config: ConfigFile = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; rate limits are per process.")] = 1,
) -> None:
    """Run the service until Ctrl-C or SIGTERM.

    SIGHUP reads the privacy mode again. SIGUSR2 starts everything anew, the program included, and refuses nobody
    meanwhile.

    Example: TONEARM_DEMO=true tonearm serve
    """
    handover.ignore_early()
    in_force = effective(config)
    handed = handover.taken(os.environ, os.getpid())
    notify = Notify.of(os.environ, os.getpid())
    if config is not None:
        os.environ[FILE_VARIABLE] = str(config.absolute())  # for the workers
    trio.run(partial(flat, partial(_serve, in_force, partial(load, os.environ, config), workers, handed, notify)))
    if handed.goes_on:
        handed.become_next(os.environ)


async def _serve(config: Config, read: Callable[[], Config], workers: int, handed: Handover, notify: Notify) -> None:
    console = Console()
    stop = trio.Event()
    live = Live(config.privacy.mode)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2) as signals:
        async with trio.open_nursery() as nursery:
            orders = _Orders(stop, nursery.cancel_scope, console, lambda: live.reload(read), handed, notify)
            nursery.start_soon(orders.obey, signals)
            running: Running = await nursery.start(
                partial(_main_then_cancel, config, console, stop, live, nursery.cancel_scope, workers, handed, notify)
            )
            console.say(f"Tonearm is ready at {running.url} and takes events at {running.beacon} as well.")
            if config.demo:
                console.say("This is its demo site; press Ctrl-C to stop.")


async def _main_then_cancel(
    config: Config,
    console: Console,
    stop: trio.Event,
    live: Live,
    everything: trio.CancelScope,
    workers: int,
    handed: Handover,
    notify: Notify,
    *,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    await main(config, console, stop, live, workers=workers, handover=handed, notify=notify, task_status=task_status)
    everything.cancel()  # nobody needs to listen for signals any more


@dataclass(frozen=True, slots=True)
class _Orders:
    """What signals tell the service."""

    stop: trio.Event
    everything: trio.CancelScope
    console: Console
    reload: Callable[[], None]
    handed: Handover
    notify: Notify

    async def obey(self, signals: AsyncIterator[int]) -> None:
        """SIGHUP reads the configuration again, SIGUSR2 has a new process follow. Of the others the first stops in
        order, a second one at once; nothing accepted is lost either way.
        """
        has_terminal = os.isatty(0)
        async for number in signals:
            if number == signal.SIGUSR2:
                await self._follow()
            elif number == signal.SIGHUP and not (has_terminal and _terminal_gone()):
                self.reload()
            elif self.handed.goes_on:
                self.handed.goes_on = False  # what was the way to a new process is a stop now
                self.notify.stopping()
                self.console.say("Stopping for good: no new process follows.")
            elif self.stop.is_set():
                self.everything.cancel()
            else:
                self.console.say("Stopping: counting what was accepted.")
                self.notify.stopping()
                self.stop.set()

    async def _follow(self) -> None:
        if self.stop.is_set():
            return
        if reason := await handover.why_not(os.environ):
            self.console.say(f"Not starting anew, what would follow does not start: {reason}")
        else:
            self.console.say("Starting anew: counting what was accepted; the sockets stay open.")
            self.notify.starting_anew()
            self.handed.goes_on = True
            self.stop.set()


def _terminal_gone() -> bool:
    """A terminal that is closed sends the same signal; who started the service in it wants it to end."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return True
    return False
