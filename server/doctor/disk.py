"""The disk under the data directory: room, what kind it is, and whether it keeps what it is given."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import Final

from privacy.modes import Mode
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import count, size

MIB: Final = 1 << 20
# What stays of a million events, by docs/disk.md: the log, and the sets of listeners where the mode keeps some.
PER_MILLION: Final[Mapping[Mode, int]] = {
    Mode.ANON_ID: 276 * MIB,
    Mode.DAILY_SALT: 73 * MIB,
    Mode.BOTH: 276 * MIB,
    Mode.OFF: 73 * MIB,
}
_REFUSES_BELOW: Final = 16 * MIB  # storage/spool.py keeps so much free, and refuses events then
_WRITE_AHEAD: Final = 1024 * MIB  # max_wal_size of the embedded PostgreSQL
_REWRITTEN: Final = 2  # times the sets are there besides themselves while they are written anew (docs/operate.md)
_FEW_MONTHS: Final = 3
_FEW_INODES: Final = 1000
_SYNCS: Final = 9
# Quick drives with a cache that survives a power cut answer in some 20 µs; what needs less was not asked to be sure.
_TOO_QUICK_S: Final = 8e-6
_SLOW_S: Final = 0.05  # each group of events waits for one

_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "ocfs2", "gfs2"}
)
_NETWORK_BY_FUSE: Final = ("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.cephfs", "fuse.smbnetfs")
_LAYER: Final = frozenset({"overlay", "aufs"})


@dataclass(frozen=True, slots=True)
class Room:
    """Of a file system, for who is not root; `inodes` 0: it does not count them."""

    free: int  # bytes
    inodes: int
    inodes_free: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What the database says of itself."""

    events: int  # of the last 30 days
    sets: int  # bytes of the listener sets
    mode: Mode

    @property
    def monthly(self) -> int:
        """Bytes."""
        return self.events * PER_MILLION[self.mode] // 1_000_000


def room(folder: Path) -> Room:
    """Raises OSError."""
    found = os.statvfs(folder)
    return Room(found.f_bavail * found.f_frsize, found.f_files, found.f_favail)


def filesystem(folder: Path) -> str:
    """The kind under `folder`, as the kernel names it; nothing where nobody tells."""
    try:
        mounts = list(_mounts(Path("/proc/self/mountinfo").read_text(errors="surrogateescape")))
    except OSError:
        return ""
    inside = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(inside, key=lambda one: len(one[0].parts), default=(folder, ""))[1] if inside else ""


def _mounts(text: str) -> Iterator[tuple[Path, str]]:
    """(where, kind), the last of several on one place first: that is the one to be seen."""
    for line in reversed(text.splitlines()):
        before, _, behind = line.partition(" - ")
        place = before.split()[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        yield Path(place), behind.split()[0]


def sync_seconds(folder: Path) -> float | None:
    """How long a small write takes to be on the disk, about; None where none can be made."""
    took = []
    try:
        with TemporaryFile(dir=folder, prefix=".doctor-", buffering=0) as file:
            for _ in range(_SYNCS):
                file.write(b"\0" * 4096)
                began = time.perf_counter()
                os.fsync(file.fileno())
                took.append(time.perf_counter() - began)
    except OSError:
        return None
    return median(took)


def disk_space(found: Room | None, spool_bytes: int, growth: Growth | None, *, embedded: bool) -> Finding:
    """`spool_bytes`: what the spools of all workers may still take. `growth` None: the database cannot be asked."""
    code = "disk-space"
    if found is None:
        return unknown(code, "There is no data directory whose disk could be looked at.", "See `data-dir`.")
    free = size(found.free)
    if found.free <= 2 * _REFUSES_BELOW:
        return fail(
            code,
            f"{free} are free: events are refused when {size(_REFUSES_BELOW)} are left.",
            "Make room on that disk at once, or move the data directory to a larger one.",
        )
    needed = spool_bytes
    if embedded:
        needed += _WRITE_AHEAD + (_REWRITTEN * growth.sets if growth else 0)
    if found.free < needed:
        return warn(
            code,
            f"{free} are free, and what waits for a database that is away"
            f"{', and what the database needs for a moment,' if embedded else ''} may take {size(needed)}.",
            "Make room, or set [spool] max_mib lower.",
        )
    if embedded and growth is not None and growth.monthly * _FEW_MONTHS > found.free - needed:
        months = (found.free - needed) / growth.monthly
        return warn(
            code,
            f"{free} are free. At the pace of the last 30 days ({count(growth.events, 'event')}) the database grows by "
            f"{size(growth.monthly)} a month, so that lasts for {months:.1f} months.",
            "Make room, or keep the log for a time only: [retention] log_months (docs/data-life.md).",
        )
    grows = ""
    if embedded and growth and growth.events:
        grows = f", and the database grows by about {size(growth.monthly)} a month"
    return ok(code, f"{free} are free; {size(needed)} may be needed at once{grows}.")


def disk_inodes(found: Room | None) -> Finding:
    """A disk can be full of names."""
    code = "disk-inodes"
    if found is None:
        return unknown(code, "There is no data directory whose disk could be looked at.", "See `data-dir`.")
    if not found.inodes:
        return ok(code, "This file system has no bound for the number of files.")
    mend = "Remove files that nobody needs on that disk: `df -i` shows which disks are full of them."
    if found.inodes_free < _FEW_INODES:
        return fail(code, f"{count(found.inodes_free, 'more file')} can be made on that disk.", mend)
    if found.inodes_free < found.inodes // 50:
        return warn(code, f"{found.inodes_free / found.inodes:.1%} of the files that disk can have are left.", mend)
    return ok(code, f"{found.inodes_free:,} more files can be made.")


def disk_filesystem(kind: str) -> Finding:
    """`kind` as `filesystem` tells it."""
    code = "disk-filesystem"
    if not kind:
        return unknown(
            code, "On which file system the data directory lies cannot be told.", "Look with: df -T, and its folder."
        )
    if kind in _MEMORY:
        return fail(
            code,
            f"The data directory is in memory ({kind}): what was accepted is gone with the next restart.",
            "Move the data directory to a disk.",
        )
    if kind in _NETWORK or kind.startswith(_NETWORK_BY_FUSE):
        return fail(
            code,
            f"The data directory is on a network file system ({kind}), where the spool's write-ahead log does not "
            "work: events can be lost or damaged.",
            "Move the data directory to a local disk.",
        )
    if kind in _LAYER:
        return warn(
            code,
            f"The data directory is in a container's own layer ({kind}), and goes with the container.",
            "Give the container a volume, and put the data directory there, as deploy/compose.yaml does.",
        )
    if kind.startswith("fuse"):
        return warn(
            code,
            f"The data directory is on a file system made by a program ({kind}); whether it keeps what it confirms "
            "depends on that program.",
            "Move the data directory to a local disk.",
        )
    return ok(code, f"The data directory is on {kind}.")


def disk_fsync(seconds: float | None, *, there: bool) -> Finding:
    """How long a 202 waits, and a hint where that is too short to be true. `there`: the data directory is."""
    code = "disk-fsync"
    if not there:
        return unknown(code, "There is no data directory to write to.", "See `data-dir`.")
    if seconds is None:
        return fail(
            code,
            "Nothing can be written to the data directory and seen onto its disk.",
            "See `data-dir` and `spool-files`, and the system's log for errors of the disk.",
        )
    took = f"{seconds * 1e3:,.{3 if seconds < 1e-3 else 1}f} ms"
    if seconds < _TOO_QUICK_S:
        return unknown(
            code,
            f"Seeing a write onto the disk takes {took}, quicker than disks are: something confirms what it has only "
            "in memory. Whether that survives a power cut cannot be told from here.",
            "Look at the drive's write cache, and at the cache mode of a virtual machine's disk (not `unsafe`).",
        )
    if seconds > _SLOW_S:
        return warn(
            code,
            f"Seeing a write onto the disk takes {took}: each event waits as long for its answer.",
            "Use a quicker disk for the data directory, or one that others do not keep busy.",
        )
    return ok(code, f"Seeing a write onto the disk takes {took}.")


def disk_shared(same: bool | None, *, embedded: bool, elsewhere: bool) -> Finding:
    """`same`: whether an own database lies on the data directory's disk; None: nobody can tell.

    `elsewhere`: it is on another machine.
    """
    code = "disk-shared"
    if embedded:
        return ok(code, "The embedded database lies in the data directory: they share a disk by design.")
    if elsewhere:
        return ok(code, "The database is on another machine.")
    if same is None:
        return unknown(
            code,
            "Whether the database is on the data directory's disk cannot be told.",
            "Ask while the database answers, as root: which folder it has is told to its superuser and to members of "
            "pg_read_all_settings alone.",
        )
    if same:
        return warn(
            code,
            "The database is on the data directory's disk: when that is full, neither counts nor keeps what waits.",
            "Put one of them on a disk of its own, or keep the disk far from full: the spool takes up to "
            "[spool] max_mib.",
        )
    return ok(code, "Database and data directory are on different disks.")
