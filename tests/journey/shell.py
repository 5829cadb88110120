"""One shell session, into which blocks of commands are typed one after the other."""

import os
import selectors
import subprocess
import time
from typing import Final

BLOCK_S: Final = 400  # seventy packages over a slow line
_END: Final = "-- the end of a block --"


class CommandFailed(AssertionError):
    """A command of a block ended with another exit code than 0."""


class Shell:
    """bash, which ends where a command fails. Nobody types: what asks, hears the end of its input."""

    def __init__(self, words: list[str]) -> None:
        self._bash = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._type("set -e -o pipefail; cd\n")

    def run(self, block: str) -> str:
        """What it prints.

        Raises:
            CommandFailed: with what it printed until then.
        """
        self._type(f"eval {_quoted(block)} </dev/null\necho; echo '{_END}'\n")
        printed = self._read()
        if not printed.endswith(f"\n{_END}\n"):
            raise CommandFailed(f"{block}\n--- printed, and then failed:\n{printed}")
        return printed.removesuffix(f"\n{_END}\n")

    def _type(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text.encode())
        self._bash.stdin.flush()

    def _read(self) -> str:
        assert self._bash.stdout is not None
        printed = b""
        deadline = time.monotonic() + BLOCK_S
        with selectors.DefaultSelector() as ready:
            ready.register(self._bash.stdout, selectors.EVENT_READ)
            while not printed.endswith(f"\n{_END}\n".encode()):
                if not ready.select(max(0, deadline - time.monotonic())):
                    raise CommandFailed(f"not done after {BLOCK_S} s:\n{printed.decode()}")
                piece = os.read(self._bash.stdout.fileno(), 65536)
                if not piece:
                    break
                printed += piece
        return printed.decode()

    def close(self) -> None:
        self._bash.kill()
        self._bash.communicate()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
