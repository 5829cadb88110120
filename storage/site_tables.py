"""Reads the site's own tables, in the site's own PostgreSQL, by the operator's own query."""

from collections.abc import Sequence
from typing import Final

from storage.bridge import Connection, StatementError

__all__ = ["StatementError", "read"]

_READ_ONLY: Final = "SET TRANSACTION READ ONLY"
_AT_MOST: Final = "SELECT set_config('statement_timeout', $1, true)"
# The query is the operator's, as a part of the configuration. Inside a SELECT it can be one query alone; the line
# breaks are for one that ends in a comment. As JSON: a row names its columns, and values come as text can show them.
_ROWS: Final = "SELECT to_jsonb(feed)::text FROM (\n{query}\n) AS feed LIMIT $1"


async def read(connection: Connection, query: str, most_rows: int, most_s: float) -> Sequence[str]:
    """Rows as JSON objects, in a transaction that cannot write and a time it cannot exceed. Raises StatementError."""
    await connection.execute(_READ_ONLY)
    await connection.execute(_AT_MOST, f"{int(most_s)}s")
    rows = await connection.fetch(_ROWS.format(query=query.strip().rstrip(";")), most_rows)
    return [str(row[0]) for row in rows]
