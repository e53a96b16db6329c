"""A wrong type reads as absent."""

from typing import Any

import pytest

from shared.chat.request import ToolCall
from shared.dialects.arguments import arguments
from shared.dialects.lenient import find_count, find_text, record, records, text


@pytest.mark.parametrize("value", [None, 7, [], True, {"a": 1}])
def test_what_is_no_text_says_nothing(value: Any) -> None:
    assert (text(value), find_text(value)) == ("", None)


@pytest.mark.parametrize(
    ("value", "count"), [(7, 7), (0, 0), (7.0, 7), (7.5, None), (True, None), ("7", None), (None, None)]
)
def test_a_count_is_a_whole_number(value: Any, count: int | None) -> None:
    assert find_count(value) == count


def test_objects_are_taken_and_others_left() -> None:
    assert (record([1]), record({"a": 1}), records([1, {"a": 1}, None]), records({"a": 1})) == (
        {},
        {"a": 1},
        [{"a": 1}],
        [],
    )


@pytest.mark.parametrize(("said", "value"), [("", {}), (" \n", {}), ("{}", {}), ('{"a": 1}', {"a": 1})])
def test_no_arguments_are_an_empty_object(said: str, value: dict[str, Any]) -> None:
    """Trap 38."""
    assert arguments(ToolCall("id", "f", said), "messages[0]") == value
