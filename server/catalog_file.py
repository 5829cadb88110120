"""Reads a site's catalog from a CSV or JSON file; finds every mistake before anything is loaded.

JSON: {"releases": [{"key", "title", "medium"?}], "tracks": [{"key", "title", "release"?, "position"?}]}
CSV, with these names in its first line, in any order, separated by commas or semicolons:
track_key, track_title, release_key, release_title, medium, position. A row without a track is a release alone.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeGuard

from server.bodies import LONGEST_KEY
from storage.catalog import Release, Track

_MOST_MISTAKES: Final = 20  # shown; a file in the wrong format would otherwise fill the screen
_REQUIRED: Final = ("track_key", "track_title")
_COLUMNS: Final = (*_REQUIRED, "release_key", "release_title", "medium", "position")
_RELEASE_FIELDS: Final = {"key", "title", "medium"}
_TRACK_FIELDS: Final = {"key", "title", "release", "position"}


class CatalogFileError(Exception):
    """One sentence per mistake, each naming the file and the line or entry; those beyond the first few are counted."""

    def __init__(self, message: str, mistakes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.mistakes = mistakes or (message,)


@dataclass(frozen=True, slots=True)
class Entries:
    """What a file says; every release a track names is either in it or must be in the catalog already."""

    releases: list[Release]
    tracks: list[Track]


def load(path: Path) -> Entries:
    """Raises CatalogFileError."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise CatalogFileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CatalogFileError(f"{path}, line {line}: not UTF-8. Save the file as UTF-8.") from None
    if (form := path.suffix.lower().removeprefix(".")) not in ("csv", "json"):
        raise CatalogFileError(f"{path} is neither .csv nor .json; name the file for its format.")
    return read_text(text, str(path), as_json=form == "json")


def read_text(text: str, name: str, *, as_json: bool) -> Entries:
    """The same of a text; `name` is what mistakes are told of. Raises CatalogFileError."""
    reading = _Reading(f"{name}, ")
    (_read_json if as_json else _read_csv)(text, reading)
    return reading.entries()


def parse(document: bytes) -> Entries:
    """A catalog in JSON that came without a file. Raises CatalogFileError."""
    reading = _Reading("")
    try:
        _read_json(document.decode("utf-8-sig"), reading)
    except UnicodeDecodeError:
        reading.mistake("the document", "not UTF-8.")
    return reading.entries()


def from_rows(rows: Iterable[Mapping[str, object]], name: str) -> Entries:
    """The same of a query's rows, whose columns are named as those of a CSV file; `title` will do for `track_title`.

    Raises CatalogFileError.
    """
    reading = _Reading(f"{name}, ")
    for number, row in enumerate(rows, start=1):
        if number == 1 and not _has_columns(row, reading):
            break
        _add_query_row(reading, f"row {number}", row)
    return reading.entries()


def _has_columns(row: Mapping[str, object], reading: "_Reading") -> bool:
    known = {*_COLUMNS, "title"}
    if not row.keys() & {"title", "track_title"} or "track_key" not in row or row.keys() - known:
        columns = "track_key, title, release_key, release_title, medium, position"
        reading.mistake("columns", f"there are {', '.join(row)}; there must be {columns}, all but two may be left out.")
        return False
    return True


def _add_query_row(reading: "_Reading", where: str, row: Mapping[str, object]) -> None:
    key, title = _text_of(row.get("track_key")), row.get("title", row.get("track_title"))
    release, release_title = _text_of(row.get("release_key")), row.get("release_title")
    if release_title not in (None, ""):
        reading.add_release(where, release, release_title, row.get("medium"))
    if key not in (None, "") or title not in (None, ""):
        reading.add_track(where, key, title, release, row.get("position"))
    elif release_title in (None, ""):
        reading.mistake(where, "the row names neither a track nor a release with its title.")


def _text_of(key: object) -> object:
    """Tables have numbers for keys; pages have the same as text."""
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else key


@dataclass(slots=True)
class _Reading:
    """Entries gathered so far, where each came from, and the mistakes."""

    source: str  # stands before each mistake
    releases: dict[str, tuple[str, Release]] = field(default_factory=dict)
    tracks: dict[str, tuple[str, Track]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def mistake(self, where: str, sentence: str) -> None:
        self.mistakes.append(f"{self.source}{where}: {sentence}")

    def add_release(self, where: str, key: object, title: object, medium: object) -> None:
        good_key, good_title = self._key(where, "release", key), self._title(where, "release", title)
        good_medium = self._text(where, "medium", medium)
        if good_key is None or good_title is None:
            return
        release = Release(good_key, good_title, good_medium)
        first, known = self.releases.setdefault(good_key, (where, release))
        if known != release:
            self.mistake(where, f"release {good_key!r} is described otherwise than in {first}.")

    def add_track(self, where: str, key: object, title: object, release: object, position: object) -> None:
        good_key, good_title = self._key(where, "track", key), self._title(where, "track", title)
        good_release = None if release in (None, "") else self._key(where, "release", release)
        good_position = self._position(where, position)
        if good_key is None or good_title is None:
            return
        if good_key in self.tracks:
            self.mistake(where, f"track {good_key!r} is already in {self.tracks[good_key][0]}; a track has one entry.")
            return
        self.tracks[good_key] = (where, Track(good_key, good_title, good_release, good_position))

    def entries(self) -> Entries:
        if self.mistakes:
            shown = self.mistakes[:_MOST_MISTAKES]
            if more := len(self.mistakes) - len(shown):
                shown.append(f"... and {more} more.")
            raise CatalogFileError("\n".join([*shown, "Nothing was loaded."]), shown)
        releases = [release for _, release in self.releases.values()]
        return Entries(releases, [track for _, track in self.tracks.values()])

    def _key(self, where: str, kind: str, value: object) -> str | None:
        if not _is_text(value) or not 1 <= len(value.encode()) <= LONGEST_KEY:
            self.mistake(where, f"the {kind}'s key must be text of 1 to {LONGEST_KEY} bytes, not {value!r:.80}.")
            return None
        return value

    def _title(self, where: str, kind: str, value: object) -> str | None:
        text = self._text(where, f"{kind}'s title", value)
        if text is None:
            self.mistake(where, f"the {kind} has no title.")
        return text

    def _text(self, where: str, name: str, value: object) -> str | None:
        if value is None or value == "":
            return None
        if not _is_text(value):
            self.mistake(where, f"the {name} must be text, not {value!r:.80}.")
            return None
        return value

    def _position(self, where: str, value: object) -> int | None:
        if value in (None, ""):
            return None
        try:
            position = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value))
        except ValueError:
            position = 0
        if not 1 <= position <= 10_000:
            self.mistake(where, f"the position must be a whole number from 1 to 10000, not {value!r:.80}.")
            return None
        return position


def _is_text(value: object) -> TypeGuard[str]:
    """What PostgreSQL's text can hold: JSON also has NUL and half a surrogate pair."""
    return (
        isinstance(value, str) and "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    )


def _read_csv(text: str, reading: _Reading) -> None:
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    try:
        _read_table(rows, reading)
    except csv.Error as error:
        # The inner reader's: the outer one counts a row only once it is whole.
        reading.mistake(f"line {rows.reader.line_num}", f"not CSV: {error}.")


def _read_table(rows: "csv.DictReader[str]", reading: _Reading) -> None:
    names = [name.strip().lower() for name in rows.fieldnames or []]
    if missing := [name for name in _REQUIRED if name not in names]:
        reading.mistake("line 1", f"the columns {', '.join(missing)} are missing; known are {', '.join(_COLUMNS)}.")
        return
    if unknown := [name for name in names if name not in _COLUMNS]:
        reading.mistake("line 1", f"unknown columns {', '.join(unknown)}; known are {', '.join(_COLUMNS)}.")
        return
    rows.fieldnames = names
    for row in _rows(rows, reading):
        _add_row(reading, f"line {rows.line_num}", row)


def _rows(rows: "csv.DictReader[str]", reading: _Reading) -> Iterator[Mapping[str, str]]:
    for row in rows:
        if None in row or None in row.values():
            reading.mistake(
                f"line {rows.line_num}", f"the row has not {len(rows.fieldnames or [])} fields as line 1 has."
            )
        else:
            yield {name: value.strip() for name, value in row.items()}


def _add_row(reading: _Reading, where: str, row: Mapping[str, str]) -> None:
    release = row.get("release_key", "")
    if row.get("release_title"):
        reading.add_release(where, release, row["release_title"], row.get("medium"))
    if row["track_key"] or row["track_title"]:
        reading.add_track(where, row["track_key"], row["track_title"], release, row.get("position"))
    elif not row.get("release_title"):
        reading.mistake(where, "the row names neither a track nor a release with its title.")


def _read_json(text: str, reading: _Reading) -> None:
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        reading.mistake(f"line {error.lineno}", f"not JSON: {error.msg}.")
        return
    except RecursionError:
        reading.mistake("line 1", "nested too deeply for a catalog.")
        return
    except ValueError:  # of a number with thousands of digits
        reading.mistake("line 1", "a number in it is longer than any position.")
        return
    if not isinstance(parsed, dict) or not parsed.keys() <= {"releases", "tracks"}:
        reading.mistake("line 1", 'the file must hold one object with the lists "releases" and "tracks".')
        return
    for where, entry in _objects(parsed, "releases", _RELEASE_FIELDS, reading):
        reading.add_release(where, entry.get("key"), entry.get("title"), entry.get("medium"))
    for where, entry in _objects(parsed, "tracks", _TRACK_FIELDS, reading):
        reading.add_track(where, entry.get("key"), entry.get("title"), entry.get("release"), entry.get("position"))


def _objects(
    parsed: Mapping[str, object], name: str, fields: set[str], reading: _Reading
) -> Iterator[tuple[str, Mapping[str, object]]]:
    entries = parsed.get(name, [])
    if not isinstance(entries, list):
        reading.mistake(name, "must be a list.")
        return
    for number, entry in enumerate(entries, start=1):
        where = f"{name} entry {number}"
        if not isinstance(entry, dict):
            reading.mistake(where, "must be an object.")
        elif unknown := entry.keys() - fields:
            reading.mistake(where, f"unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(fields))}.")
        else:
            yield where, entry
