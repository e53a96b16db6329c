"""docs/faults.md is held by tests: every test that it names is there and says of which fault it is. Whether it proves that, only a reader can say."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"
FAULTS = set(range(1, 34))

_ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_NAMED = re.compile(r"\bfaults? (\d+(?:(?:, and |, | and | to )\d+)*)", re.IGNORECASE)
_RANGE = re.compile(r"(\d+) to (\d+)")


def named(sentence: str) -> Iterator[int]:
    """The numbers in `Fault 12` and `Faults 1 to 3, 7 and 8`."""
    for found in _NAMED.finditer(sentence):
        for first, last in _RANGE.findall(found[1]):
            yield from range(int(first), int(last) + 1)
        yield from map(int, re.findall(r"\d+", found[1]))


@cache
def docstrings(path: Path) -> dict[str, str]:
    """Each function of a file, and what it says of itself."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {function.name: ast.get_docstring(function) or "" for function in functions}


def rows() -> list[tuple[int, list[tuple[str, str]]]]:
    """Each row's number, and the tests that it names."""
    return [(int(number), _TEST.findall(rest)) for number, rest in _ROW.findall(PAGE.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("Fault 9. Trap 69", {9}),
        ("Faults 1 to 3, 7 and 8.", {1, 2, 3, 7, 8}),
        ("by default 5, and faults of others", set()),
    ],
)
def test_sentences_name_faults(sentence: str, numbers: set[int]) -> None:
    assert set(named(sentence)) == numbers


def test_the_page_has_a_row_for_every_fault() -> None:
    assert [number for number, _ in rows()] == sorted(FAULTS)


@pytest.mark.parametrize(("number", "tests"), rows())
def test_every_test_of_a_row_is_there_and_names_the_fault(number: int, tests: list[tuple[str, str]]) -> None:
    missing = [test for file, test in tests if test not in docstrings(TESTS / file)]
    silent = [test for file, test in tests if number not in set(named(docstrings(TESTS / file).get(test, "")))]

    assert tests
    assert not missing
    assert not silent


def test_no_test_names_a_fault_that_is_none() -> None:
    sources = [file for file in TESTS.rglob("test_*.py") if file != Path(__file__)]
    found = {number for file in sources for said in docstrings(file).values() for number in named(said)}

    assert found == FAULTS
