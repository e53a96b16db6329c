"""How conditions, changes and values are spelt for DynamoDB."""

from decimal import Decimal

import pytest

from shared.storage.expressions import (
    Placeholders,
    attribute_value,
    condition_expression,
    item_from,
    update_expression,
)
from shared.storage.table import Absent, AllOf, AnyOf, Between, Change, Compare, Condition, Present


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Absent("a"), "attribute_not_exists(#0)"),
        (Present("a"), "attribute_exists(#0)"),
        (Compare("a", "<", 1), "#0 < :0"),
        (Between("a", 1, 2), "(#0 >= :0 AND #0 <= :1)"),
        (
            AnyOf((Absent("a"), Compare("b", "=", 1), Compare("a", "=", 1))),
            "(attribute_not_exists(#0) OR #1 = :0 OR #0 = :1)",
        ),
        (AllOf((AllOf((AnyOf((Present("a"),)),)),)), "attribute_exists(#0)"),
        (AllOf((AnyOf((Absent("a"), Present("b"))),)), "(attribute_not_exists(#0) OR attribute_exists(#1))"),
        (AllOf(()), "(attribute_exists(#0) OR attribute_not_exists(#0))"),
    ],
)
def test_parentheses_are_never_redundant(condition: Condition, text: str) -> None:
    """DynamoDB: "The expression has redundant parentheses"."""
    assert condition_expression(condition, Placeholders()) == text


def test_a_change_is_one_expression_without_values_in_it() -> None:
    placeholders = Placeholders()
    change = Change(
        set={"name": "x"},
        increase={"n": 1},
        include={"tags": frozenset("b")},
        exclude={"others": frozenset("ca")},
        remove=["old"],
    )

    assert update_expression(change, placeholders) == "SET #0 = :0 ADD #1 :1, #2 :2 DELETE #3 :3 REMOVE #4"
    assert placeholders.parameters() == {
        "ExpressionAttributeNames": {"#0": "name", "#1": "n", "#2": "tags", "#3": "others", "#4": "old"},
        "ExpressionAttributeValues": {
            ":0": {"S": "x"},
            ":1": {"N": "1"},
            ":2": {"SS": ["b"]},
            ":3": {"SS": ["a", "c"]},
        },
    }


def test_a_request_without_placeholders_has_no_empty_parameters() -> None:
    assert Placeholders().parameters() == {}


def test_values_are_typed() -> None:
    assert attribute_value({"a": [None, True, 1, Decimal("1.5"), b"x"]}) == {
        "M": {"a": {"L": [{"NULL": True}, {"BOOL": True}, {"N": "1"}, {"N": "1.5"}, {"B": b"x"}]}}
    }


def test_numbers_and_bytes_are_read_however_they_are_spelt() -> None:
    """boto3 gives bytes, the wire base64; DynamoDB may spell a number with or without exponent."""
    values = {"a": {"N": "1E+3"}, "b": {"N": "-5"}, "c": {"N": "0.50"}, "d": {"B": "eA=="}, "e": {"B": b"x"}}

    assert item_from(values) == {"a": 1000, "b": -5, "c": Decimal("0.5"), "d": b"x", "e": b"x"}


def test_a_type_that_is_none_of_ours_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="NS"):
        item_from({"a": {"NS": ["1"]}})
