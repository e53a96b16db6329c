"""What conditions and changes mean, pure. The SQLite engine and the fake carry them out with this; DynamoDB is held against it in the tests.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, Inexact
from typing import Any

from shared.errors import InvalidRequest
from shared.storage.table import (
    Absent,
    AllOf,
    AnyOf,
    Between,
    Change,
    Compare,
    Condition,
    Item,
    Key,
    Present,
    Value,
)
from shared.storage.values import EXACT, canonical, canonical_members, kind, number

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED_KINDS = frozenset({"N", "S", "B"})


def holds(condition: Condition, item: Item | None) -> bool:
    """Whether the condition holds of the item, or of nothing lying there. Raises ValueError for a condition DynamoDB would not take."""
    match condition:
        case Compare(name, sign, value):
            return _compare(item, name, sign, value)
        case Between(name, low, high):
            return _compare(item, name, ">=", low) and _compare(item, name, "<=", high)
        case Absent(name):
            return item is None or name not in item
        case Present(name):
            return item is not None and name in item
        case AllOf(conditions):
            return all(holds(each, item) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, item) for each in conditions)


def check_condition(condition: Condition) -> None:
    """Raises ValueError for an operator that is not one, or an order of what has none."""
    match condition:
        case Compare(name, sign, value):
            _check_compare(name, sign, value)
        case Between(name, low, high):
            _check_compare(name, ">=", low)
            _check_compare(name, "<=", high)
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                check_condition(each)
        case _:
            pass


def _check_compare(name: str, sign: str, value: Value) -> None:
    if sign in ("=", "<>"):
        return
    if sign not in _ORDERINGS:
        raise ValueError(f"{sign!r} does not compare {name}: use =, <>, <, <=, > or >=")
    if kind(value) not in _ORDERED_KINDS:
        raise ValueError(f"{name} cannot be ordered against a {type(value).__name__}: only numbers, text and bytes can")


def _compare(item: Item | None, name: str, sign: str, value: Value) -> bool:
    there = item is not None and name in item
    if sign == "<>":
        return not there or not _same(item[name], value)  # type: ignore[index]  # `there` says it is one
    if not there:
        return False
    mine = item[name]  # type: ignore[index]  # the same
    if sign == "=":
        return _same(mine, value)
    return kind(mine) == kind(value) and _ORDERINGS[sign](mine, value)


def _same(mine: Value, other: Value) -> bool:
    """Equal in type and value, all the way down: in Python True equals 1, here it does not."""
    if kind(mine) != kind(other):
        return False
    match mine, other:
        case (Mapping(), Mapping()):
            return mine.keys() == other.keys() and all(_same(mine[name], other[name]) for name in mine)
        case (list() | tuple(), Sequence()):
            return len(mine) == len(other) and all(map(_same, mine, other))
        case _:
            return mine == other


def canonical_change(change: Change) -> Change:
    """The change with canonical values, copied. Raises ValueError where a name stands twice or is the key's, else as `canonical` does."""
    names = [*change.set, *change.increase, *change.include, *change.exclude, *(removed := tuple(change.remove))]
    if len(names) != len(set(names)):
        raise ValueError("an attribute stands in two parts of one change")
    if "expires_at" in names and "expires_at" not in change.set and "expires_at" not in removed:
        raise ValueError("expires_at is set or removed, not counted")
    if "pk" in names or "sk" in names:
        raise ValueError("a change cannot move an item: delete it and put another")
    return Change(
        set=canonical_members(change.set),
        increase={name: number(by, name) for name, by in change.increase.items()},
        include={name: _members(name, members) for name, members in change.include.items() if members},
        exclude={name: _members(name, members) for name, members in change.exclude.items() if members},
        remove=removed,
    )


def _members(name: str, members: frozenset[str]) -> frozenset[str]:
    return frozenset(canonical(members, name))  # type: ignore[arg-type]  # a set of text is a set of text again


def applied(change: Change, item: Item | None, key: Key) -> Item:
    """The item after a canonical change; of nothing, a new item. Raises ValueError where the change does not fit what lies there."""
    after: Item = dict(item) if item is not None else {"pk": key.pk, "sk": key.sk}
    after.update(change.set)
    for name, by in change.increase.items():
        after[name] = _increased(after.get(name, 0), by, name)
    for name, members in change.include.items():
        after[name] = _set_at(after, name) | members
    for name, members in change.exclude.items():
        _keep(after, name, _set_at(after, name) - members)
    for name in change.remove:
        after.pop(name, None)
    return after


def _increased(value: Value, by: int | Decimal, name: str) -> int | Decimal:
    if kind(value) != "N":
        raise ValueError(f"{name} is no number: it cannot be increased")
    if type(value) is int and type(by) is int:
        return number(value + by, name)
    try:
        return number(EXACT.add(Decimal(value), Decimal(by)), name)  # type: ignore[arg-type]  # `kind` said it is one
    except Inexact as error:
        raise InvalidRequest(f"{name} would need more than 38 digits", parameter=name) from error


def _set_at(item: Item, name: str) -> frozenset[str]:
    value = item.get(name, frozenset())
    if not isinstance(value, frozenset):
        raise ValueError(f"{name} is no set of text: it has no members")  # noqa: TRY004 - as every change that does not fit
    return value


def _keep(item: Item, name: str, members: frozenset[str]) -> None:
    """An empty set is no attribute."""
    if members:
        item[name] = members
    else:
        item.pop(name, None)
