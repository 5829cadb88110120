"""One long-lived node for all tests of this folder."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.unit.tracker.tracker_node import Node
from tracker.node import node_binary

HARNESS: Final = Path(__file__).parent / "harness.mjs"


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    with subprocess.Popen(
        [node_binary(), HARNESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield Node(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
