"""What an export looks like: the log or the daily figures, as CSV or as one JSON object a line.

In CSV a key that a spreadsheet would take for a formula is guarded (server/cells.py), and the import takes the guard
away again. JSON has keys as they are.
"""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

import msgspec

from server.cells import guarded
from storage import export
from storage.bridge import Connection, Row, Snapshot

What = Literal["events", "days"]
Format = Literal["csv", "ndjson"]
WHATS: Final[tuple[What, ...]] = get_args(What)
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
MEDIA_TYPES: Final[dict[Format, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

FIGURES: Final = (
    "partial",
    "sampled",
    "complete",
    "unbucketed",
    "shares_link",
    "shares_embed",
    "via_link",
    "via_embed",
)
COLUMNS: Final[dict[What, tuple[str, ...]]] = {
    "events": (
        "record",
        "created_at",
        "day",
        "target_kind",
        "target_key",
        "release_key",
        "bucket",
        "channel",
        "via",
        "rule_version",
    ),
    "days": ("record", "day", "target_kind", "target_key", *FIGURES),
}
LISTENER_COLUMNS: Final = ("pseudonym", "listeners", "incomplete")
_KEYS: Final = ("target_key", "release_key")

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which export; without days all of them, and figures without a day as well."""

    what: What
    format: Format
    first: date | None = None
    last: date | None = None
    listeners: bool = False  # the distinct sets and option B's counts as well
    key_tag: bytes | None = None  # of the key that made the pseudonyms, where there is one


async def stream(
    snapshot: Snapshot, wanted: Wanted, report: Report = lambda done, total: None
) -> AsyncGenerator[bytes, None]:
    """The file in pieces, from one view of the database; `report` gets rows, done and about in all."""
    columns = COLUMNS[wanted.what] + (LISTENER_COLUMNS if wanted.listeners else ())
    form = _Csv(columns) if wanted.format == "csv" else _Lines(columns)
    if head := form.head():
        yield head
    done = 0
    span = await snapshot.run(_span, wanted)
    total = await snapshot.run(export.events_in_all if wanted.what == "events" else export.days_in_all, *span)
    report(done, total)
    async with aclosing(_sections(snapshot, wanted, span)) as sections:
        async for names, rows in sections:
            yield form.lines(names, rows)
            done += len(rows)
            report(done, max(done, total))


async def _span(connection: Connection, wanted: Wanted) -> tuple[date, date]:
    found = await export.span(connection) or (date.max, date.min)
    if wanted.what == "days":  # which may reach farther back than the log
        return wanted.first or date(1, 1, 1), wanted.last or date(9999, 12, 31)
    return max(wanted.first or found[0], found[0]), min(wanted.last or found[1], found[1])


async def _sections(
    snapshot: Snapshot, wanted: Wanted, span: tuple[date, date]
) -> AsyncGenerator[tuple[Sequence[str], Sequence[Row]], None]:
    """Rows with the names of their columns, a piece at a time."""
    columns = COLUMNS[wanted.what]
    if wanted.listeners and wanted.key_tag is not None:
        yield ("record", "pseudonym"), [("pseudonym_key", wanted.key_tag.hex())]
    async with aclosing(_events(snapshot, span) if wanted.what == "events" else _days(snapshot, wanted, span)) as found:
        async for rows in found:
            yield columns, rows
    if wanted.listeners:
        async with aclosing(_listeners(snapshot)) as sections:
            async for section in sections:
                yield section


async def _events(snapshot: Snapshot, span: tuple[date, date]) -> AsyncGenerator[Sequence[Row], None]:
    for first, last in export.months(*span):
        await snapshot.run(export.declare_events, first, last)
        while rows := await snapshot.run(export.fetch, "event"):
            yield rows


async def _days(snapshot: Snapshot, wanted: Wanted, span: tuple[date, date]) -> AsyncGenerator[Sequence[Row], None]:
    if wanted.first is None and wanted.last is None:
        await snapshot.run(export.declare_undated)
        while rows := await snapshot.run(export.fetch, "day"):
            yield rows
    await snapshot.run(export.declare_days, *span)
    while rows := await snapshot.run(export.fetch, "day"):
        yield rows


async def _listeners(snapshot: Snapshot) -> AsyncGenerator[tuple[Sequence[str], Sequence[Row]], None]:
    kinds: tuple[tuple[str, Callable[[Connection], Awaitable[None]], tuple[str, ...]], ...] = (
        ("listener", export.declare_listeners, ("target_kind", "target_key", "pseudonym")),
        (
            "listeners_of_day",
            export.declare_listeners_of_day,
            ("day", "target_kind", "target_key", "listeners", "incomplete"),
        ),
    )
    for record, declare, names in kinds:
        await snapshot.run(declare)
        while rows := await snapshot.run(export.fetch, record):
            yield ("record", *names), [(record, *row) for row in rows]


class _Csv:
    """RFC 4180; one header, and a cell for every column in every row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)

    def head(self) -> bytes:
        self._writer.writerow(self._columns)
        return self._taken()

    def lines(self, names: Sequence[str], rows: Sequence[Row]) -> bytes:
        places = [names.index(name) if name in names else None for name in self._columns]
        keys = {self._columns.index(name) for name in _KEYS if name in self._columns}
        for row in rows:
            cells = [None if place is None else row[place] for place in places]
            for key in keys:
                cells[key] = cells[key] and guarded(cells[key])
            self._writer.writerow(cells)
        return self._taken()

    def _taken(self) -> bytes:
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


class _Lines:
    """One JSON object a line, without the members that are not known."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._encode = msgspec.json.Encoder().encode

    def head(self) -> bytes:
        return b""

    def lines(self, names: Sequence[str], rows: Sequence[Row]) -> bytes:
        encode = self._encode
        lines = [
            encode({name: cell for name, cell in zip(names, row, strict=True) if cell is not None}) for row in rows
        ]
        return b"\n".join(lines) + b"\n" if lines else b""
