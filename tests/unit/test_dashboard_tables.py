"""A table as a file: what a spreadsheet and a program read out of it is what was counted."""

import csv
import io
from datetime import date

import pytest

from server.dashboard.tables import Cell, Column, Table

COLUMNS = (Column("Title", "title", "text"), Column("Plays", "plays"), Column("Completion", "completionRate", "rate"))


def written(*rows: list[Cell]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(Table("t", "T", COLUMNS, rows).as_csv(), newline="")))


def test_the_first_row_names_the_fields() -> None:
    assert [["title", "plays", "completionRate"]] == written()


@pytest.mark.parametrize("title", ['He said "go"', "one, two", "two\nlines", " spaced ", "日本", "🎷"])
def test_a_title_comes_out_as_it_went_in(title: str) -> None:
    assert [title, "1", "0.5"] == written([title, 1, 0.5])[1]


FULL_WIDTH = ["\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "  @", *FULL_WIDTH, "'="])
def test_no_title_is_a_formula_to_a_spreadsheet(sign: str) -> None:
    assert f"'{sign}cmd|'/c calc'!A1" == written([f"{sign}cmd|'/c calc'!A1", 1, 1.0])[1][0]


def test_a_negative_number_is_no_formula() -> None:
    assert "-3" == written(["a", -3, 0.0])[1][1]


def test_what_is_not_known_is_an_empty_field_and_nothing_counted_is_a_nought() -> None:
    assert ["a", "0", ""] == written(["a", 0, None])[1]


def test_a_day_is_written_as_iso_8601() -> None:
    table = Table("t", "T", [Column("Day", "start", "date")], [[date(2026, 3, 1)]])
    assert "start\r\n2026-03-01\r\n" == table.as_csv()


def test_picked_columns_keep_their_order_and_rows() -> None:
    table = Table("t", "T", COLUMNS, [["a", 1, 0.5], ["b", 2, None]]).picked("plays", "title")
    assert (["plays", "title"], [[1, "a"], [2, "b"]]) == ([column.field for column in table.columns], table.rows)
