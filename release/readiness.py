"""What a checkout still lacks to be released."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from packaging.version import Version

from release import changelog, checkout
from tracker.names import hashed_name
from tracker.releases import listed

TAG: Final = "v{}"


def version(root: Path) -> str:
    """As pyproject.toml says, the one place that does."""
    return str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def lacking(root: Path) -> list[str]:
    """A sentence each; none where it can be released."""
    asked = version(root)
    return [*_version(asked), *_changelog(root, asked), *_tracker(root, asked), *_git(root, asked)]


def _version(asked: str) -> Iterator[str]:
    if Version(asked).is_devrelease or Version(asked).local:
        yield f"pyproject.toml says {asked}, which is a version between releases."


def _changelog(root: Path, asked: str) -> Iterator[str]:
    text = (root / "CHANGELOG.md").read_text("utf-8")
    yield from (f"CHANGELOG.md: {mistake}" for mistake in changelog.mistakes(text))
    newest = next(iter(changelog.entries(text)), None)
    if newest is not None and newest.version != asked:
        yield f"CHANGELOG.md begins with [{newest.version}]; name it for {asked}, with the day."


def _tracker(root: Path, asked: str) -> Iterator[str]:
    built = {hashed_name(file.name, file.read_bytes()) for file in (root / "tracker" / "dist").glob("*.js")}
    if set(listed(root / "tracker" / "released").get(asked, {})) != built:
        yield f"tracker/released/ has not the tracker of {asked}: `python -m tracker.build --release` puts it there."


def _git(root: Path, asked: str) -> Iterator[str]:
    if checkout.changed(root):
        yield "The checkout has changes that are not committed."
    if checkout.has_tag(root, TAG.format(asked)):
        yield f"The tag {TAG.format(asked)} is there already: a release does not change, make another."
