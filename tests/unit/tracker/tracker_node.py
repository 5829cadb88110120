"""A node process that runs the tracker's modules, asked line by line."""

import json
import subprocess
from typing import Any


class Node:
    """`ask("shares", steps=[...])` runs a subject of harness.mjs and answers with what it answered."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, subject: str, **request: Any) -> Any:  # JSON in, JSON out
        """Raises RuntimeError if node is gone, with what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"subject": subject, **request}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            assert self._process.stderr is not None
            raise RuntimeError(f"The tracker's harness has stopped: {self._process.stderr.read()}")
        return json.loads(answer)
