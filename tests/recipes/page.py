"""The examples of docs/recipes.md, as a reader copies them.

A fenced block whose info string has a second word belongs to the recipe of that name: ```js plyr. Blocks without one
are not run.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "recipes.md"
SERVICE: Final = "https://YOUR-TONEARM"
_BLOCK: Final = re.compile(r"^```(\w+) ([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One example in one language."""

    recipe: str
    language: str
    text: str


def blocks() -> list[Block]:
    """All of the page that belong to a recipe, in its order."""
    found = _BLOCK.findall(PAGE.read_text("utf-8"))
    return [Block(recipe, language, text) for language, recipe, text in found]


def markup(recipe: str) -> str:
    """What it puts into the page; empty where it has only a script."""
    return _text(recipe, "html")


def script(recipe: str) -> str:
    """Its script; empty where it has only markup."""
    return _text(recipe, "js", "jsx")


def _text(recipe: str, *languages: str) -> str:
    return "".join(each.text for each in blocks() if each.recipe == recipe and each.language in languages)


def changed(text: str, words: dict[str, str]) -> str:
    """A variant of an example; each of the words must be in it, so that no test runs something else than it says."""
    for word, value in words.items():
        assert word in text, f"the example no longer says {word}"
        text = text.replace(word, value)
    return text
