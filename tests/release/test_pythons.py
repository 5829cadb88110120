"""One code for Python 3.11 to 3.14: declared in one place, run on each, and free of what the newer ones removed."""

import json
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

from release import ROOT
from release.checkout import tracked
from tests.release import gone

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PREFIX = "Programming Language :: Python :: 3."
PYTHONS = [f"3.{line.removeprefix(PREFIX)}" for line in PROJECT["project"]["classifiers"] if line.startswith(PREFIX)]
SOURCES = [name for name in tracked(ROOT) if name.endswith(".py")] if (ROOT / ".git").exists() else []


def test_the_oldest_that_is_declared_is_what_every_tool_is_told() -> None:
    oldest = PYTHONS[0]
    assert f">={oldest}" == PROJECT["project"]["requires-python"]
    assert oldest == PROJECT["tool"]["mypy"]["python_version"]
    assert f"py{oldest.replace('.', '')}" == PROJECT["tool"]["ruff"]["target-version"]


def test_nox_has_the_tests_for_every_python_that_is_declared() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    sessions = [session["python"] for session in json.loads(done.stdout) if session["name"] == "tests"]
    assert ["3.11", "3.12", "3.13", "3.14"] == PYTHONS == sessions


@pytest.mark.skipif(not SOURCES, reason="not a checkout: nobody knows which files are the project's")
def test_nothing_that_newer_pythons_removed_is_used() -> None:
    found = {name: uses for name in SOURCES if (uses := gone.uses((ROOT / name).read_text()))}
    assert {} == found


@pytest.mark.skipif(not SOURCES, reason="not a checkout: nobody knows which files are the project's")
def test_every_source_compiles_without_a_warning() -> None:
    """Under each Python that nox runs this on: newer ones warn of more."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in SOURCES:
            compile((ROOT / name).read_text(), name, "exec")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import imp", "imp went with 3.12"),
        ("from distutils.util import strtobool", "distutils went with 3.12"),
        ("import xml.dom\nimport cgi as forms", "cgi went with 3.13"),
        ("import ast\nast.Num(1)", "ast.Num went with 3.14"),
        ("import ast as syntax\nsyntax.Str", "ast.Str went with 3.14"),
        ("from pkgutil import find_loader as find", "pkgutil.find_loader went with 3.14"),
        ("from urllib import request\nrequest.FancyURLopener()", "urllib.request.FancyURLopener went with 3.14"),
        ("import datetime\ndatetime.datetime.utcnow()", "datetime.datetime.utcnow went with 3.14, or is deprecated"),
        (
            "from datetime import datetime\ndatetime.utcnow()",
            "datetime.datetime.utcnow went with 3.14, or is deprecated",
        ),
        ("import asyncio\nasyncio.get_event_loop()", "asyncio.get_event_loop went with 3.14, or is deprecated"),
        ("import sqlite3\nprint(sqlite3.version)", "sqlite3.version went with 3.14"),
        ("archive.extractall(folder)", "extractall without filter= unpacks less than it did"),
        ("import multiprocessing\nmultiprocessing.Process(target=f)", "multiprocessing.Process does not fork"),
        ("print(f.__annotations__)", "__annotations__ is made when it is asked for"),
        ("def f():\n  try: pass\n  finally:\n    return 1", "leaves a finally block"),
        ("for a in b:\n  try: pass\n  finally:\n    if a:\n      break", "leaves a finally block"),
        ("for a in b:\n  try: pass\n  finally:\n    try: pass\n    except E: continue", "leaves a finally block"),
    ],
)
def test_a_use_is_found(source: str, found: str) -> None:
    [use] = gone.uses(source)
    assert use.partition(": ")[2].startswith(found)


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimport impossible",
        "from . import imp, cgi",
        "imp = 1\nimp.ortant",
        "archive.extractall(folder, filter='data')",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import asyncio\nasyncio.get_running_loop()",
        "def f():\n  try: pass\n  finally:\n    for a in b:\n      break",
        "def f():\n  try: pass\n  finally:\n    def g():\n      return 1",
        "try: pass\nexcept E: pass\nelse:\n  pass",
    ],
)
def test_what_is_still_there_is_no_use(source: str) -> None:
    assert [] == gone.uses(source)


@pytest.mark.full
@pytest.mark.parametrize("python", PYTHONS[1:])
def test_the_types_hold_on_every_python(python: str, tmp_path: Path) -> None:
    """mypy reads the standard library as that version has it: what is gone is an error. `make lint` has the oldest."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--python-version", python, "--cache-dir", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=540,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout
