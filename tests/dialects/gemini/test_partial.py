"""Arguments that come in pieces. Trap 43."""

from typing import Any

import pytest

from shared.dialects.gemini.partial import put


@pytest.mark.parametrize(
    ("pieces", "arguments"),
    [
        ([("$.a", "x"), ("$.a", "y")], {"a": "xy"}),
        ([("$.a.b[1].c", 1.5)], {"a": {"b": [None, {"c": 1.5}]}}),
        ([("$.a[0][1]", True)], {"a": [[None, True]]}),
        ([("$['a b']", "x"), ("$['a b']", 7)], {"a b": 7}),
        ([("$.a", "x"), ("$.a.b", "y")], {"a": "x"}),
        ([("$.a[0]", "x"), ("$.a.b", "y")], {"a": ["x"]}),
        ([("$", "x"), ("", "x"), (7, "x"), ("$[0]", "x")], {}),
    ],
)
def test_each_piece_goes_where_its_path_says(pieces: list[tuple[Any, Any]], arguments: dict[str, Any]) -> None:
    root: dict[str, Any] = {}
    for path, value in pieces:
        kind = {str: "stringValue", float: "numberValue", int: "numberValue", bool: "boolValue"}[type(value)]
        put(root, {"jsonPath": path, kind: value})

    assert root == arguments


def test_a_null_is_set() -> None:
    root = {"a": "x"}
    put(root, {"jsonPath": "$.a", "nullValue": "NULL_VALUE"})

    assert root == {"a": None}
