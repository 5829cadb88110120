"""A service that does nothing but keep an embedded PostgreSQL, for tests that kill, signal or run it as somebody else.

python embedded_service.py DIRECTORY      prints `ready POSTMASTER_PID`, ends in order on SIGINT and SIGTERM
python embedded_service.py DIRECTORY SQL  runs the SQL with psql, prints its answer and ends
"""

import signal
import subprocess
import sys
from pathlib import Path

import trio

from storage.embedded import EmbeddedError, binaries, client_environment, embedded_postgres


async def main(directory: Path, sql: str | None) -> None:
    async with embedded_postgres(directory, report=lambda text: print("report:", text, flush=True)) as address:
        if sql is not None:
            command = [str(binaries() / "psql"), "-XAt", "-c", sql]
            subprocess.run(command, env=client_environment(address), check=True)
            return
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            pid = (directory / "cluster" / "postmaster.pid").read_text().split()[0]
            print("ready", pid, flush=True)
            async for _ in signals:
                break


if __name__ == "__main__":
    try:
        trio.run(main, Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    except EmbeddedError as error:
        sys.exit(str(error))
