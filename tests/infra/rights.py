"""What a role may do, as IAM would judge by its policies: allowed only where a statement says so and none denies it. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.conftest import Synthesised

type Json = dict[str, Any]


def role_of(house: Synthesised, door: str) -> str:
    """The logical id of the role that the door's function assumes."""
    arn = house.functions()[door]["Role"]
    return str(arn["Fn::GetAtt"][0])


def statements(house: Synthesised, role: str) -> Iterator[Json]:
    """Everything that is attached to the role."""
    own = house.template["Resources"][role]["Properties"]
    assert "ManagedPolicyArns" not in own, "its rights are not all said here"
    for policy in own.get("Policies", ()):
        yield from policy["PolicyDocument"]["Statement"]
    for policy in house.of("AWS::IAM::Policy").values():
        if {"Ref": role} in policy["Properties"]["Roles"]:
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(house: Synthesised, door: str) -> set[str]:
    """Every action that some statement allows."""
    return {action for each in statements(house, role_of(house, door)) for action in listed(each["Action"])}


def may(house: Synthesised, door: str, action: str, resource: Any, context: Mapping[str, str] | None = None) -> bool:
    """Whether the door may do that with the resource, where the request carries that context."""
    effects = {
        each["Effect"]
        for each in statements(house, role_of(house, door))
        if any(fnmatchcase(action, pattern) for pattern in listed(each["Action"]))
        and resource in listed(each["Resource"])
        and _holds(each.get("Condition", {}), context or {})
    }
    return effects == {"Allow"}


def _holds(condition: Json, context: Mapping[str, str]) -> bool:
    """`ForAnyValue` and `ForAllValues` of one value are that value: an item operation has one leading key. Of none, all are what you like."""
    assert set(condition) <= {*_OPERATORS}, "this judge knows no other operator"
    return all(
        _OPERATORS[operator](context.get(name), listed(value))
        for operator, operands in condition.items()
        for name, value in operands.items()
    )


def _is_like(value: str | None, patterns: list[str]) -> bool:
    return value is None or any(fnmatchcase(value, pattern) for pattern in patterns)


def _is_one_of(value: str | None, values: list[str]) -> bool:
    return value in values


_OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "StringEquals": _is_one_of,
    "ForAnyValue:StringEquals": _is_one_of,
    "ForAllValues:StringLike": _is_like,
}
