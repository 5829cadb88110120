"""Becomes one of PostgreSQL's programs: takes its view of the file system, its account, its death signal, and execs.

Run by path as `python -I -S launch.py JSON`, so it imports the standard library only. A program of its own
rather than a `preexec_fn`, which may deadlock in a process with threads, and the service has threads.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from dataclasses import asdict, dataclass

# Exit statuses of ours, outside of those PostgreSQL's programs use (0 to 3).
NAMESPACE_REFUSED = 71
NOT_LAUNCHED = 72

_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = (
    1,
    2,
    4,
    32,
    4096,
    16384,
    1 << 19,
)
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38


@dataclass(frozen=True)
class Launch:
    """One program to become.

    `parent` is the pid of the service, `death_signal` what the kernel sends the program when the service dies.
    `account` is (uid, gid) to change to, or None to stay. `stage` is an existing folder to cover with an empty
    file system in a private mount namespace, or None for the plain view; `binds` are then (source, name beneath
    the stage, writable), in that order.
    """

    argv: list[str]
    environment: dict[str, str]
    parent: int
    death_signal: int
    account: tuple[int, int] | None = None
    stage: str | None = None
    binds: tuple[tuple[str, str, bool], ...] = ()

    def to_json(self) -> str:
        """The text to hand to this file as its one argument."""
        return json.dumps(asdict(self))


def main() -> None:
    """Read the launch from the command line and become its program; on failure say why and exit."""
    launch = Launch(**json.loads(sys.argv[1]))
    if launch.stage is not None:
        try:
            _enter_private_view(launch.stage, launch.binds)
        except OSError as error:
            _give_up(NAMESPACE_REFUSED, f"no private mount namespace: {error}")
    try:
        _become(launch)
    except OSError as error:
        _give_up(NOT_LAUNCHED, f"cannot run {launch.argv[0]}: {error.strerror}")


def _become(launch: Launch) -> None:
    if launch.account is not None:
        uid, gid = launch.account
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    # A core file would hold rows and parameters.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    os.chdir("/")
    if sys.platform == "linux":
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        # Last, since the kernel clears it when the uid changes.
        _prctl(_PR_SET_PDEATHSIG, launch.death_signal)
    if os.getppid() != launch.parent:  # the service died before the signal was set, so it will not come
        sys.exit(NOT_LAUNCHED)
    os.execve(launch.argv[0], launch.argv, launch.environment)  # noqa: S606  # no shell is wanted


def _enter_private_view(stage: str, binds: tuple[tuple[str, str, bool], ...]) -> None:
    """Show the sources beneath `stage`, to this process and its children alone."""
    _check("unshare", _libc().unshare(_CLONE_NEWNS))
    # Without this the mounts below would show up for the whole machine. A slave rather than private, so that a disk
    # the machine unmounts later is not kept busy here.
    _mount("none", "/", None, _MS_REC | _MS_SLAVE)
    # Opened before the stage is covered, because a source may lie beneath it, and after the unshare, because the
    # kernel binds only from the caller's own namespace.
    sources = [os.open(source, os.O_PATH) for source, _, _ in binds]
    _mount("tmpfs", stage, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
    for descriptor, (_, name, writable) in zip(sources, binds, strict=True):
        target = os.path.join(stage, name)  # noqa: PTH118  # pathlib would double this program's start time
        os.makedirs(target, 0o755)  # noqa: PTH103
        _mount(f"/proc/self/fd/{descriptor}", target, None, _MS_BIND | _MS_REC)
        flags = _MS_NOSUID | _MS_NODEV | (0 if writable else _MS_RDONLY)
        _mount("none", target, None, _MS_REMOUNT | _MS_BIND | flags)
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    arguments = [None if text is None else text.encode() for text in (source, target, kind, data)]
    source_bytes, target_bytes, kind_bytes, data_bytes = arguments
    flag_word = ctypes.c_ulong(flags)
    _check(f"mount {target}", _libc().mount(source_bytes, target_bytes, kind_bytes, flag_word, data_bytes))


def _prctl(option: int, value: int) -> None:
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    _check("prctl", _libc().prctl(option, *words))


def _give_up(status: int, reason: str) -> None:
    # In the form of PostgreSQL's own complaints, so that one reader of the log finds both.
    print(f"launch: FATAL:  {reason}", file=sys.stderr)  # noqa: T201  # stderr is the database's log here
    sys.exit(status)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a stop during the launch ends it without a traceback in the log
    main()
