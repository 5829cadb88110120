"""Finds out what a file is, and reads it: once to find every mistake, and once more into the database."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from server.cells import unguarded
from server.export_file import COLUMNS, LISTENER_COLUMNS
from server.imports.elsewhere import PLAYS_COLUMNS, PLAYS_REQUIRED, GoatCounter, Mapping, Plays, Umami
from server.imports.fields import Mistake, Text
from server.imports.own import WHAT, Own
from server.imports.source import ImportFileError, Source
from storage.staging import Chunk

_MOST_MISTAKES: Final = 20  # shown; a file in the wrong format would otherwise fill the screen
_ROWS: Final = 5_000  # of one chunk
_GOATCOUNTER: Final = re.compile(r"(\d+)Path")
_KNOWN: Final = (
    "an export of `tonearm export` (CSV or NDJSON), a CSV with the columns key and plays, GoatCounter's CSV export, "
    "and Umami's website_event.csv"
)


class Reader(Protocol):
    """Of one format: turns rows into what is stored."""

    @property
    def format(self) -> str: ...
    @property
    def whole(self) -> bool: ...
    @property
    def key_tag(self) -> bytes | None: ...
    @property
    def left_out(self) -> int: ...
    def read(self, row: Text, chunk: Chunk) -> None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How the file is to be read."""

    today: date
    zone: ZoneInfo
    event: re.Pattern[str] | None = None
    path_to_key: re.Pattern[str] | None = None
    listeners: bool = True  # take those it has


@dataclass(slots=True)
class Checked:
    """A file without mistakes."""

    content: bytes
    format: str
    whole: bool
    key_tag: bytes | None
    left_out: int  # rows that are no plays
    months: set[date] = field(default_factory=set)  # of its events


class ImportFile:
    """The file, read as often as is needed."""

    def __init__(self, path: Path, options: Options) -> None:
        """Raises ImportFileError."""
        self._source = Source(path)
        self._options = options
        self._reader: Callable[[], Reader]
        self._rows = self._recognised()

    @property
    def size(self) -> int:
        """In bytes."""
        return self._source.size

    def check(self, report: Callable[[int], None]) -> Checked:
        """All of it. Raises ImportFileError, with a sentence per mistake."""
        mistakes: list[str] = []
        reader, months, rows = self._reader(), set[date](), 0
        for chunk in self._chunks(reader, mistakes):
            months |= {row.day.replace(day=1) for row in chunk.events}
            rows += len(chunk.events) + len(chunk.figures) + len(chunk.listeners) + len(chunk.listeners_of_days)
            report(chunk.read)
        if not mistakes and not rows:
            why = f": {reader.left_out:,} rows are no plays by --event and --path-to-key" if reader.left_out else ""
            mistakes.append(f"{self._source.path} has nothing to import{why}.")
        if mistakes:
            shown = mistakes[:_MOST_MISTAKES]
            if more := len(mistakes) - len(shown):
                shown.append(f"... and {more:,} more.")
            raise ImportFileError("\n".join([*shown, "Nothing was imported."]))
        return Checked(self._source.digest(), reader.format, reader.whole, reader.key_tag, reader.left_out, months)

    def chunks(self) -> Iterator[Chunk]:
        """What is in it. Raises ImportFileError where it was changed since it was checked."""
        mistakes: list[str] = []
        yield from self._chunks(self._reader(), mistakes)
        if mistakes:
            raise ImportFileError(f"{self._source.path} was changed meanwhile. Nothing was imported.")

    def _chunks(self, reader: Reader, mistakes: list[str]) -> Iterator[Chunk]:
        chunk = Chunk()
        for number, (line, row) in enumerate(self._rows(), start=1):
            try:
                if isinstance(row, Mistake):
                    raise row
                reader.read(row, chunk)
            except Mistake as mistake:
                mistakes.append(f"{self._source.path}, line {line}: {mistake}")
            if number % _ROWS == 0:
                chunk.read = self._source.read
                yield chunk
                chunk = Chunk()
        chunk.read = self._source.size
        yield chunk

    def _recognised(self) -> Callable[[], Iterator[tuple[int, Text | Mistake]]]:
        """How its rows are read; decides with it which reader they are for."""
        first = self._source.first_line()
        if first.startswith("{"):
            what = self._what_of_lines()
            self._reader = lambda: self._own(what)
            return self._source.objects
        separator = ";" if first.count(";") > first.count(",") else ","
        header = next(self._source.csv_rows(separator), (0, [""]))[1]
        names = [name.strip() for name in header]
        names[0] = "Path" if _GOATCOUNTER.fullmatch(names[0]) else names[0]
        self._reader = self._reader_of_columns(header, names)
        clean = unguarded if names[0] == "record" else str.strip
        return lambda: _as_rows(self._source.csv_rows(separator), names, clean)

    def _what_of_lines(self) -> str:
        """By the first record that says so: an export with listeners begins with another."""
        for _, row in self._source.objects():
            if not isinstance(row, Mistake) and (what := WHAT.get(row.get("record", ""))):
                return what
        return "days"

    def _own(self, what: str) -> Own:
        return Own(what, self._options.today, listeners=self._options.listeners)

    def _reader_of_columns(self, header: Sequence[str], names: list[str]) -> Callable[[], Reader]:
        options, mapping = self._options, Mapping(self._options.event, self._options.path_to_key)
        for what, columns in COLUMNS.items():
            if tuple(names) in (columns, columns + LISTENER_COLUMNS):
                return lambda: self._own(what)
        if version := _GOATCOUNTER.fullmatch(header[0].strip()):
            if version[1] != "2":
                raise self._error(f"is version {version[1]} of GoatCounter's export; version 2 can be imported")
            self._must_have(names, GoatCounter.columns)
            return lambda: GoatCounter(mapping, options.zone, options.today)
        if "event_type" in names and "website_id" in names:
            self._must_have(names, Umami.columns)
            if mapping.event is None and mapping.path_to_key is None:
                raise self._error("is Umami's: name the event that is a play with --event, or pages with --path-to-key")
            return lambda: Umami(mapping, options.zone, options.today)
        lower = [name.lower() for name in names]
        if set(PLAYS_REQUIRED) <= set(lower):
            if unknown := [name for name in lower if name not in PLAYS_COLUMNS]:
                raise self._error(f"has unknown columns {', '.join(unknown)}; known are {', '.join(PLAYS_COLUMNS)}")
            names[:] = lower
            return lambda: Plays(options.today)
        raise self._error(f"is of no known kind, by its line 1; known are {_KNOWN}")

    def _must_have(self, names: Sequence[str], needed: Sequence[str]) -> None:
        if missing := [name for name in needed if name not in names]:
            raise self._error(f"lacks the columns {', '.join(missing)}")

    def _error(self, what: str) -> ImportFileError:
        return ImportFileError(f"{self._source.path} {what}. Nothing was imported.")


def _as_rows(
    rows: Iterator[tuple[int, list[str]]], names: Sequence[str], clean: Callable[[str], str]
) -> Iterator[tuple[int, Text | Mistake]]:
    next(rows, None)  # the header
    for line, cells in rows:
        if len(cells) != len(names):
            yield line, Mistake(f"{len(cells)} cells, where line 1 has {len(names)}.")
        else:
            yield line, {name: clean(cell) for name, cell in zip(names, cells, strict=True)}
