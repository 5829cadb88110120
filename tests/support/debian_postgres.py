"""A cluster of the PostgreSQL that Debian packages, as an ordinary account runs it."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.support.proxy import free_ports

PASSWORD = "pässword / with: marks@"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
NOT_INSTALLED = "Debian's PostgreSQL is not installed (apt-get install postgresql)"


@dataclass(frozen=True)
class DebianPostgres:
    folder: Path
    port: int

    def by_socket(self, database: str) -> str:
        where = f"host={quote(str(self.folder))}&port={self.port}"
        return f"postgresql://tonearm:{quote(PASSWORD, safe='')}@/{database}?{where}"

    def by_tcp(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://tonearm:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        command = ["psql", "-XAtc", f"CREATE DATABASE {name}", self.by_tcp("postgres")]
        subprocess.run([PROGRAMS[-1] / command[0], *command[1:]], check=True, capture_output=True, timeout=60)
        return name


def account() -> str:
    """Who may run PostgreSQL: it refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def run(folder: Path, *command: str | Path) -> None:
    """Run one of the programs as `account()`; what it says is in the failure."""
    done = subprocess.run(
        command,
        cwd=folder,
        user=account() if os.geteuid() == 0 else None,
        group=pwd.getpwnam(account()).pw_gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


@contextmanager
def debian_postgres() -> Iterator[DebianPostgres]:
    """A cluster of its own, beside whatever the package may have made; passwords are asked for everywhere."""
    programs = PROGRAMS[-1]
    # Not in pytest's folder, which only its owner may pass; and short, for the socket's name.
    with tempfile.TemporaryDirectory(prefix="tonearm-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(account()).pw_uid, -1)
        else:
            folder.chmod(0o700)
        secret = folder / "password"
        secret.write_text(PASSWORD, "utf-8")
        secret.chmod(0o644)
        [port] = free_ports(1)
        server = DebianPostgres(folder, port)
        cluster = folder / "cluster"
        initdb: list[str | Path] = [programs / "initdb", "-D", cluster, "-U", "tonearm", "-E", "UTF8", "--no-sync"]
        run(folder, *initdb, "--auth=scram-sha-256", f"--pwfile={secret}")
        options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run(folder, programs / "pg_ctl", "-D", cluster, "-w", "-o", options, "-l", folder / "log", "start")
        try:
            folder.chmod(0o755)  # so that the service may pass to the socket
            yield server
        finally:
            run(folder, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
