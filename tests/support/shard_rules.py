"""What a distributed PostgreSQL (Citus) refuses, as far as a plain one's catalog and the statements' text tell it.

The rules are those of Citus 13 (its checks of indexes, foreign keys, triggers and of modifying statements): a unique
key of a distributed table has the distribution column; a foreign key from one leads to rows on the same machine or to a
table that every machine has; no triggers; nothing in DO UPDATE that is not IMMUTABLE; no new value for the distribution
column; FOR UPDATE and FOR SHARE within one shard alone.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from storage.bridge import Connection
from storage.sharding import DISTRIBUTED, ONE_NODE, REFERENCE

STORAGE: Final = Path(__file__).parents[2] / "storage"

# Partitions are of their parent's class; an index of their own counts like one of the parent's.
_TABLES: Final = """
SELECT DISTINCT coalesce(pg_partition_root(oid), oid)::regclass::text FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
"""
_COLUMNS: Final = """
SELECT c.oid::regclass::text, coalesce(pg_partition_root(c.oid), c.oid)::regclass::text, attname::text,
       format_type(atttypid, atttypmod), coalesce(collname::text, ''), attnotnull
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_collation o ON o.oid = attcollation
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
"""
_UNIQUE: Final = """
SELECT indexrelid::regclass::text, coalesce(pg_partition_root(indrelid), indrelid)::regclass::text,
       array(SELECT attname::text FROM unnest(indkey::smallint[]) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = indrelid AND attnum = number WHERE place <= indnkeyatts)
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = current_schema()::regnamespace AND (indisunique OR indisexclusion)
"""
_FOREIGN: Final = """
SELECT conname::text, coalesce(pg_partition_root(conrelid), conrelid)::regclass::text,
       coalesce(pg_partition_root(confrelid), confrelid)::regclass::text,
       array(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
       array(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
             JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place)
FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""
_TRIGGERS: Final = """
SELECT tgname::text, tgrelid::regclass::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
"""
_SEQUENCES: Final = """
SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace
"""
_NOT_IMMUTABLE: Final = "SELECT DISTINCT proname::text FROM pg_proc WHERE provolatile <> 'i' AND proname = ANY ($1)"

_STATEMENT: Final = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|MERGE INTO)\b")
_ON_CONFLICT: Final = re.compile(r"\bDO UPDATE\b(.*)", re.DOTALL)
_INSERT: Final = re.compile(r"\bINSERT INTO (\w+)(?: AS \w+)?\s*(?:\(([^)]*)\))?")
_UPDATE: Final = re.compile(
    r"(?<!DO )\bUPDATE (\w+)(?: AS)?(?: (?!SET\b)\w+)?\s+SET\b(.*?)(?:\bWHERE\b|\bFROM\b|$)", re.DOTALL
)
_SET: Final = re.compile(r"(?:^|,)\s*(\w+)\s*=")
_CALL: Final = re.compile(r"\b([a-z_]\w*)\s*\(")
_VALUE_FUNCTION: Final = re.compile(r"\b(current_(?:date|time|timestamp|user|role|schema)|localtime(?:stamp)?)\b", re.I)
_ROW_LOCK: Final = re.compile(r"\bFOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b")
_WITHIN_ONE_SHARD: Final = re.compile(r"\b(WITH RECURSIVE|TABLESAMPLE|GROUPING SETS|MERGE INTO|CUBE ?\(|ROLLUP ?\()")


async def of_schema(connection: Connection) -> list[str]:
    """A sentence for each thing in the current schema that would be refused, or that nobody has thought about."""
    tables = {str(name) for (name,) in await connection.fetch(_TABLES)}
    found = [f"table {name} is in no class of storage/sharding.py" for name in tables - _known()]
    found += [f"storage/sharding.py speaks of {name}, which is no table" for name in _known() - tables]
    found += _columns(await connection.fetch(_COLUMNS))
    for index, table, columns in await connection.fetch(_UNIQUE):
        if table in DISTRIBUTED and DISTRIBUTED[table] not in columns:
            found.append(f"unique index {index} of {table} is without {DISTRIBUTED[table]}")
    found += [sentence for row in await connection.fetch(_FOREIGN) for sentence in _foreign(*row)]
    found += [f"trigger {name} on {table}" for name, table in await connection.fetch(_TRIGGERS)]
    found += [f"sequence {name}: a number that all machines would wait for" for (name,) in await _sequences(connection)]
    return sorted(found)


async def of_statements(connection: Connection, statements: Mapping[str, str]) -> list[str]:
    """The same of statements, by where each stands; the connection tells which functions are not IMMUTABLE."""
    found = []
    for where, text in statements.items():
        calls = {name for clause in _ON_CONFLICT.findall(text) for name in _CALL.findall(clause)}
        mutable = [name for (name,) in await connection.fetch(_NOT_IMMUTABLE, sorted(calls))]
        mutable += [name for clause in _ON_CONFLICT.findall(text) for name in _VALUE_FUNCTION.findall(clause)]
        found += [f"{where}: {name} in DO UPDATE is not IMMUTABLE" for name in sorted(mutable)]
        found += [f"{where}: {sentence}" for sentence in _statement(text)]
    return found


def shipped_statements() -> dict[str, str]:
    """File and line -> every statement in storage/."""
    return {
        f"{path.relative_to(STORAGE)}:{line}": text
        for path in sorted(STORAGE.rglob("*.py"))
        for line, text in _strings(path)
        if _STATEMENT.search(text)
    }


def _known() -> set[str]:
    return DISTRIBUTED.keys() | REFERENCE | ONE_NODE.keys()


async def _sequences(connection: Connection) -> Sequence[Sequence[str]]:
    return await connection.fetch(_SEQUENCES)


def _columns(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    seen = set()
    for name, root, column, kind, collation, not_null in rows:
        if DISTRIBUTED.get(str(root)) != column:
            continue
        seen.add(root)
        if (kind, collation) != ("text", "default"):
            yield f"{name}.{column} is {kind} with the collation {collation!r}, not text of the default one"
        if not not_null:
            yield f"{name}.{column} may be null, and then belongs to no shard"
    for table in DISTRIBUTED.keys() & {str(row[1]) for row in rows} - seen:
        yield f"{table} has no column {DISTRIBUTED[table]}"


def _foreign(name: str, table: str, referenced: str, columns: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    if referenced in REFERENCE:
        return
    if table in ONE_NODE and referenced in ONE_NODE:
        return
    if table in DISTRIBUTED and referenced in DISTRIBUTED:
        pair = DISTRIBUTED[table], DISTRIBUTED[referenced]
        if pair in zip(columns, others, strict=True):
            return
    yield f"foreign key {name} from {table} to {referenced} may lead to another machine"


def _statement(text: str) -> Iterator[str]:
    spoken_of = {table for table in DISTRIBUTED if re.search(rf"\b{table}\b", text)}
    for table, columns in _INSERT.findall(text):
        if table in DISTRIBUTED and DISTRIBUTED[table] not in re.findall(r"\w+", columns):
            yield f"INSERT INTO {table} does not name {DISTRIBUTED[table]}"
    changes = list(_UPDATE.findall(text))
    inserted = [table for table, _ in _INSERT.findall(text)]
    changes += [(inserted[-1], clause.partition("SET")[2]) for clause in _ON_CONFLICT.findall(text) if inserted]
    for table, clause in changes:
        if table in DISTRIBUTED and DISTRIBUTED[table] in _SET.findall(clause):
            yield f"UPDATE {table} moves a row to another {DISTRIBUTED[table]}"
    if spoken_of and (lock := _ROW_LOCK.search(text)):
        yield f"{lock[0]} beside {', '.join(sorted(spoken_of))}"
    if spoken_of and (only := _WITHIN_ONE_SHARD.search(text)):
        yield f"{only[0].strip(' (')} over {', '.join(sorted(spoken_of))}"


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
