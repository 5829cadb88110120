"""Runs a Python program as another account, also one that can pass neither the interpreter nor the checkout."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

from storage.embedded import launch
from storage.embedded.account import Account, impassable_folder
from storage.embedded.launch import Launch

CHECKOUT = Path(__file__).resolve().parents[2]


def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def python_as(account: Account, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start the virtual environment's Python with `arguments` as `account`, in `/`; its output is in the pipes."""
    needed = [Path(sys.base_prefix), CHECKOUT, Path(sys.prefix)]
    closed = {path: folder for path in needed if (folder := impassable_folder(path, account)) is not None}
    stages = set(closed.values())
    assert len(stages) <= 1, f"more than one folder is closed to {account.name}: {stages}"
    stage = next(iter(stages), None)
    order = Launch(
        argv=[sys.executable, *map(str, arguments)],
        environment={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        parent=os.getpid(),
        death_signal=signal.SIGKILL,
        account=(account.uid, account.gid),
        stage=None if stage is None else str(stage),
        binds=tuple((str(path), str(path.relative_to(stage)), False) for path in closed) if stage else (),
    )
    command = [sys.executable, "-I", "-S", str(Path(launch.__file__)), order.to_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
