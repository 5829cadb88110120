"""What the database consists of, read from its catalog: every table and column, and their values as a stream.

Nothing here knows what a table is for; a column that was added yesterday is listed like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from storage.bridge import Connection, Row

# A table of a schema that is not the current one is named with its schema. Partitions are their parent's.
_COLUMNS: Final = """
SELECT CASE n.nspname WHEN current_schema() THEN '' ELSE n.nspname || '.' END || c.relname, a.attname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY 1, a.attnum
"""
# Everything that holds rows, with the columns that are neither numbers nor times nor truth values: bytea as it is,
# the rest as text. format() quotes the names; the cursor is named after the relation, since a statement is prepared
# once and would expect the columns of another.
_SOURCES: Final = """
SELECT CASE n.nspname WHEN current_schema() THEN '' ELSE n.nspname || '.' END || c.relname,
       coalesce((SELECT parent.relname FROM pg_class parent WHERE parent.oid = pg_partition_root(c.oid)), c.relname),
       array_agg(a.attname::text ORDER BY a.attnum),
       format('DECLARE %I NO SCROLL CURSOR FOR SELECT %s FROM %I.%I', 'reading_' || c.oid,
              string_agg(format(CASE a.atttypid WHEN 'bytea'::regtype THEN '%I' ELSE '%I::text' END, a.attname), ', '
                         ORDER BY a.attnum), n.nspname, c.relname),
       format('FETCH 2000 FROM %I', 'reading_' || c.oid),
       pg_table_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory NOT IN ('N', 'D', 'T', 'B')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
GROUP BY c.oid, n.nspname, c.relname ORDER BY 1
"""
# ANALYZE copies values out of the tables, into a table that is logged and backed up.
_STATISTICS: Final = """
SELECT tablename, attname,
       concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text)
FROM pg_stats WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; a partitioned table is one table."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Source:
    """A relation with rows in it, one partition where there are several."""

    relation: str
    table: str  # the partitioned table, or the relation itself
    columns: tuple[str, ...]  # those `stream` reads
    declare: str
    fetch: str
    size: int  # bytes on disk, without indexes


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the planner's statistics keep of one column's values, as one text."""

    relation: str
    column: str
    values: str


async def columns(connection: Connection) -> Sequence[Column]:
    """Every column of every table, PostgreSQL's own aside."""
    return [Column(str(table), str(column)) for table, column in await connection.fetch(_COLUMNS)]


async def sources(connection: Connection) -> Sequence[Source]:
    """Every relation with a column that may hold text or bytes."""
    return [
        Source(str(row[0]), str(row[1]), tuple(row[2]), str(row[3]), str(row[4]), int(row[5]))
        for row in await connection.fetch(_SOURCES)
    ]


async def stream(connection: Connection, source: Source, take: Callable[[Sequence[Row]], None]) -> None:
    """Hand all rows to `take`, 2000 at a time: str, bytes or None in the order of `columns`. Needs a transaction."""
    await connection.execute(source.declare)
    while rows := await connection.fetch(source.fetch):
        take(rows)


async def statistics(connection: Connection) -> Sequence[Statistics]:
    """Of every column that was analysed."""
    return [Statistics(str(row[0]), str(row[1]), str(row[2])) for row in await connection.fetch(_STATISTICS)]
