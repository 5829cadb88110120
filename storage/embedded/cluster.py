"""The folder of the embedded PostgreSQL: what lies where in it, how it is made, and what it says about itself.

<directory>/cluster/       the data (PGDATA)
<directory>/socket/        the unix socket
<directory>/settings/      configuration, written anew at each start
<directory>/postgres.log   PostgreSQL's own words, bounded; postgres.log.1 is the part before
<directory>/lock           held by the service that uses the folder
"""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.embedded.account import ROOT, Account
from storage.embedded.error import EmbeddedError
from storage.embedded.settings import DATABASE, SUPERUSER
from storage.embedded.wheel import MAJOR_VERSION

LOG_LIMIT_BYTES = 4 * 1024 * 1024

_COMPLAINT = re.compile(r"(?:FATAL|PANIC|error):\s+(.+)")
# What a client was told during start or stop, not why PostgreSQL ended.
_NO_COMPLAINT = re.compile(r"the database system is|terminating connection|program \"postgres\" was found")


@dataclass(frozen=True)
class PidFile:
    """What postmaster.pid tells: the postmaster's pid, its start (Unix time, s) and its status.

    The status is "starting", "ready", "stopping", or "" while it is not yet told.
    """

    pid: int
    started: int
    status: str


@dataclass(frozen=True)
class Layout:
    """The paths beneath one `directory`, which is absolute and without symbolic links."""

    directory: Path

    @property
    def cluster(self) -> Path:
        return self.directory / "cluster"

    @property
    def socket(self) -> Path:
        return self.directory / "socket"

    @property
    def settings(self) -> Path:
        return self.directory / "settings"

    @property
    def log(self) -> Path:
        return self.directory / "postgres.log"

    @property
    def lock(self) -> Path:
        return self.directory / "lock"

    def keep_owner(self, path: Path) -> None:
        """As root, give a file made in the folder to the folder's owner, who may run the next start."""
        if os.geteuid() == ROOT:
            owner = self.directory.stat()
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)

    def marker(self) -> str:
        """A word for PostgreSQL's command line by which its processes are told from those of other clusters."""
        status = self.directory.stat()
        return f"tonearm-{status.st_dev}-{status.st_ino}"

    def has_cluster(self) -> bool:
        """Whether there is data. Raises EmbeddedError for data that this PostgreSQL cannot read."""
        if not self.cluster.is_dir() or not any(self.cluster.iterdir()):
            return False
        try:
            version = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise EmbeddedError(
                f"The folder {self.cluster} holds files, but no PostgreSQL database (PG_VERSION is missing):"
                " restore it from a backup, or move it away to start with an empty one."
            ) from None
        if version != MAJOR_VERSION:
            raise EmbeddedError(
                f"The database in {self.cluster} was made by PostgreSQL {version}, this is PostgreSQL {MAJOR_VERSION}:"
                " dump it with the Tonearm that made it and load the dump into a fresh data directory."
            )
        return True

    def pid_file(self) -> PidFile | None:
        """The content of postmaster.pid; None where there is none or it is not yet complete."""
        with suppress(OSError, ValueError, IndexError):
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return PidFile(int(lines[0]), int(lines[2]), lines[7].strip() if len(lines) > 7 else "")
        return None

    def hand_over(self, account: Account) -> None:
        """Make the folders that PostgreSQL writes to and give them to `account`, as far as we may and must."""
        self.socket.mkdir(exist_ok=True)
        self.socket.chmod(0o700)
        if os.geteuid() != ROOT:
            return
        # Root's service keeps the folder itself; PostgreSQL's account may only pass through.
        self.directory.chmod(0o711)
        os.chown(self.socket, account.uid, account.gid, follow_symlinks=False)
        if self.cluster.exists() and self.cluster.stat().st_uid == ROOT:  # a copy made by root, such as a restore
            _give_tree(self.cluster, account)

    def new_work_folder(self, account: Account) -> Path:
        """An empty folder of `account` beside the cluster, for initdb; leftovers of earlier ones are removed."""
        for leftover in self.directory.glob("cluster.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # A fresh name, apart from an initdb that a killed service may have left running for a moment.
        work = Path(tempfile.mkdtemp(prefix="cluster.new-", dir=self.directory))
        if os.geteuid() == ROOT:
            os.chown(work, account.uid, account.gid, follow_symlinks=False)
        return work

    def adopt(self, work: Path) -> None:
        """Make the finished `work` folder the cluster, durably and at once."""
        work.replace(self.cluster)
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def initdb_command(program: str, work: str) -> list[str]:
    """The command that makes a cluster in the empty folder `work`.

    The builtin C.UTF-8 sorts by code point the same on every system, so no update of a C library spoils an index.
    """
    return [
        program,
        f"--pgdata={work}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--auth=peer",
        "--no-instructions",
    ]


def create_database_command(program: str, work: str) -> list[str]:
    """The command that creates our database in a cluster nobody runs, from `CREATE_DATABASE` on its input."""
    # Without exit_on_error a single-user PostgreSQL ends well whatever happened.
    return [program, "--single", "-D", work, "-c", "exit_on_error=on", "template1"]


CREATE_DATABASE = f"CREATE DATABASE {DATABASE}\n"


class BoundedLog:
    """The file PostgreSQL's programs write their standard error to; at most about two times `LOG_LIMIT_BYTES`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.path = layout.log

    def open(self) -> int:
        """A descriptor for a child process. Appending, so that cutting the file under it leaves no hole."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        self._layout.keep_owner(self.path)
        return descriptor

    def size(self) -> int:
        """In bytes; 0 where there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    def trim(self) -> None:
        """Where it has grown past its limit, keep it as `postgres.log.1` and go on with an empty one."""
        if self.size() <= LOG_LIMIT_BYTES:
            return
        previous = self.path.with_name(self.path.name + ".1")
        previous.unlink(missing_ok=True)
        with self.path.open("rb") as source, previous.open("xb") as target:
            previous.chmod(0o600)
            source.seek(-LOG_LIMIT_BYTES, os.SEEK_END)
            shutil.copyfileobj(source, target)
        os.truncate(self.path, 0)

    def complaint_since(self, offset: int) -> str | None:
        """The last reason for an end that was written after `offset` bytes; None where there is none."""
        with self.path.open("rb") as log:
            log.seek(min(offset, self.size()))
            lines = log.read(LOG_LIMIT_BYTES).decode(errors="replace").splitlines()
        found = [match[1] for line in lines if (match := _COMPLAINT.search(line)) and not _NO_COMPLAINT.search(line)]
        return found[-1].strip().rstrip(".") if found else None


def _give_tree(root: Path, account: Account) -> None:
    for folder, folders, files in os.walk(root):
        for name in (".", *folders, *files):
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
