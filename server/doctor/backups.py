"""When the last backup was made, as far as this machine knows."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import duration, size

FOLDER: Final = Path("/var/backups/tonearm")  # of deploy/tonearm-backup.service
UNIT: Final = "tonearm-backup.service"
_NAME: Final = re.compile(r"tonearm-\d{8}T\d{6}Z\.backup")  # as deploy/backup names them
_DAY_S: Final = 86_400.0
_LATE_S: Final = 2 * _DAY_S
_VERY_LATE_S: Final = 8 * _DAY_S
_HOW: Final = "deploy/backup with deploy/tonearm-backup.timer makes one a night (docs/data.md)"


@dataclass(frozen=True, slots=True)
class Backups:
    """What is in the folder. `readable`: who asks may look into it."""

    folder: Path
    readable: bool
    newest_at: float | None  # seconds since 1970
    bytes: int = 0


def look(folder: Path) -> Backups:
    """Into the folder."""
    try:
        files = [(path.stat().st_mtime, path) for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except FileNotFoundError:
        return Backups(folder, True, None)
    except OSError:
        return Backups(folder, False, None)
    if not files:
        return Backups(folder, True, None)
    at, path = max(files)
    return Backups(folder, True, at, path.stat().st_size)


def timer_result() -> str | None:
    """How the last run of the timer's unit ended, in systemd's words; None where it did not run or nobody tells."""
    program = shutil.which("systemctl")
    if program is None or not Path("/run/systemd/system").exists():
        return None
    words = [program, "show", UNIT, "--property=Result,ExecMainExitTimestampMonotonic"]
    try:
        done = subprocess.run(  # noqa: S603  # by its whole path, with words of our own
            words, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result_of(dict(line.partition("=")[::2] for line in done.stdout.splitlines()))


def result_of(told: Mapping[str, str]) -> str | None:
    """One that has never run has the result `success` as well."""
    ran = told.get("ExecMainExitTimestampMonotonic", "0") not in ("", "0")
    return told.get("Result") if ran else None


def backups(found: Backups, result: str | None, now: float, *, embedded: bool) -> Finding:
    """Of the embedded database; one by URL is backed up where it is."""
    code = "backups"
    if result not in (None, "success"):
        return fail(
            code,
            f"The last run of {UNIT} failed ({result}).",
            f"journalctl -u {UNIT} says why; systemctl start {UNIT} tries again.",
        )
    if not found.readable:
        return unknown(
            code, f"{found.folder} may not be looked into by this account.", "Ask as root, or as the service's account."
        )
    if found.newest_at is None:
        return unknown(
            code,
            f"There is no backup in {found.folder}, and whether there is one elsewhere cannot be told."
            if embedded
            else "The database is a PostgreSQL of your own; whether it is backed up cannot be told from here.",
            f"{_HOW}; another folder is looked at with --backups FOLDER."
            if embedded
            else "docs/operate.md says which two tables pg_dump must leave out.",
        )
    ago = now - found.newest_at
    if not found.bytes:
        return fail(
            code,
            f"The newest backup in {found.folder} is empty.",
            f"Run deploy/backup {found.folder} by hand, and look at what it says.",
        )
    said = f"The newest backup in {found.folder} is {duration(max(0.0, ago))} old ({size(found.bytes)})."
    if ago > _VERY_LATE_S:
        return fail(code, said, f"See why none was made since: systemctl list-timers tonearm-backup. {_HOW}.")
    if ago > _LATE_S:
        return warn(code, said, f"See that the timer runs: systemctl list-timers tonearm-backup. {_HOW}.")
    return ok(code, said)
