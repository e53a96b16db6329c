"""Rows as a spreadsheet reads them."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.insight.spreadsheet import write_csv


def read(written: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(written.decode(), newline="")))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"])  # noqa: RUF001 - wide forms
def test_no_cell_of_text_is_a_formula(first: str) -> None:
    (_, (cell,)) = read(write_csv(["model"], [{"model": f"{first}cmd|' /c calc'!A1"}]))

    assert cell.startswith("'")


@given(texts=st.lists(st.text(st.sampled_from("a=,;\"'\r\n é"), max_size=6), min_size=1, max_size=5))
def test_every_cell_reads_back_whatever_it_holds(texts: list[str]) -> None:
    columns = [str(number) for number in range(len(texts))]
    head, cells = read(write_csv(columns, [dict(zip(columns, texts, strict=True))])) if any(texts) else (columns, texts)

    assert head == columns
    assert [cell.removeprefix("'") for cell in cells] == [text.removeprefix("'") for text in texts]


def test_numbers_are_written_whole_and_nothing_is_empty() -> None:
    written = write_csv(["a", "b", "c", "d"], [{"a": 12, "b": Decimal("1E-10"), "c": None}])

    assert written == b"a,b,c,d\r\n12,0.0000000001,,\r\n"
