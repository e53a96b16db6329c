"""Rows as comma-separated values, as RFC 4180 has them, which no spreadsheet takes for formulas. Pure.

A cell of text that a spreadsheet would run begins with an apostrophe: ASVS 5.0, 1.2.10; https://owasp.org/www-community/attacks/CSV_Injection (2026-11).
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Final

type Cell = str | int | float | Decimal | None

_RUN: Final = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - the wide forms run too


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> bytes:
    """A line of names, then a line for each row; what is None is empty. UTF-8."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value[:1] in _RUN and value else value
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
