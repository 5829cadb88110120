"""`python -m tests.support.keep_postgres FOLDER`: keeps an embedded PostgreSQL until standard input ends.

A process of its own, because the tests' own Trio runs come and go while this server stays.
"""

import sys
from pathlib import Path

import trio

from storage.embedded import embedded_postgres


async def main(folder: Path) -> None:
    async with embedded_postgres(folder, report=lambda sentence: None) as address:
        print(address.host, address.port, address.user, flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
