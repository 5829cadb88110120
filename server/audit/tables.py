"""Searches the database: every value of every column that may hold text or bytes, read as a stream.

It runs on the connections' side (storage/bridge/). Needles stay in this process: PostgreSQL, which publishes and
may log statements, never hears of them.
"""

from collections.abc import Callable, Sequence
from functools import partial

from server.audit.database import DATABASE
from server.audit.facts import Fact, Kind
from server.audit.findings import Findings
from server.audit.search import Search
from storage import inventory
from storage.bridge import Database, Row
from storage.inventory import Column, Source


async def search_tables(
    database: Database, search: Search, findings: Findings, report: Callable[[int, int], None]
) -> None:
    """All of them, each in a transaction of its own; `report` gets bytes, done and in all."""
    _tell_undescribed(await database.run(inventory.columns), findings)
    sources = await database.run(inventory.sources)
    total, done = sum(source.size for source in sources), 0
    for source in sources:
        reader = _Reader(source, search, findings, partial(_within, report, done, source.size, total))
        await database.transaction(inventory.stream, source, reader.take)
        done += source.size
        report(done, total)
    await _search_statistics(database, search, findings, {source.relation: source.table for source in sources})


def undescribed(columns: Sequence[Column]) -> list[Column]:
    """Those the inventory says nothing about."""
    return [column for column in columns if (column.table, column.column) not in DATABASE]


def _tell_undescribed(columns: Sequence[Column], findings: Findings) -> None:
    ours = {table for table, _ in DATABASE}
    unknown = undescribed(columns)
    for column in unknown:
        if column.table in ours:
            findings.add(f"{column.table}.{column.column}", "a column nobody has described")
    for table in sorted({column.table for column in unknown} - ours):
        findings.note(table, "a table that is not Tonearm's, searched as well")


class _Reader:
    """Takes a relation's rows as they come."""

    def __init__(self, source: Source, search: Search, findings: Findings, report: Callable[[int], None]) -> None:
        self._columns = [
            (f"{source.relation}.{column}", DATABASE.get((source.table, column))) for column in source.columns
        ]
        self._search = search
        self._findings = findings
        self._report = report
        self._bytes = 0

    def take(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for cell, (place, fact) in zip(row, self._columns, strict=True):
                if cell is not None:
                    self._bytes += len(cell)
                    search_cell(place, fact, cell, self._search, self._findings)
        self._findings.rows += len(rows)
        self._report(self._bytes)


def search_cell(place: str, fact: Fact | None, cell: str | bytes, search: Search, findings: Findings) -> None:
    """By what the column is; one that nobody has described is searched by the strictest rule."""
    if fact is not None and fact.kind is Kind.TEXT:
        search.written_by_site(place, cell, findings)
        return
    for match in search.in_cell(cell, is_uuid=fact is not None and fact.is_uuid):
        findings.add(place, match.what)


async def _search_statistics(database: Database, search: Search, findings: Findings, tables: dict[str, str]) -> None:
    for kept in await database.run(inventory.statistics):
        fact = DATABASE.get((tables.get(kept.relation, kept.relation), kept.column))
        search_cell(f"pg_stats of {kept.relation}.{kept.column}", fact, kept.values, search, findings)


def _within(report: Callable[[int, int], None], done: int, size: int, total: int, read: int) -> None:
    """A relation is never more than done: values may be stored in fewer bytes than they have."""
    report(done + min(read, size), total)
