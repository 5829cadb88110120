"""The examples of docs/recipes.md, as a reader copies them.

A fenced block whose info string has a second word belongs to the recipe of that name: ```js plyr. Blocks without one
are not run.
"""

from typing import Final

from tests.support.blocks import DOCS, fenced

SERVICE: Final = "https://YOUR-TONEARM"
BLOCKS: Final = [block for block in fenced((DOCS / "recipes.md").read_text("utf-8")) if block.name]
"""All of the page that belong to a recipe, in its order; `name` is the recipe's."""


def markup(recipe: str) -> str:
    """What it puts into the page; empty where it has only a script."""
    return _text(recipe, "html")


def script(recipe: str) -> str:
    """Its script; empty where it has only markup."""
    return _text(recipe, "js", "jsx")


def _text(recipe: str, *languages: str) -> str:
    return "".join(each.text for each in BLOCKS if each.name == recipe and each.kind in languages)


def changed(text: str, words: dict[str, str]) -> str:
    """A variant of an example; each of the words must be in it, so that no test runs something else than it says."""
    for word, value in words.items():
        assert word in text, f"the example no longer says {word}"
        text = text.replace(word, value)
    return text
