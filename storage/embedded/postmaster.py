"""Starts one PostgreSQL on a cluster and stops it; whether it should run is decided in storage/embedded/service.py."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import trio

from storage.embedded import launch
from storage.embedded.account import Account
from storage.embedded.cluster import (
    CREATE_DATABASE,
    BoundedLog,
    Layout,
    PidFile,
    create_database_command,
    initdb_command,
)
from storage.embedded.error import EmbeddedError
from storage.embedded.launch import Launch
from storage.embedded.processes import postmaster_of, remove_stale_pid_file, running_on, signal_them
from storage.embedded.settings import enforced_options
from storage.embedded.view import View, why_refused
from storage.embedded.wheel import PROGRAM_ENVIRONMENT, binaries

# A fast shutdown writes a checkpoint, which takes a while on a slow disk; an immediate one writes nothing.
FAST_STOP_S: Final = 60.0
IMMEDIATE_STOP_S: Final = 10.0
# Backends whose postmaster was killed end by themselves when they look; one in the middle of work does not look.
ORPHANS_S: Final = 5.0

_POLL_S = 0.05
_REPORT_EVERY_S = 5.0
_STILL_IN_USE = re.compile(r"pre-existing shared memory block|lock file .* already exists")


class _StillInUse(Exception):
    """Something of an earlier PostgreSQL is not yet gone."""


class Postmaster:
    """PostgreSQL on one cluster, as a child of this process in a session of its own.

    Its methods start children and therefore belong on the thread that lives as long as the service: Linux sends the
    death signal when the *thread* that forked ends.
    """

    def __init__(self, layout: Layout, account: Account, view: View, *, switch: bool, report: Callable[[str], None]):
        self._layout = layout
        self._account = account
        self._view = view
        self._switch = switch
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None
        self.log = BoundedLog(layout)

    async def start(self, timeout_s: float) -> None:
        """Clear away what an earlier one left, make the cluster if there is none, and wait until it is ready.

        Raises EmbeddedError with the reason where that does not come about within `timeout_s` of the clearing away.
        """
        await self.clear_away()
        deadline = trio.current_time() + timeout_s
        if not self._layout.has_cluster():
            await self._make_cluster(deadline)
        while True:
            self.log.trim()
            remove_stale_pid_file(self._layout)
            try:
                return await self._start_once(deadline)
            except _StillInUse as error:
                if trio.current_time() > deadline:
                    raise self._failure(str(error)) from None
            self._report("Waiting for an earlier PostgreSQL on this data to release its memory.")
            await trio.sleep(1)

    async def died(self) -> str:
        """Wait until the postmaster ends, and tell how; meanwhile keep its log within bounds."""
        assert self._process is not None
        while (status := self._process.poll()) is None:
            self.log.trim()
            # Polled: one waitpid that returns at once works on every system, and 0.2 s more of an outage is little.
            await trio.sleep(0.2)
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    async def stop(self) -> None:
        """Stop it: fast, then immediately, then by force. Not to be cancelled; call it shielded."""
        process = self._process
        if process is not None:
            for number, patience_s in ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
                await _ask_to_end(process, number, patience_s)
            if process.poll() is None:
                process.kill()
                process.wait()
        await self.clear_away()

    async def clear_away(self) -> None:
        """Stop what an earlier service left running on this cluster, and wait until it is gone."""
        layout = self._layout
        if not running_on(layout):
            return
        self._report("Waiting for the PostgreSQL of an earlier start to stop.")
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pids = running_on(layout)
            fast = number == signal.SIGINT and postmaster_of(layout, pids) is not None
            signal_them(layout, pids, number)
            patience_s = FAST_STOP_S if fast else ORPHANS_S
            if await _until(lambda: not running_on(layout), patience_s):
                return
        raise EmbeddedError(
            f"An earlier PostgreSQL on {layout.cluster} does not end, even by SIGKILL (processes"
            f" {sorted(running_on(layout))}): see what its disk is waiting for, or restart the machine."
        )

    async def _make_cluster(self, deadline: float) -> None:
        self._report("Creating the database, which happens once.")
        work = self._layout.new_work_folder(self._account)
        inside = self._view.inside(work)
        await self._run_to_end(initdb_command(self._program("initdb"), inside), "", deadline)
        create = create_database_command(self._program("postgres"), inside)
        await self._run_to_end(create, CREATE_DATABASE, deadline)
        self._layout.adopt(work)

    async def _run_to_end(self, command: list[str], text: str, deadline: float) -> None:
        """Run one of PostgreSQL's programs with `text` on its input; EmbeddedError where it fails."""
        offset = self.log.size()
        process = self._spawn(command, signal.SIGKILL, text)
        try:
            await _until(lambda: process.poll() is not None, deadline - trio.current_time())
            if process.poll() is None:
                raise self._failure("creating the database takes too long")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with the children of initdb
            process.wait()
        if process.returncode != 0:
            raise self._failure_since(offset, process.returncode)

    async def _start_once(self, deadline: float) -> None:
        offset = self.log.size()
        options = enforced_options(self._view.inside(self._layout.settings), self._layout.marker())
        command = [self._program("postgres"), "-D", self._view.inside(self._layout.cluster), *options]
        before = self._layout.pid_file()
        process = self._process = self._spawn(command, signal.SIGINT, "")
        next_report = trio.current_time() + _REPORT_EVERY_S
        while not is_ready(found := self._layout.pid_file(), before, process.pid):
            if process.poll() is not None:
                raise self._failure_since(offset, process.returncode)
            if trio.current_time() > deadline:
                with trio.CancelScope(shield=True):
                    await self.stop()
                raise self._failure("it was not ready in time")
            if trio.current_time() > next_report:
                next_report += _REPORT_EVERY_S
                status = found.status if found is not None and found.pid == process.pid else ""
                self._report(f"Waiting for PostgreSQL to be ready ({status or 'starting'}).")
            await trio.sleep(_POLL_S)

    def _program(self, name: str) -> str:
        return self._view.inside(binaries() / name)

    def _spawn(self, command: list[str], death_signal: signal.Signals, text: str) -> subprocess.Popen[bytes]:
        order = Launch(
            argv=command,
            environment=PROGRAM_ENVIRONMENT,
            parent=os.getpid(),
            death_signal=death_signal,
            account=(self._account.uid, self._account.gid) if self._switch else None,
            stage=None if self._view.stage is None else str(self._view.stage),
            binds=tuple((str(source), name, writable) for source, name, writable in self._view.binds),
        )
        launcher = str(Path(launch.__file__).resolve())
        log = self.log.open()
        try:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own file
                [sys.executable, "-I", "-S", launcher, order.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is for the service, which stops it in order
            )
        finally:
            os.close(log)
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(text.encode())
        return process

    def _failure_since(self, offset: int, status: int) -> Exception:
        if status == launch.NAMESPACE_REFUSED:
            return EmbeddedError(why_refused(self._layout.directory, self._account))
        reason = self.log.complaint_since(offset)
        if reason is not None and _STILL_IN_USE.search(reason):
            return _StillInUse(reason)
        return self._failure(reason or f"it ended with status {status} and gave no reason")

    def _failure(self, reason: str) -> EmbeddedError:
        if "No space left" in reason:
            remedy = "make room on its disk"
        elif "ermission denied" in reason:
            remedy = f"give {self._layout.directory} and all in it to the account {self._account.name}"
        else:
            remedy = "if the data is damaged, restore a backup"
        return EmbeddedError(
            f"The embedded PostgreSQL in {self._layout.directory} did not start: {reason}; {remedy}"
            f" (its log is {self._layout.log})."
        )


def is_ready(found: PidFile | None, before: PidFile | None, pid: int) -> bool:
    """Whether the pid file tells that `pid` is ready, and is not the one from `before` the start.

    That one may name the same pid: in a restarted container they come again. Its time of start then differs.
    """
    if found is None or found.pid != pid or found.status != "ready":
        return False
    return before is None or (before.pid, before.started) != (found.pid, found.started)


async def _ask_to_end(process: "subprocess.Popen[bytes]", number: signal.Signals, patience_s: float) -> None:
    """Again each second: one that is only just starting does not hear SIGINT where it began in the background."""
    deadline = trio.current_time() + patience_s
    while process.poll() is None and trio.current_time() < deadline:
        process.send_signal(number)
        await _until(lambda: process.poll() is not None, 1.0)


async def _until(condition: Callable[[], bool], patience_s: float) -> bool:
    """Wait until `condition` holds; False where it does not within `patience_s`."""
    deadline = trio.current_time() + patience_s
    while not condition():
        if trio.current_time() > deadline:
            return False
        await trio.sleep(_POLL_S)
    return True
