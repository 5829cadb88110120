"""A terminal in which a page's commands are typed: one shell, so that what a block exports is there for the next."""

import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storage.embedded import binaries
from tests.support.service import TONEARM, Service

_PATIENCE_S: Final = 120
_CURLRC: Final = "fail-with-body\nsilent\nshow-error\n"  # a refusal ends the command, as a mistake of the page would


@dataclass(frozen=True)
class Shown:
    """What a block has printed."""

    stdout: str
    stderr: str


class Terminal:
    """Made by `terminal`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._count = 0
        script, ours = os.pipe()
        told, theirs = os.pipe()
        # -e and pipefail: a command that fails ends the shell. From a pipe, bash reads and runs a script line by line.
        self._shell = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", f"/dev/fd/{script}"],
            env={**environment, "HOME": str(folder), "TOLD": str(theirs)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # of a block that bash cannot read, such as one without a closing quote
            text=True,
            pass_fds=(script, theirs),
        )
        os.close(script)
        os.close(theirs)
        self._script, self._told = os.fdopen(ours, "w"), os.fdopen(told)

    def run(self, block: str, typed: str = "") -> Shown:
        """Type it; `typed` are the answers to what it asks. A command of it that fails is an AssertionError."""
        self._count += 1
        asked, out, err = (self.folder / f".{self._count}.{name}" for name in ("in", "out", "err"))
        asked.write_text(typed)
        self._script.write(f"{{\n{block}\n}} <'{asked}' >'{out}' 2>'{err}'\necho done >&$TOLD\n")
        self._script.flush()
        if not select.select([self._told], [], [], _PATIENCE_S)[0]:
            self._shell.kill()
        if self._told.readline() != "done\n":
            said = [path.read_text() for path in (out, err) if path.exists()]
            complained = self._shell.communicate(timeout=_PATIENCE_S)[1]
            raise AssertionError(f"{block}\nended with {self._shell.returncode}:\n{''.join(said)}{complained}")
        return Shown(out.read_text(), err.read_text())

    def close(self) -> None:
        self._script.close()
        self._told.close()
        self._shell.communicate(timeout=_PATIENCE_S)


@contextmanager
def terminal(folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """In this folder, which is its home as well. `environment` is all there is of one."""
    (folder / ".curlrc").write_text(_CURLRC)
    opened = Terminal(folder, environment)
    try:
        yield opened
    finally:
        opened.close()


def filled_in(text: str, words: Mapping[str, str]) -> str:
    """A block with what a reader would put in the place of its placeholders."""
    for placeholder, own in words.items():
        text = text.replace(placeholder, own)
    return text


def at_hand(service: Service) -> dict[str, str]:
    """What a reader's terminal has: the service's own settings, and its commands and PostgreSQL's on the path."""
    path = f"{TONEARM.parent}:{binaries()}:{os.environ['PATH']}"  # Debian's pg_dump may be of an older version
    return service.environment | {"PATH": path}
