"""A file as rows with line numbers, however large: packed or not, CSV or one JSON object a line."""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from server.imports.fields import Mistake, Text

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1 << 20
_LONGEST_LINE: Final = 64 * 1024  # characters; a row of any format has a few hundred


class ImportFileError(Exception):
    """One sentence per mistake, each naming the file and the line."""


class Source:
    """The file. `read` is how far it is read, in bytes on the disk, of `size`."""

    def __init__(self, path: Path) -> None:
        """Raises ImportFileError."""
        self.path = path
        self._raw: BinaryIO | None = None
        with self._errors(), path.open("rb") as raw:
            self.size = raw.seek(0, io.SEEK_END)

    @property
    def read(self) -> int:
        """Bytes on the disk."""
        return self._raw.tell() if self._raw is not None and not self._raw.closed else self.size

    def digest(self) -> bytes:
        """SHA-256 of the content, unpacked: a packed copy is the same file. Raises ImportFileError."""
        found = hashlib.sha256()
        with self._errors(), self._bytes() as file:
            while piece := file.read(_PIECE):
                found.update(piece)
        return found.digest()

    def first_line(self) -> str:
        """Without its end. Raises ImportFileError."""
        with self._errors(), self._text() as text:
            return text.readline(_LONGEST_LINE).rstrip("\r\n")

    def csv_rows(self, separator: str) -> Iterator[tuple[int, list[str]]]:
        """(line, cells), the header first. Raises ImportFileError."""
        with self._errors(), self._text() as text:
            rows = csv.reader(text, delimiter=separator, strict=True)
            try:
                for row in rows:
                    if row:
                        yield rows.line_num, row
            except csv.Error as error:
                raise ImportFileError(f"{self.path}, line {rows.line_num}: not CSV: {error}.") from None

    def objects(self) -> Iterator[tuple[int, Text | Mistake]]:
        """(line, members) of each line; a Mistake where it is no object of plain values. Raises ImportFileError."""
        with self._errors(), self._text() as text:
            number = 0
            while line := text.readline(_LONGEST_LINE):
                number += 1
                if line.strip():
                    yield number, _object(line)

    @contextmanager
    def _bytes(self) -> Iterator[BinaryIO]:
        with self.path.open("rb") as raw:
            self._raw = raw
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                yield raw

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        with self._bytes() as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
            yield text

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:
            line = self._line_that_is_not_utf8()
            raise ImportFileError(f"{self.path}, line {line}: not UTF-8. Save the file as UTF-8.") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImportFileError(f"{self.path} is damaged or cut off: {error}.") from None
        except OSError as error:
            raise ImportFileError(f"{self.path} cannot be read: {error.strerror}.") from None

    def _line_that_is_not_utf8(self) -> int:
        with self._bytes() as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return number
        return 0


def _object(line: str) -> Text | Mistake:
    try:
        parsed = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Mistake(f"not JSON: {getattr(error, 'msg', 'nested too deeply')}.")
    if not isinstance(parsed, dict) or any(isinstance(value, dict | list) for value in parsed.values()):
        return Mistake("not an object with plain values.")
    return {name: _as_text(value) for name, value in parsed.items()}


def _as_text(value: object) -> str:
    """As a cell of CSV would have it: one set of rules reads both."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
