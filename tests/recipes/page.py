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


def block(recipe: str, language: str) -> str:
    """The text of one; empty where the recipe has none in this language."""
    return "".join(each.text for each in blocks() if (recipe, language) == (each.recipe, each.language))


def filled_in(text: str, replacements: dict[str, str]) -> str:
    """The text with what the reader puts in place of these words.

    Every one must be there: a test that replaces nothing runs something else than it says.
    """
    for placeholder, value in replacements.items():
        assert placeholder in text, f"the example no longer says {placeholder}"
        text = text.replace(placeholder, value)
    return text
