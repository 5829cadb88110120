"""The spool: what was accepted but is not yet known to be counted, in one SQLite file (DESIGN §6).

One row per group commit, so that concurrent requests share one fsync. `append` returns only after the row
is on disk. The spool does not know what its rows mean. Calls block and may come from several threads;
writing and reading have a connection and a lock each, and WAL mode keeps them out of each other's way.

What must hold on the disk: a dropped row's bytes are gone. `secure_delete` overwrites them in the database
file; the write-ahead file keeps old pages until `scrub`, which the owner calls when the spool has drained
and at least once a minute.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import uuid4

# AUTOINCREMENT: a number is never used twice. A plain INTEGER PRIMARY KEY starts at 1 again once the table
# is empty, and new events would fall below the cursor and never be counted.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batch (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    events  INTEGER NOT NULL,
    payload BLOB    NOT NULL
);
CREATE TABLE IF NOT EXISTS identity (spool_id TEXT NOT NULL);
"""
_APPEND: Final = "INSERT INTO batch (events, payload) VALUES (?, ?)"
_READ: Final = "SELECT seq, events, payload FROM batch WHERE seq > ? ORDER BY seq LIMIT ?"
_DROP: Final = "DELETE FROM batch WHERE seq <= ?"
_PENDING: Final = "SELECT coalesce(sum(events), 0), coalesce(sum(length(payload)), 0) FROM batch"
_WEIGHT: Final = _PENDING + " WHERE seq <= ?"
_LAST_SEQ: Final = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'batch'), 0)"

_GROUP_BYTES: Final = 64 * 1024  # of a busy moment; a spool that cannot take as much refuses some of what comes

# Room on the disk that new events may not take. A full checkpoint writes the write-ahead file back (1,000 pages of
# 4 KiB) and a drop first overwrites a whole batch in it; without room for both, a spool that has taken the last
# byte itself could neither shrink nor go on, and no room would ever come back.
_RESERVE_BYTES: Final = 16 * 1024 * 1024

_SHRINK_ABOVE_PAGES: Final = 256  # an empty spool that an outage made larger than this gives its room back

_READ_ROWS: Final = 256  # rows looked at in one read; a row holds up to a group commit's worth of events


class SpoolError(Exception):
    """The spool cannot be opened; the sentence says what to mend."""


class SpoolUnavailable(Exception):
    """Nothing was written: the bound is reached or the disk refuses. The next append may succeed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group commit: its number, how many events it holds, and their encoding."""

    seq: int
    events: int
    payload: bytes


class Spool:
    """An open spool file, held by one process at a time."""

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        """`max_bytes` bounds the payloads waiting, not the file. Raises SpoolError."""
        self._path = path
        self._max_bytes = max_bytes
        self._write_lock = Lock()
        self._read_lock = Lock()
        self._lock_file = _hold(path.with_suffix(".lock"))
        with ExitStack() as opened:
            opened.callback(os.close, self._lock_file)  # given up last
            try:
                self._writer = opened.enter_context(_connected(path))
                self._writer.executescript(_SCHEMA)
                self._reader = opened.enter_context(_connected(path))
                self.spool_id = self._identity()
                self._pending_events, self._pending_bytes = self._writer.execute(_PENDING).fetchone()
            except sqlite3.Error as error:
                raise SpoolError(
                    f"The spool {path} cannot be opened ({error}). If the file is damaged, move it away: "
                    "what was waiting in it is then not counted."
                ) from error
            self._opened = opened.pop_all()
        self._dirty = True  # a crash may have left old pages in the write-ahead file
        self._owed = 0  # rows up to here are counted but could not be dropped

    def append(self, payload: bytes, events: int) -> int:
        """Write one group commit and fsync it; returns its number. Raises SpoolUnavailable, with nothing written."""
        with self._write_lock:
            self._must_take(len(payload))
            seq = self._write(_APPEND, (events, payload))
            self._pending_events += events
            self._pending_bytes += len(payload)
            self._dirty = True
            return seq

    def probe(self) -> None:
        """Raises SpoolUnavailable where a large append would do so now. Writes a byte to the disk, and no row."""
        with self._write_lock:
            self._must_take(_GROUP_BYTES)
        try:
            os.pwrite(self._lock_file, b"\n", 0)
            os.fsync(self._lock_file)
        except OSError as error:
            raise SpoolUnavailable(f"the spool's disk refuses to write: {error.strerror}") from error

    def read(self, after: int, *, max_events: int) -> list[Row]:
        """The next rows above `after`, in order, up to about `max_events` events but at least one row if any."""
        rows: list[Row] = []
        total = 0
        with self._read_lock:
            cursor = self._reader.execute(_READ, (after, _READ_ROWS))
            for seq, events, payload in cursor:
                if rows and total + events > max_events:
                    break
                rows.append(Row(seq, events, payload))
                total += events
            cursor.close()  # ends the read transaction, which would otherwise hold back a checkpoint
        return rows

    def drop_through(self, seq: int) -> None:
        """Forget every row up to and including `seq`: their events are counted.

        Raises SpoolUnavailable where the disk refuses; they go with the next drop or scrub then.
        """
        with self._write_lock:
            self._owed = seq
            self._drop()

    def scrub(self) -> None:
        """Remove what dropped rows left in the write-ahead file, and rows a drop could not. Cheap with nothing to do.

        Raises SpoolUnavailable where the disk has no room to write them back; the next try may succeed.
        """
        with self._write_lock, self._read_lock:
            if self._owed:
                self._drop()
            if self._dirty:
                try:
                    self._shrink()
                    busy, _, _ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                except sqlite3.OperationalError as error:
                    raise SpoolUnavailable(f"the spool's disk refuses to write: {error}") from error
                self._dirty = bool(busy)

    def renew_identity(self) -> None:
        """Take a new spool id, for a file that was put back from an old copy: its numbers may repeat used ones."""
        with self._write_lock:
            self.spool_id = uuid4().hex
            self._write("UPDATE identity SET spool_id = ?", (self.spool_id,))

    @property
    def last_seq(self) -> int:
        """The highest number ever given out."""
        with self._write_lock:
            return int(self._writer.execute(_LAST_SEQ).fetchone()[0])

    @property
    def pending_events(self) -> int:
        """How many accepted events are not yet known to be counted."""
        return int(self._pending_events)

    @property
    def pending_bytes(self) -> int:
        """How large their payloads are."""
        return int(self._pending_bytes)

    @property
    def max_bytes(self) -> int:
        """How large they may get."""
        return self._max_bytes

    def room(self) -> int:
        """Bytes of payloads that it could take now: what its bound leaves, or its disk where that has less."""
        return max(0, min(self._max_bytes - self.pending_bytes, self._disk_room() - _RESERVE_BYTES))

    def close(self) -> None:
        """Scrub, if the disk lets us, and close; the lock is given up last."""
        try:
            with suppress(SpoolUnavailable):  # the next start scrubs what this one left
                self.scrub()
        finally:
            self._opened.close()

    def _identity(self) -> str:
        row = self._writer.execute("SELECT spool_id FROM identity").fetchone()
        if row is None:
            row = (uuid4().hex,)
            self._writer.execute("INSERT INTO identity (spool_id) VALUES (?)", row)
        return str(row[0])

    def _drop(self) -> None:
        events, size = self._writer.execute(_WEIGHT, (self._owed,)).fetchone()
        self._write(_DROP, (self._owed,))
        self._owed = 0
        self._pending_events -= events
        self._pending_bytes -= size
        self._dirty = True

    def _shrink(self) -> None:
        """SQLite keeps the pages of dropped rows; without rows, rewriting the file costs next to nothing."""
        if not self._pending_events and self._writer.execute("PRAGMA page_count").fetchone()[0] > _SHRINK_ABOVE_PAGES:
            self._writer.execute("VACUUM")

    def _must_take(self, size: int) -> None:
        if self._pending_bytes + size > self._max_bytes:
            raise SpoolUnavailable("the spool has reached its bound; the database must catch up first")
        if self._disk_room() < _RESERVE_BYTES + size:
            raise SpoolUnavailable(f"the spool's disk has less than {_RESERVE_BYTES >> 20} MiB left")

    def _disk_room(self) -> int:
        """Bytes free on the spool's disk for this user."""
        disk = os.fstatvfs(self._lock_file)
        return disk.f_bavail * disk.f_frsize

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        """One statement, its own transaction, durable on return; returns the row number of an insert."""
        try:
            return int(self._writer.execute(statement, values).lastrowid or 0)
        except sqlite3.OperationalError as error:
            # "database or disk is full", "disk I/O error": SQLite has rolled back, so the caller may try again.
            raise SpoolUnavailable(f"the spool's disk refuses to write: {error}") from error


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # in WAL mode: one fsync of the write-ahead file per commit
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 1000")
        connection.execute("PRAGMA temp_store = MEMORY")  # nothing of the spool in another file, not even for a moment
        path.chmod(0o600)
        yield connection


def _hold(lock_path: Path) -> int:
    """An exclusive lock for as long as the returned descriptor is open: two writers would count twice."""
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolError(f"The spool's folder {lock_path.parent} is not writable: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SpoolError(
            f"Another Tonearm is running on {lock_path.parent}; stop it first, or set TONEARM_DATA_DIR."
        ) from error
    return descriptor
