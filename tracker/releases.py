"""Keeps what each release serves, so that a page that pinned a file goes on counting after the service's upgrade.

`released/` has every file of every release by its content-hashed name, and `released.json` says which release brought
which. Both only grow.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tracker.names import HASHED, content_hash, hashed_name, integrity

LIST: Final = "released.json"
"""Release -> content-hashed name -> integrity."""


class ReleaseError(Exception):
    """Says in one sentence why the files cannot be released as they are."""


def release(version: str, dist: Path, released: Path) -> list[str]:
    """Copy the built files and their brotli forms, and enter them in the list; the names of those that are new.

    Raises:
        ReleaseError: the version is out already with other files, or a name is taken by another content.
    """
    entered = listed(released)
    files = {hashed_name(file.name, file.read_bytes()): file for file in sorted(dist.glob("*.js"))}
    entry = {name: integrity(file.read_bytes()) for name, file in files.items()}
    if entered.get(version, entry) != entry:
        raise ReleaseError(f"{version} is released already, with other files: a release does not change.")
    for name, file in files.items():
        if (released / name).exists() and (released / name).read_bytes() != file.read_bytes():
            raise ReleaseError(f"{name} is released already with another content: change a byte of its source.")
    new = [name for name in files if not (released / name).exists()]
    for name in new:
        (released / name).write_bytes(files[name].read_bytes())
        (released / f"{name}.br").write_bytes(files[name].with_name(f"{files[name].name}.br").read_bytes())
    (released / LIST).write_text(json.dumps({**entered, version: entry}, indent=2) + "\n")
    return new


def listed(released: Path) -> Mapping[str, Mapping[str, str]]:
    """The list; empty before the first release."""
    path = released / LIST
    found: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def mistakes(released: Path) -> list[str]:
    """What has been changed, removed or put there by hand; a sentence each, none if all is as it was released."""
    entries = {name: wanted for files in listed(released).values() for name, wanted in files.items()}
    there = {file.name: file.read_bytes() for file in released.glob("*.js")}
    wrong = [f"{name} is in {LIST} and missing." for name in entries if name not in there]
    for name, content in there.items():
        match = HASHED.fullmatch(name)
        if match is None or match["hash"] != content_hash(content):
            wrong.append(f"{name} has not the content its name says.")
        elif entries.get(name) != integrity(content):
            wrong.append(f"{name} is not what {LIST} says.")
        if not (released / f"{name}.br").is_file():
            wrong.append(f"{name}.br is missing.")
    return wrong
