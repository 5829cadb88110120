"""What docs/machines.md tells people to do, for the tests to do."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.support.blocks import DOCS, blocks

PAGE: Final = DOCS / "machines.md"
BLOCKS: Final = blocks(PAGE)
ROOT: Final = Path(__file__).parents[2]


def snippets(kind: str, words: str = "") -> list[str]:
    """Those of this language that have these words in them."""
    return [text for language, text in BLOCKS if language == kind and words in text]


def statement(words: str) -> str:
    """The one of the SQL that has these words in it."""
    found = [line for text in snippets("sql") for line in text.splitlines() if words in line]
    assert 1 == len(found), found
    return found[0]


def installed() -> dict[str, str]:
    """What the commands put into nginx's folders, by name."""
    [commands] = snippets("sh", "tonearm-machines.conf")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for line in commands.splitlines():
            if line not in ("nginx -t", "systemctl reload nginx"):
                for_here = line.replace("/etc/nginx/conf.d/", f"{here}/").replace("/etc/nginx/", f"{here}/")
                subprocess.run(["/bin/sh", "-ec", for_here], cwd=ROOT, check=True)
        return {path.name: path.read_text() for path in here.iterdir()}
