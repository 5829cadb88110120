"""The pictures of the documentation: each is shown by a page, and each that a page shows is there.

But those of docs/images/pages, which are kept to be compared with.
"""

import re
from pathlib import Path
from typing import Final

from tests.support.blocks import DOCS

PAGES: Final = (DOCS.parent / "README.md", *DOCS.glob("*.md"))
PICTURES: Final = {*DOCS.glob("*.png"), *DOCS.glob("*.svg"), *DOCS.glob("images/*.*")}


def shown(page: Path) -> list[Path]:
    return [(page.parent / target).resolve() for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text())]


def test_every_shown_picture_is_there() -> None:
    assert [] == [picture for page in PAGES for picture in shown(page) if not picture.is_file()]


def test_every_picture_is_shown() -> None:
    assert set() == PICTURES - {picture for page in PAGES for picture in shown(page)}
