"""The `Range` header (RFC 9110 §14), as far as a media player needs it: one range of bytes.

Written here because the framework's own takes `bytes=-500` as a negative offset and answers a range it cannot read
with 416, where the standard wants the header ignored. Pure: no request, no file.
"""

import re
from dataclasses import dataclass
from typing import Literal

# Longer numbers are refused by the pattern: no file is that long, and int() of a megabyte of digits is slow.
_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """Bytes `begin` up to, not including, `end`."""

    begin: int
    end: int


def parse_range(header: str | None, size: int) -> ByteRange | Literal["unsatisfiable"] | None:
    """What of `size` bytes is asked for; None for all of it, also where the header is malformed or asks for several
    ranges, which a server may ignore."""
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size) if last else None
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return "unsatisfiable"
    return ByteRange(int(first), min(int(last) + 1, size) if last else size)


def _suffix(length: int, size: int) -> ByteRange | Literal["unsatisfiable"]:
    if length == 0 or size == 0:
        return "unsatisfiable"
    return ByteRange(max(0, size - length), size)
