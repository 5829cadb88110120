"""Searches what waits in the spools, decoded: SQLite cuts long rows into pages, so a plain look at the file can miss.

The files themselves are searched as all others are. Reading changes nothing and is no obstacle to a running service.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from actors.events import Event, decode
from server.audit.findings import Findings
from server.audit.search import Search

_READ: Final = "SELECT seq, payload FROM batch ORDER BY seq"


def search_spools(data_dir: Path, search: Search, findings: Findings) -> None:
    """Every spool of the data directory."""
    for path in sorted(data_dir.glob("spool-*.sqlite")):
        try:
            for seq, payload in _rows(path):
                _search_row(path.name, seq, payload, search, findings)
        except sqlite3.Error as error:
            findings.unread.append(f"{path} cannot be read as a spool: {error}.")


def _rows(path: Path) -> Iterator[tuple[int, bytes]]:
    # Without a write-ahead file nobody holds it; SQLite would make one only to read.
    how = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=10)) as connection:
        yield from connection.execute(_READ)


def _search_row(name: str, seq: int, payload: bytes, search: Search, findings: Findings) -> None:
    try:
        events = decode(payload)
    except msgspec.DecodeError:
        findings.unread.append(f"{name}, row {seq} cannot be decoded by this version.")
        return
    findings.events += len(events)
    for event in events:
        _search_event(f"{name}, row {seq}", event, search, findings)


def _search_event(place: str, event: Event, search: Search, findings: Findings) -> None:
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if not isinstance(value, str | bytes):
            continue  # moments and numbers
        if field.endswith("_key"):
            search.written_by_site(f"{place}, {field}", value, findings)
        else:
            for match in search.in_cell(value):
                findings.add(f"{place}, {field}", match.what)
