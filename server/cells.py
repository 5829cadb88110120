"""Cells of CSV: what a spreadsheet would work out is guarded, because keys and titles can come from strangers.

Spreadsheets take a cell that begins with = + - or @ for a formula. So such a text gets an apostrophe in front, and one
that already has apostrophes in front of such a letter another: exactly one is to be taken away again.
"""

import re
from functools import lru_cache
from typing import Final

# Some spreadsheets skip spaces. The last four are the full-width forms of the first.
_FORMULA: Final = re.compile("'* *[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@lru_cache(maxsize=8192)
def guarded(text: str) -> str:
    """As a cell that no spreadsheet takes for a formula; `unguarded` gives the text back."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
