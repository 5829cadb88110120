"""Debian's PostgreSQL on a machine of a test's network, and a second one that follows it step by step."""

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.machines import page
from tests.machines.network import Host

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
PASSWORD = "let-me-in"
_SWITCH = "back"
_PATIENCE_S = 60


def account() -> str:
    """Who runs PostgreSQL, which refuses root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Server:
    """One cluster, not running yet."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self.address = host.addresses[_SWITCH]
        self.cluster = folder / host.name

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tonearm:{PASSWORD}@{self.address}/{database}"

    def make(self, network: str) -> None:
        """With passwords for everybody on `network`, also for who wants to follow."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        words = ["-U", "tonearm", "-E", "UTF8", "--no-sync", "--auth=scram-sha-256", f"--pwfile={secret}"]
        self._run("initdb", "-D", self.cluster, *words)
        rules = "".join(f"host {what} all {network} scram-sha-256\n" for what in ("all", "replication"))
        self._run_any("sh", "-c", f"printf '{rules}' >> {self.cluster}/pg_hba.conf")

    def follow(self, other: "Server") -> None:
        """A copy of the running `other`, which will follow it."""
        [line] = page.snippets("sh", "pg_basebackup")
        program, *words = shlex.split(line.replace("10.0.0.21", other.address))
        there = [str(self.cluster) if word.startswith("/") else word for word in words]
        self._run(program, *there, "-c", "fast", "--no-sync")

    def start(self, **settings: str) -> None:
        own = {"listen_addresses": self.address, "unix_socket_directories": "''", "fsync": "off"}
        words = " ".join(f"-c {name}={value}" for name, value in {**own, **settings}.items())
        log = self.folder / f"{self.host.name}.log"
        self._run("pg_ctl", "-D", self.cluster, "-w", "-o", words, "-l", log, "start")

    def wait_for(self, follower: "Server") -> None:
        """No transaction is committed from here on that `follower` does not have."""
        follower.start()
        self.ask(page.statement("synchronous_standby_names"))
        self.ask(page.statement("pg_reload_conf"))
        deadline = time.monotonic() + _PATIENCE_S
        while self.ask("SELECT sync_state FROM pg_stat_replication") != "sync":
            assert time.monotonic() < deadline, "it does not follow"
            time.sleep(0.05)

    def promote(self) -> None:
        assert "t" == self.ask(page.statement("pg_promote"))

    def ask(self, statement: str, database: str = "postgres", within_s: float = _PATIENCE_S) -> str:
        """On the machine itself; what psql prints, or raises subprocess.TimeoutExpired."""
        command: list[str | Path] = [PROGRAMS[-1] / "psql", "-XAtqc", statement, self.url(database)]
        done = subprocess.run(
            self.host.command(*command), capture_output=True, text=True, timeout=within_s, check=False
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def rows(self, statement: str, database: str) -> list[tuple[str, ...]]:
        """As psql prints them, NULL as nothing."""
        return [tuple(line.split("|")) for line in self.ask(statement, database).splitlines()]

    def kill(self) -> None:
        """The power goes: every process at once."""
        with suppress(FileNotFoundError):
            first = int((self.cluster / "postmaster.pid").read_text().split()[0])
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGSTOP)  # it starts nothing again
                children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
                for pid in [*map(int, children), first]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        with suppress(AssertionError):  # it may not run
            self._run("pg_ctl", "-D", self.cluster, "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *words: str | Path) -> None:
        self._run_any(PROGRAMS[-1] / program, *words)

    def _run_any(self, *words: str | Path) -> None:
        with tempfile.TemporaryFile() as output:  # no pipe: the server would keep it
            done = subprocess.run(
                self.host.as_user(account(), *words),
                cwd=self.folder,
                env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "PGPASSWORD": PASSWORD},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_PATIENCE_S,
            )
            output.seek(0)
            logs = [path.read_text() for path in self.folder.glob("*.log")] if done.returncode else []
            assert 0 == done.returncode, "\n".join([output.read().decode(), *logs])


@contextmanager
def folder_for_servers() -> Iterator[Path]:
    """Not in pytest's, which only its owner may pass; and with a short name, for the sockets in it."""
    path = Path(tempfile.mkdtemp(prefix="tonearm-"))
    if os.geteuid() == 0:
        os.chown(path, pwd.getpwnam(account()).pw_uid, -1)
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
