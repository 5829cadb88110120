"""`tonearm serve`: the service in the foreground."""

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import trio
import typer

from server.cli.common import ConfigFile, effective, flat
from server.config import FILE_VARIABLE, Config, load
from server.console import Console
from server.live import Live
from server.main import Running, main


def serve(
    config: ConfigFile = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; rate limits are per process.")] = 1,
) -> None:
    """Run the service until Ctrl-C or SIGTERM.

    Example: TONEARM_DEMO=true tonearm serve
    """
    in_force = effective(config)
    if config is not None:
        os.environ[FILE_VARIABLE] = str(config.absolute())  # for the workers
    trio.run(partial(flat, partial(_serve, in_force, partial(load, os.environ, config), workers)))


async def _serve(config: Config, read: Callable[[], Config], workers: int) -> None:
    console = Console()
    stop = trio.Event()
    live = Live(config.privacy.mode)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(_obey, signals, stop, nursery.cancel_scope, console, lambda: live.reload(read)))
            running: Running = await nursery.start(
                partial(_main_then_cancel, config, console, stop, live, nursery.cancel_scope, workers)
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
    *,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    await main(config, console, stop, live, workers=workers, task_status=task_status)
    everything.cancel()  # nobody needs to listen for signals any more


async def _obey(
    signals: Any, stop: trio.Event, everything: trio.CancelScope, console: Console, reload: Callable[[], None]
) -> None:
    """SIGHUP reads the configuration again. Of the others the first stops in order, a second one at once; nothing
    accepted is lost either way.
    """
    has_terminal = os.isatty(0)
    async for number in signals:
        if number == signal.SIGHUP and not (has_terminal and _terminal_gone()):
            reload()
        elif stop.is_set():
            everything.cancel()
        else:
            console.say("Stopping: counting what was accepted.")
            stop.set()


def _terminal_gone() -> bool:
    """A terminal that is closed sends the same signal; who started the service in it wants it to end."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return True
    return False
