"""Asks the doctor, as a program does."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio
from pydantic import SecretStr

from server.config import Config
from server.doctor.examination import Request, examine
from server.doctor.finding import Finding
from tests.support.service import TONEARM, without_settings


@dataclass(frozen=True)
class Said:
    """What it printed, and its exit code."""

    code: int
    text: str
    document: dict[str, Any]

    def state(self, check: str) -> str:
        return str(self.check(check)["state"])

    def found(self, check: str) -> str:
        return str(self.check(check)["found"])

    def check(self, code: str) -> dict[str, Any]:
        [found] = [one for one in self.document["checks"] if one["code"] == code]
        return dict(found)

    @property
    def failing(self) -> set[str]:
        return {one["code"] for one in self.document["checks"] if one["state"] == "fail"}

    @property
    def codes(self) -> list[str]:
        return [one["code"] for one in self.document["checks"]]


def read(done: subprocess.CompletedProcess[str]) -> Said:
    assert done.stdout, done.stderr
    return Said(done.returncode, done.stdout + done.stderr, json.loads(done.stdout))


def ask(data_dir: Path, environment: Mapping[str, str] | None = None, *words: str) -> Said:
    """`tonearm doctor --json WORDS` with these settings alone, in the folder of the data directory."""
    settings = {"TONEARM_DATA_DIR": str(data_dir), **(environment or {})}
    command = [str(TONEARM), "doctor", "--json", *words]
    return read(
        subprocess.run(
            command,
            env=without_settings() | settings,
            cwd=data_dir.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    )


def examined(
    data_dir: Path, url: str = "", ahead_s: float = 0.0, public_url: str = "", **more: Any
) -> dict[str, Finding]:
    """What the doctor finds, without the command around it, on a machine whose clock is so far ahead; by code."""
    config = Config(
        data_dir=data_dir, database_url=SecretStr(url), secret=SecretStr("a secret of an installation"), **more
    )
    request = Request(config, None, {}, lambda: time.time() + ahead_s, public_url)
    return {finding.code: finding for finding in trio.run(examine, request)}
