"""Tonearm's own exports, as server/export_file.py writes them."""

from datetime import date
from typing import Final

from privacy.pseudonym import PSEUDONYM_BYTES, TargetKind
from server.export_file import FIGURES
from server.imports import fields
from server.imports.fields import Mistake, Text
from storage.staging import Chunk, DayListenersRow, EventRow, FigureRow, ListenerRow

BUCKETS: Final = ("partial", "sampled", "complete")
CHANNELS: Final = ("link", "embed")
_SHARED: Final = (TargetKind.TRACK, TargetKind.RELEASE)
_LISTENER_RECORDS: Final = ("pseudonym_key", "listener", "listeners_of_day")
WHAT: Final = {"play": "events", "share": "events", "day": "days"}  # by the record that says so
RECORDS: Final = {"events": ("play", "share", *_LISTENER_RECORDS), "days": ("day", *_LISTENER_RECORDS)}


class Own:
    """Reads the rows of one file; `what` is events or days."""

    whole = True  # figures of all targets, as they were counted: the site and the releases as well

    def __init__(self, what: str, today: date, *, listeners: bool) -> None:
        self.format = what
        self.key_tag: bytes | None = None  # of the key the pseudonyms were made with
        self.left_out = 0
        self._today = today
        self._listeners = listeners

    def read(self, row: Text, chunk: Chunk) -> None:
        """One row into the chunk. Raises Mistake."""
        record = fields.choice(row, "record", RECORDS[self.format])
        if record in _LISTENER_RECORDS and not self._listeners:
            self.left_out += 1
        elif record == "play":
            chunk.events.append(self._play(row))
        elif record == "share":
            chunk.events.append(self._share(row))
        elif record == "day":
            chunk.figures.append(self._figures(row))
        elif record == "pseudonym_key":
            self.key_tag = fields.hexadecimal(row, "pseudonym", PSEUDONYM_BYTES)
        elif record == "listener":
            chunk.listeners.append(self._listener(row))
        else:
            kind, key = _target(row)
            day = fields.day(row, "day", self._today)
            number, incomplete = fields.number(row, "listeners"), fields.truth(row, "incomplete")
            chunk.listeners_of_days.append(DayListenersRow(day, kind, key, number, incomplete))

    def _play(self, row: Text) -> EventRow:
        fields.choice(row, "target_kind", (TargetKind.TRACK,))
        return self._event(
            row,
            release=fields.optional_key(row, "release_key"),
            bucket=fields.choice(row, "bucket", BUCKETS),
            via=fields.optional_choice(row, "via", CHANNELS),
        )

    def _share(self, row: Text) -> EventRow:
        return self._event(row, channel=fields.choice(row, "channel", CHANNELS))

    def _event(
        self,
        row: Text,
        *,
        release: str | None = None,
        bucket: str | None = None,
        channel: str | None = None,
        via: str | None = None,
    ) -> EventRow:
        at, day = fields.hour(row, "created_at"), fields.day(row, "day", self._today)
        if not fields.same_day(at, day):
            raise Mistake(f"created_at ({at:%Y-%m-%d}) is more than a day away from day ({day}).")
        kind, key = fields.choice(row, "target_kind", _SHARED), fields.key(row, "target_key")
        return EventRow(at, day, fields.rule_version(row), kind, key, release, bucket, channel, via)

    def _figures(self, row: Text) -> FigureRow:
        kind, key = _target(row)
        day = fields.optional_day(row, "day", self._today)
        return FigureRow(key, kind, None, day, *(fields.number(row, name) for name in FIGURES))

    def _listener(self, row: Text) -> ListenerRow:
        if self.key_tag is None:
            raise Mistake("a listener before the record pseudonym_key, which says with which key it was made.")
        kind, key = _target(row)
        return ListenerRow(key, kind, fields.hexadecimal(row, "pseudonym", PSEUDONYM_BYTES))


def _target(row: Text) -> tuple[str, str]:
    kind = fields.choice(row, "target_kind", tuple(TargetKind))
    if kind == TargetKind.SITE:
        if row.get("target_key"):
            raise Mistake("the site has no key.")
        return kind, ""
    return kind, fields.key(row, "target_key")
