"""Which processes run on a cluster, told by what they are and where they work, never by a pid on file alone.

A pid in postmaster.pid may by now be anybody's: after a reboot, and in a container nearly always.
"""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from storage.embedded.cluster import Layout

PROC = Path("/proc")


def running_on(layout: Layout) -> set[int]:
    """The pids of the PostgreSQL processes, postmaster and others, that work on this cluster."""
    if not (PROC / "self" / "comm").exists():
        return _running_by_ps(layout)
    try:
        cluster = layout.cluster.stat()
    except FileNotFoundError:
        return set()
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())
    return {pid for pid in pids if _works_on(PROC / str(pid), cluster, layout.marker())}


def postmaster_of(layout: Layout, pids: set[int]) -> int | None:
    """The one of `pids` that is the postmaster; None where only orphans of it are left."""
    pid_file = layout.pid_file()
    return pid_file.pid if pid_file is not None and pid_file.pid in pids else None


def signal_them(layout: Layout, pids: set[int], number: signal.Signals) -> None:
    """Send the signal: to the postmaster alone where there is one, since it passes the order on, else to all.

    Orphans get no SIGINT, which means other things to them; they notice by themselves that they are alone.
    """
    postmaster = postmaster_of(layout, pids)
    if postmaster is not None and number != signal.SIGKILL:
        pids = {postmaster}
    elif number == signal.SIGINT:
        return
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def remove_stale_pid_file(layout: Layout) -> None:
    """Remove a postmaster.pid whose pid now belongs to a stranger, which PostgreSQL would take for a postmaster.

    Call it only with the lock of the folder held and nothing running on the cluster. A pid that is nobody's is left
    to PostgreSQL, which then also looks at the shared memory the file names.
    """
    pid_file = layout.pid_file()
    if pid_file is None or not _alive(pid_file.pid):
        return
    (layout.cluster / "postmaster.pid").unlink(missing_ok=True)


def _works_on(process: Path, cluster: os.stat_result, marker: str) -> bool:
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return False
        working_folder = (process / "cwd").stat()
    except PermissionError:  # root without CAP_SYS_PTRACE, as in a container
        with suppress(OSError):
            return marker.encode() in (process / "cmdline").read_bytes()
        return False
    except OSError:  # ended meanwhile
        return False
    # Device and inode, because in a private view the same folder has another name.
    return (working_folder.st_dev, working_folder.st_ino) == (cluster.st_dev, cluster.st_ino)


def _running_by_ps(layout: Layout) -> set[int]:
    """Where there is no /proc: the postmaster only."""
    pid_file = layout.pid_file()
    if pid_file is None:
        return set()
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid_file.pid)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed program
    return {pid_file.pid} if layout.marker() in result.stdout else set()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
