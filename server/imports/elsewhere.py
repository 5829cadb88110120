"""Files of other counters, and plain lists of plays. None of them knows how far a play went, unless it says so."""

import re
from collections.abc import Sequence
from datetime import UTC, date
from typing import Final
from zoneinfo import ZoneInfo

from server.imports import fields
from server.imports.fields import Mistake, Text
from server.imports.own import BUCKETS
from storage.catalog import Release, Track
from storage.staging import Chunk, FigureRow

PLAYS_REQUIRED: Final = ("key", "plays")
PLAYS_COLUMNS: Final = (
    *PLAYS_REQUIRED,
    "title",
    "release",
    "release_title",
    "date",
    "partial",
    "sampled",
    "complete",
    "shares_link",
    "shares_embed",
)
_PAGE, _EVENT = "1", "2"  # Umami's event_type


class Plays:
    """One line a track, or a track and day: key, plays, and what is known besides."""

    format = "plays"
    whole = False
    key_tag = None
    left_out = 0

    def __init__(self, today: date) -> None:
        self._today = today
        self._seen: dict[tuple[str, date | None], None] = {}

    def read(self, row: Text, chunk: Chunk) -> None:
        """One row into the chunk. Raises Mistake."""
        key, release = fields.key(row, "key"), fields.optional_key(row, "release")
        day = fields.optional_day(row, "date", self._today)
        if (key, day) in self._seen:
            raise Mistake(f"{key!r} has a line{f' for {day}' if day else ''} already; add the two up.")
        self._seen[key, day] = None
        if not row.get("plays"):
            raise Mistake("plays is empty.")
        plays = fields.number(row, "plays")
        figures = {name: fields.number(row, name) for name in (*BUCKETS, "shares_link", "shares_embed")}
        if (bucketed := sum(figures[name] for name in BUCKETS)) > plays:
            raise Mistake(f"partial, sampled and complete are {bucketed:,} together, more than plays ({plays:,}).")
        self._name(row, key, release, chunk)
        chunk.figures.append(FigureRow(key, "track", release, day, unbucketed=plays - bucketed, **figures))

    def _name(self, row: Text, key: str, release: str | None, chunk: Chunk) -> None:
        title, release_title = fields.text(row, "title"), fields.text(row, "release_title")
        if release_title and release is None:
            raise Mistake("release_title without release, the release's key.")
        if release is not None and (title or release_title):
            chunk.releases.setdefault(release, Release(release, release_title or release))
        if title:
            chunk.tracks.setdefault(key, Track(key, title, release))


class Mapping:
    """Which rows of another counter are plays, and of what."""

    def __init__(self, event: re.Pattern[str] | None, path_to_key: re.Pattern[str] | None) -> None:
        self.event = event
        self.path_to_key = path_to_key

    def key(self, *, is_event: bool, name: str, path: str) -> str | None:
        """The track's key; None where the row is no play."""
        found: re.Match[str] | None = None
        if self.event is not None:
            found = self.event.fullmatch(name) if is_event else None
            if found is None:
                return None
            if self.event.groups:
                return _group(found)
        if self.path_to_key is not None:
            found = self.path_to_key.search(path)
            return _group(found) if found else None
        return path if is_event else None


def _group(found: re.Match[str]) -> str:
    return (found.group("key") if "key" in found.re.groupindex else found.group(1)) or ""


class _Hits:
    """A row a hit, with a time."""

    format = ""
    whole = False
    key_tag = None

    def __init__(self, mapping: Mapping, zone: ZoneInfo, today: date) -> None:
        self.left_out = 0
        self._mapping = mapping
        self._zone = zone
        self._today = today

    def _add(self, key: str | None, at: str, chunk: Chunk) -> None:
        if key is None:
            self.left_out += 1
            return
        found = fields.moment(at)
        if found is None:
            raise Mistake(f"{at!r:.40} is no time.")
        local = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(self._zone)
        day = fields.day({"the time": local.date().isoformat()}, "the time", self._today)
        chunk.figures.append(
            FigureRow(fields.key({"the key": key}, "the key"), "track", None, day, unbucketed=1)
        )  # fmt: skip


class GoatCounter(_Hits):
    """GoatCounter's CSV export, version 2: a row a hit. Crawlers, which it keeps and marks, are left out."""

    format = "goatcounter"
    columns: Sequence[str] = ("Event", "Bot", "Date")

    def read(self, row: Text, chunk: Chunk) -> None:
        """One row into the chunk. Raises Mistake."""
        is_event = fields.choice(row, "Event", ("true", "false", "1", "0")) in ("true", "1")
        path = row["Path"]
        key = self._mapping.key(is_event=is_event, name=path, path=path) if row["Bot"] in ("0", "") else None
        self._add(key, row["Date"], chunk)


class Umami(_Hits):
    """Umami's website_event.csv: a row an event or a page view; times are UTC's."""

    format = "umami"
    columns: Sequence[str] = ("url_path", "event_type", "event_name", "created_at")

    def read(self, row: Text, chunk: Chunk) -> None:
        """One row into the chunk. Raises Mistake."""
        is_event = row["event_type"] == _EVENT
        if not is_event and row["event_type"] != _PAGE:
            self.left_out += 1
            return
        key = self._mapping.key(is_event=is_event, name=row["event_name"], path=row["url_path"])
        self._add(key, row["created_at"], chunk)
