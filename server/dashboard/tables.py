"""Tables: what stands behind each picture, on the page and as CSV. A cell keeps its value until it is written."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from server.cells import guarded

Cell = str | int | float | date | None
Kind = Literal["text", "count", "rate", "decimal", "date", "month"]


@dataclass(frozen=True, slots=True)
class Column:
    """`name` heads it on the page, `field` in the file (the API's name for it)."""

    name: str
    field: str
    kind: Kind = "count"


@dataclass(frozen=True, slots=True)
class Table:
    """`name` tells a page's tables apart in the address of the file."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    def picked(self, *fields: str) -> "Table":
        """The same with these columns only."""
        places = [[column.field for column in self.columns].index(field) for field in fields]
        columns = [self.columns[place] for place in places]
        return Table(self.name, self.caption, columns, [[row[place] for place in places] for row in self.rows])

    def as_csv(self) -> str:
        """RFC 4180, with names in the first row. A value that is not known is an empty field."""
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow([column.field for column in self.columns])
        writer.writerows([_written(cell) for cell in row] for row in self.rows)
        return file.getvalue()


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return guarded(cell.replace("\x00", ""))  # NUL is in no file of text
    return "" if cell is None else str(cell)
