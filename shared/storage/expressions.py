"""Conditions, changes and items as DynamoDB's API spells them, pure.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.storage.table import Absent, AllOf, AnyOf, Between, Change, Compare, Condition, Item, Key, Present, Value
from shared.storage.values import kind

_ALWAYS = AnyOf((Present("pk"), Absent("pk")))
_NEVER = AllOf((Present("pk"), Absent("pk")))


class Placeholders:
    """Names and values of one request, each behind a placeholder: no name is a reserved word, no value is part of the text."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        """`#0` for the attribute, the same each time."""
        return self._names.setdefault(name, f"#{len(self._names)}")

    def value(self, value: Value) -> str:
        """`:0` for a value, a new one each time."""
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = attribute_value(value)
        return placeholder

    def parameters(self) -> dict[str, Any]:
        """The two parameters of the request; an empty one is left out, as DynamoDB wants it."""
        names = {"ExpressionAttributeNames": {placeholder: name for name, placeholder in self._names.items()}}
        values = {"ExpressionAttributeValues": self._values}
        return (names if self._names else {}) | (values if self._values else {})


def condition_expression(condition: Condition, placeholders: Placeholders) -> str:
    """The condition as text. A `Between` is spelt as two comparisons, for DynamoDB refuses bounds in the wrong order instead of saying no."""
    match condition:
        case Absent(name):
            return f"attribute_not_exists({placeholders.name(name)})"
        case Present(name):
            return f"attribute_exists({placeholders.name(name)})"
        case Compare(name, sign, value):
            return f"{placeholders.name(name)} {sign} {placeholders.value(value)}"
        case Between(name, low, high):
            both = AllOf((Compare(name, ">=", low), Compare(name, "<=", high)))
            return condition_expression(both, placeholders)
        case AllOf(conditions):
            return _group(" AND ", conditions or (_ALWAYS,), placeholders)
        case AnyOf(conditions):
            return _group(" OR ", conditions or (_NEVER,), placeholders)


def _group(word: str, conditions: tuple[Condition, ...], placeholders: Placeholders) -> str:
    """In parentheses, but not twice: DynamoDB refuses redundant ones."""
    texts = [condition_expression(each, placeholders) for each in conditions]
    return texts[0] if len(texts) == 1 else f"({word.join(texts)})"


def update_expression(change: Change, placeholders: Placeholders) -> str:
    """The change as text; empty when it changes nothing."""
    clauses = (
        ("SET", [f"{placeholders.name(name)} = {placeholders.value(value)}" for name, value in change.set.items()]),
        ("ADD", _pairs(change.increase, placeholders) + _pairs(change.include, placeholders)),
        ("DELETE", _pairs(change.exclude, placeholders)),
        ("REMOVE", [placeholders.name(name) for name in change.remove]),
    )
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses if parts)


def _pairs(values: Mapping[str, Value], placeholders: Placeholders) -> list[str]:
    return [f"{placeholders.name(name)} {placeholders.value(value)}" for name, value in values.items()]


def attribute_values(item: Item) -> dict[str, Any]:
    """A canonical item for PutItem."""
    return {name: attribute_value(value) for name, value in item.items()}


def key_values(key: Key) -> dict[str, Any]:
    """The key for GetItem and its like."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def attribute_value(value: Value) -> dict[str, Any]:
    """`5` is `{"N": "5"}`. Bytes stay bytes: JSON is written with them in base64, which is what DynamoDB reads."""
    letters = kind(value)
    match value:
        case None:
            return {letters: True}
        case bool() | str() | bytes():
            return {letters: value}
        case int() | Decimal():
            return {letters: str(value)}
        case frozenset():
            return {letters: sorted(value)}
        case Mapping():
            return {letters: {name: attribute_value(member) for name, member in value.items()}}
        case _:
            return {letters: [attribute_value(member) for member in value]}


def item_from(values: Mapping[str, Any]) -> Item:
    """The item that DynamoDB gives back."""
    return {name: _value_from(value) for name, value in values.items()}


def _value_from(typed: Mapping[str, Any]) -> Value:
    ((letters, value),) = typed.items()
    match letters:
        case "S" | "BOOL":
            plain: str | bool = value
            return plain
        case "N":
            return _number_from(value)
        case "B":
            return b64decode(value) if isinstance(value, str) else bytes(value)
        case "SS":
            return frozenset(value)
        case "M":
            return {name: _value_from(member) for name, member in value.items()}
        case "L":
            return [_value_from(member) for member in value]
        case "NULL":
            return None
        case _:
            raise ValueError(f"the table holds a value of type {letters}, which is none of ours")


def _number_from(text: str) -> int | Decimal:
    if text.lstrip("-").isdigit():
        return int(text)
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else exact
