"""The two files of a release, made of the working tree as the newcomer would fetch them."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def make_release(version: str, folder: Path) -> list[Path]:
    """tonearm-VERSION.tar.gz and tonearm-VERSION-py3-none-any.whl, in `folder`."""
    name = f"tonearm-{version}"
    sources = folder / name
    for file in _known_to_git():
        copy = sources / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / file).read_bytes())
        copy.chmod((ROOT / file).stat().st_mode)
    project = sources / "pyproject.toml"
    project.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project.read_text(), count=1))
    archive = folder / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(sources, name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(sources)]
    subprocess.run(pip, check=True)
    return [archive, folder / f"{name}-py3-none-any.whl"]


def _known_to_git() -> list[str]:
    """And what git does not know yet but would: a test is to see what is being written."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return [file for file in listed.stdout.split("\0") if file and (ROOT / file).is_file()]
