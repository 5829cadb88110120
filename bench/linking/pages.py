"""What lies in the file of the table `listener`: its pages as PostgreSQL 15 to 18 write them, deleted rows included."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PAGE: Final = 8192
_HEADER: Final = 24  # bytes before the line pointers
_LOWER_AT: Final = 12
_NORMAL: Final = 1  # a line pointer's flag: there is a row
_NO_DELETER: Final = 0x0800 | 0x0080  # t_infomask: t_xmax is invalid, or only a lock
# The bytes of the table and of its index, as the files have them.
FILES: Final = """
SELECT pg_read_binary_file(pg_relation_filepath('listener')), pg_read_binary_file(pg_relation_filepath('listener_pkey'))
"""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A row that no query shows: who wrote it and who deleted it, as numbers of transactions, and what it said."""

    written: int
    deleted: int
    key: str
    kind: str
    pseudonym: bytes


def deleted_rows(content: bytes) -> Iterator[Deleted]:
    """Of the table's file, in the order in which they lie."""
    for start in range(0, len(content), _PAGE):
        yield from _deleted_of_page(content[start : start + _PAGE])


def _deleted_of_page(page: bytes) -> Iterator[Deleted]:
    (lower,) = struct.unpack_from("<H", page, _LOWER_AT)
    for at in range(_HEADER, lower, 4):
        (pointer,) = struct.unpack_from("<I", page, at)
        offset, flags, length = pointer & 0x7FFF, pointer >> 15 & 3, pointer >> 17
        if flags != _NORMAL:
            continue
        row = page[offset : offset + length]
        written, deleted = struct.unpack_from("<II", row)
        (mask,) = struct.unpack_from("<H", row, 20)
        if deleted and not mask & _NO_DELETER:
            key, kind, pseudonym = _values(row[row[22] :])
            yield Deleted(written, deleted, key.decode(), kind.decode(), pseudonym)


def _values(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The first three columns, each behind one byte that has its length in the upper seven bits."""
    found = []
    at = 0
    for _ in range(3):
        length = data[at] >> 1
        found.append(data[at + 1 : at + length])
        at += length
    return found[0], found[1], found[2]
