"""Ends the loop behind the bridge from inside, in a process of its own: what a dead loop leaves behind is not tidy.

python -m tests.support.dying_thread serve      `tonearm serve`, whose database thread ends at SIGUSR1
python -m tests.support.dying_thread calls URL  calls before, while and after it ends; prints how each one ended
"""

import signal
import sys
from typing import Any

import trio

from actors.retry import until_available
from server import cli
from storage import bridge
from storage.bridge import Address, Connection, Database, open_database


def end_thread_of(database: Database) -> None:
    loop = database._loop.loop
    loop.call_soon_threadsafe(loop.stop)


def serve() -> None:
    """The whole service; only the way to its latest Database is kept."""
    made = Database.__init__

    def remember(database: Database, thread: Any, pool: Any) -> None:
        made(database, thread, pool)
        signal.signal(signal.SIGUSR1, lambda *_: end_thread_of(database))

    Database.__init__ = remember  # type: ignore[method-assign, assignment]  # the service hands its Database to nobody outside
    sys.argv[1:] = ["serve"]
    cli.main()


async def calls(url: str) -> None:
    ended: list[str] = []

    async def sleep_on_server(connection: Connection) -> None:
        await connection.execute("SELECT pg_sleep(60)")

    async def ask(connection: Connection) -> None:
        await connection.fetch("SELECT 1")

    async def until_it_ends(work: Any) -> None:
        try:
            while True:
                await until_available("test", lambda: database.run(work))
        except bridge.DatabaseThreadDead as error:
            ended.append(type(error).__name__)

    with trio.fail_after(20):
        async with open_database(Address(url=url), connections=4) as database:
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(until_it_ends, ask)
                    nursery.start_soon(until_it_ends, sleep_on_server)
                await trio.sleep(0.2)  # some under way on the server, most waiting for a connection
                end_thread_of(database)
            await until_it_ends(ask)
    print(len(ended), *set(ended))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        trio.run(calls, sys.argv[2])
