"""The examples of a page of the documentation, so that a test can run them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
ROOT: Final = DOCS.parent
_FENCE: Final = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block. `kind` is its language, empty for what is neither run nor pasted: drawings, what is printed."""

    kind: str
    name: str  # the second word of ```js plyr; mostly empty
    text: str
    line: int  # of the page, where it begins


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of each fenced block, in order."""
    return [(block.kind, block.text) for block in fenced(page.read_text("utf-8"))]


def fenced(text: str) -> Iterator[Block]:
    """Every fenced block of a text; one that is not closed ends with the text, as in CommonMark."""
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        if opening := _FENCE.match(line):
            kind, _, name = opening["info"].strip().partition(" ")
            yield Block(kind, name, "".join(_inside(lines, opening)), number)


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    kept, lines = [], iter(enumerate(text.splitlines(), start=1))
    for _, line in lines:
        if opening := _FENCE.match(line):
            list(_inside(lines, opening))
            kept.append("")
        else:
            kept.append(line)
    return "\n".join(kept)


def _inside(lines: Iterator[tuple[int, str]], opening: re.Match[str]) -> Iterator[str]:
    indent, fence = len(opening["indent"]), opening["fence"]
    for _, line in lines:
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            return
        yield f"{line[indent:] if not line[:indent].strip() else line}\n"
