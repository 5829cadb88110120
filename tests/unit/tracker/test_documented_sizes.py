"""The sizes that docs/tracker.md and docs/card.md name are those of the built files, to the byte."""

import gzip
import re
from typing import Final

import pytest

from tests.support.blocks import DOCS
from tracker import DIST
from tracker.bundle import FILES

TRACKER_PAGE: Final = (DOCS / "tracker.md").read_text()
ROWS: Final = dict(re.findall(r"^\| `(tonearm[\w-]*\.js)`[^|]*\| ([\d,]+) \|", TRACKER_PAGE, re.MULTILINE))


def as_sent(name: str) -> str:
    return f"{(DIST / f'{name}.br').stat().st_size:,}"


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_table_names_the_size_that_is_sent(name: str) -> None:
    assert as_sent(name) == ROWS[name]


def test_every_built_file_is_in_the_table() -> None:
    """The classic script, which is loaded in the place of the module, shares its row."""
    assert sorted({*ROWS, "tonearm-classic.js"}) == sorted(FILES)


def test_the_cards_page_names_the_size_that_is_sent() -> None:
    [told] = re.findall(r"`tonearm-plays\.js` \(([\d,]+) bytes", (DOCS / "card.md").read_text())
    assert as_sent("tonearm-plays.js") == told


def test_the_core_is_as_large_with_gzip_as_is_said() -> None:
    [told] = re.findall(r"gzip instead \(the core: ([\d.]+) KiB\)", TRACKER_PAGE)
    assert f"{len(gzip.compress((DIST / 'tonearm.js').read_bytes(), 9)) / 1024:.1f}" == told
