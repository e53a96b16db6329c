"""Every trap and every threat that is ours today is named by a test. Whether the test proves it, only a reader can say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TRAPS = {str(number) for number in (*range(1, 59), *range(65, 75))}
THREATS = {
    *(f"K{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9)),
    *(f"E{number}" for number in (1, 2, 3, 4, 5, 7, 8)),
    *(f"H{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 11)),
    "I11",
}

_ASIDE = re.compile(r"\s*\([^)]*\)")
_ID = r"[EHIK]?\d+"
_NAMED = re.compile(rf"\b(?:traps?|threats?)\s+({_ID}(?:(?:, and |, | and | to ){_ID})*)", re.IGNORECASE)
_RANGE = re.compile(r"(\d+) to (\d+)")


def named(source: str) -> Iterator[str]:
    """The ids in sentences such as `Traps 1 to 3, 24 and 40` or `Threats H5 (depth), H6`."""
    for found in _NAMED.finditer(_ASIDE.sub("", source)):
        for first, last in _RANGE.findall(found[1]):
            yield from map(str, range(int(first), int(last) + 1))
        yield from re.findall(_ID, found[1])


@pytest.mark.parametrize(
    ("sentence", "ids"),
    [
        ("Trap 12.", {"12"}),
        ("Traps 24, 40", {"24", "40"}),
        ("Traps 6 and 7; trap 9", {"6", "7", "9"}),
        ("Traps 1 to 3, 5, and 8: whole", {"1", "2", "3", "5", "8"}),
        ("Traps 38 (no arguments are `{}`), 52 (byte-exact), 44", {"38", "52", "44"}),
        ("threats H5 and H6; Threats K6, K8, K9: nowhere", {"H5", "H6", "K6", "K8", "K9"}),
        ("trapped 4, and threatened by H1", set()),
    ],
)
def test_sentences_name_ids(sentence: str, ids: set[str]) -> None:
    assert set(named(sentence)) == ids


def test_every_trap_and_every_threat_is_named_by_a_test() -> None:
    sources = [file for file in TESTS.rglob("test_*.py") if file != Path(__file__)]
    found = {name for file in sources for name in named(file.read_text(encoding="utf-8"))}

    assert not sorted((TRAPS | THREATS) - found)
