"""A command at a terminal, whose output comes while it runs; ended as a person does it, with Ctrl-C."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE_S = 60


def shown(command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path, words: Sequence[str]) -> int:
    """Runs it until all `words` were shown, then ends it; returns its exit code."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            command, env={**environment, "COLUMNS": "120"}, cwd=cwd, stdout=theirs, preexec_fn=_heed_ctrl_c
        ) as running:
            os.close(theirs)
            try:
                _read_until(ours, words)
                running.send_signal(signal.SIGINT)
                _drain(ours)
                return running.wait(_PATIENCE_S)
            finally:
                running.kill()
    finally:
        os.close(ours)


def _heed_ctrl_c() -> None:
    """Whoever started the tests in the background has them, and what they start, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read_until(terminal: int, words: Sequence[str]) -> None:
    said, deadline = "", time.monotonic() + _PATIENCE_S
    while not all(word in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said) for word in words):
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 1)[0]:
            said += _read(terminal) or _missing(said, words)


def _missing(said: str, words: Sequence[str]) -> str:
    raise AssertionError(f"it ended without showing {words}: {said}")


def _drain(terminal: int) -> None:
    """What it still writes; a terminal that nobody reads would hold it up."""
    deadline = time.monotonic() + _PATIENCE_S
    while not select.select([terminal], [], [], 1)[0] or _read(terminal):
        assert time.monotonic() < deadline, "it does not end"


def _read(terminal: int) -> str:
    """Nothing once the other side is closed, which Linux reports as an error."""
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:
        return ""
