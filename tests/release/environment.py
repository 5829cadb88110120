"""Python environments that have the wheel and nothing of the checkout."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release import ROOT
from storage.embedded.account import ROOT as ROOT_USER
from storage.embedded.account import Account, impassable_folder
from tests.integration.accounts import nobody
from tests.support.service import without_settings

UV: Final = Path(sys.executable).with_name("uv")
SYSTEM_PYTHON: Final = Path("/usr/bin/python3")
INSTALL_S: Final = 500  # seventy packages over a slow line, one of them PostgreSQL


@dataclass(frozen=True)
class Environment:
    """`prefix` has `bin/python` and `bin/tonearm`; `account` is who runs them, None: whoever runs the tests."""

    prefix: Path
    account: Account | None = None

    @property
    def python(self) -> Path:
        return self.prefix / "bin" / "python"

    def command(self, program: str, *words: str | Path) -> list[str | Path]:
        """A program of the environment, as its account."""
        return [*_as(self.account), self.prefix / "bin" / program, *words]

    def run(self, program: str, *words: str, folder: Path) -> str:
        """What it prints, run in `folder`."""
        done = subprocess.run(
            self.command(program, *words),
            cwd=folder, env=without_settings(), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout


def borrowing(prefix: Path, wheel: Path) -> Environment:
    """With the packages of the environment that runs the tests: made in a second, and from nothing but this machine.

    A `.pth` file lends them; what `.pth` files over there name, such as the checkout, is not lent with them.
    """
    _make(prefix, sys.executable)
    _run(UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", prefix / "bin" / "python", wheel)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (prefix / "lib" / python / "site-packages" / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Environment(prefix)


def locked(prefix: Path, wheel: Path) -> Environment:
    """As docs/release.md says: what is locked, with its hashes, and the wheel. Run as `nobody` where that can be."""
    python, account = _python_for_nobody()
    _make(prefix, python, "--seed")
    _pip(prefix, "--require-hashes", "-r", ROOT / "requirements" / "run.txt")
    _pip(prefix, "--no-deps", wheel)
    return Environment(prefix, account)


def plain(prefix: Path, wheel: Path) -> Environment:
    """`pip install tonearm`: the newest packages that the wheel allows."""
    _make(prefix, sys.executable, "--seed")
    _pip(prefix, wheel)
    return Environment(prefix)


def _make(prefix: Path, python: str | Path, *options: str) -> None:
    _run(UV, "venv", "--quiet", *options, "--python", python, prefix)


def _pip(prefix: Path, *words: str | Path) -> None:
    _run(prefix / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S)
    assert 0 == done.returncode, done.stdout + done.stderr


def _python_for_nobody() -> tuple[Path, Account | None]:
    """The tests' Python, or the system's where only that one lets other accounts in; None: nobody has to be let in."""
    account = nobody()
    if os.geteuid() != ROOT_USER:
        return Path(sys.executable), None
    if impassable_folder(Path(sys.base_prefix), account) is None:
        return Path(sys.executable), account
    newer = [str(SYSTEM_PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if SYSTEM_PYTHON.exists() and subprocess.run(newer, check=False).returncode == 0:
        return SYSTEM_PYTHON, account
    return Path(sys.executable), None


def _as(account: Account | None) -> list[str | Path]:
    if account is None:
        return []
    return ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--no-new-privs"]
