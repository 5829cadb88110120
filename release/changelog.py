"""Reads CHANGELOG.md, which keeps to keepachangelog.com: an entry a release, the newest first, changes by kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from packaging.version import InvalidVersion, Version

UNRELEASED: Final = "Unreleased"
KINDS: Final = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_ENTRY: Final = re.compile(r"^## (.*)$", re.MULTILINE)
_HEADING: Final = re.compile(r"\[(?P<version>[^\]]+)\](?: - (?P<day>\d{4}-\d{2}-\d{2}))?(?P<withdrawn> \[YANKED\])?")
_KIND: Final = re.compile(r"^### (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One `## [VERSION] - DAY` with what stands below it."""

    heading: str
    body: str

    @property
    def version(self) -> str:
        """`Unreleased`, or what the heading names; empty where it names none."""
        match = _HEADING.fullmatch(self.heading)
        return match["version"] if match else ""

    @property
    def day(self) -> str:
        """As it is written; empty where there is none."""
        match = _HEADING.fullmatch(self.heading)
        return (match["day"] or "") if match else ""


def entries(text: str) -> list[Entry]:
    """In the file's order."""
    _, *parts = _ENTRY.split(text)
    return [Entry(heading.strip(), body) for heading, body in zip(parts[::2], parts[1::2], strict=True)]


def mistakes(text: str) -> list[str]:
    """What is not as the format says, a sentence each."""
    found = entries(text)
    if not found:
        return ["There is no entry: `## [Unreleased]` is the first."]
    wrong = [sentence for entry in found for sentence in _of_entry(entry)]
    if any(entry.version == UNRELEASED for entry in found[1:]):
        wrong.append(f"[{UNRELEASED}] stands above all that is released.")
    return wrong or list(_of_order(found))


def _of_entry(entry: Entry) -> Iterator[str]:
    if not entry.version:
        yield f"`## {entry.heading}` is neither `## [{UNRELEASED}]` nor like `## [1.2.3] - 2026-01-31`."
        return
    if entry.version != UNRELEASED:
        if not _is_version(entry.version):
            yield f"{entry.version} is no version."
        if not _is_day(entry.day):
            yield f"[{entry.version}] has no day of the calendar."
        if not entry.body.strip():
            yield f"[{entry.version}] has no changes."
    before, *parts = _KIND.split(entry.body)
    if before.strip():
        yield f"[{entry.version}] has changes of no kind: {', '.join(KINDS)} are those there are."
    for kind, changes in zip(parts[::2], parts[1::2], strict=True):
        if kind not in KINDS:
            yield f"[{entry.version}] has the kind {kind}: {', '.join(KINDS)} are those there are."
        if not changes.strip().startswith("- "):
            yield f"[{entry.version}] says nothing under {kind}."


def _of_order(found: list[Entry]) -> Iterator[str]:
    released = [entry for entry in found if entry.version != UNRELEASED]
    for newer, older in pairwise(released):
        if Version(newer.version) <= Version(older.version):
            yield f"[{newer.version}] stands above [{older.version}]: the newest is first."
        if newer.day < older.day:
            yield f"[{newer.version}] was released before [{older.version}]."


def _is_version(text: str) -> bool:
    try:
        return str(Version(text)) == text
    except InvalidVersion:
        return False


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
