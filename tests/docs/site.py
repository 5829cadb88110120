"""The documentation as a site, built by `make docs`."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.blocks import DOCS, ROOT

LEFT_OUT: Final = shutil.ignore_patterns("*.md", "*.png", "*.svg", "images", "__pycache__")


def make_docs(folder: Path, checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`make docs` into `folder`, with the environment of the tests, which is taken for up to date."""
    words = ["make", "--no-print-directory", "-C", str(checkout), f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.docs"]
    return subprocess.run([*words, "docs", f"SITE={folder}"], capture_output=True, text=True, check=False)


def small_checkout(folder: Path, pages: dict[str, str]) -> Path:
    """All that makes a site, with these pages in the place of the documentation's."""
    shutil.copytree(DOCS, folder / "docs", ignore=LEFT_OUT)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "server" / "dashboard" / "static", folder / "server" / "dashboard" / "static")
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder
