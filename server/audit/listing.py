"""The inventory in the order and grouping in which people read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from server.audit.database import DATABASE
from server.audit.facts import Fact, Kind
from storage.inventory import Column


@dataclass(frozen=True, slots=True)
class Line:
    """Neighbouring columns of one table that are the same to a listener."""

    table: str
    columns: tuple[str, ...]
    fact: Fact | None  # None: nobody has described them


def described() -> list[Column]:
    """Every column the inventory knows, as a catalog would tell them."""
    return [Column(table, column) for table, column in DATABASE]


def lines(columns: Iterable[Column]) -> tuple[list[Line], int]:
    """What may say something about a listener or is not described, and how many columns say nothing."""
    told = [(column, DATABASE.get((column.table, column.column))) for column in columns]
    kept = [(column, fact) for column, fact in told if fact is None or fact.kind is not Kind.NOTHING]
    grouped = groupby(kept, lambda entry: (entry[0].table, entry[1]))
    made = [Line(table, tuple(column.column for column, _ in group), fact) for (table, fact), group in grouped]
    return made, len(told) - len(kept)
