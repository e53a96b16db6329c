"""What changed, in the words of the audit log."""

from dataclasses import replace
from decimal import Decimal

from shared.records.changes import LONGEST, differences, members, of_limits, of_token
from shared.records.limits import Limits
from shared.records.token import AccessToken

TOKEN = AccessToken("t", "o", "ci", b"secret", created_at=1, updated_at=1)


def test_what_is_the_same_is_not_told() -> None:
    assert differences({"a": 1, "is_active": True}, {"a": 1, "is_active": False}) == {"isActive": "true to false"}
    assert of_limits(Limits(max_concurrent=1), Limits(max_concurrent=1)) == {}
    assert of_token(TOKEN, replace(TOKEN, name="other", digest=b"another", updated_at=2)) == {}


def test_amounts_are_written_as_they_are() -> None:
    """Neither rounded nor with an exponent."""
    after = Limits(budget_usd=Decimal("0.00000100"), budget_period="day")

    assert of_limits(Limits(), after, "x.") == {"x.budgetUsd": "null to 0.000001", "x.budgetPeriod": "null to day"}


def test_the_end_of_a_token_is_a_time() -> None:
    assert of_token(TOKEN, replace(TOKEN, expires_at=1_800_000_000)) == {"expiresAt": "null to 2027-01-15T08:00:00Z"}


def test_all_is_another_than_none_at_all() -> None:
    assert of_token(None, replace(TOKEN, models=())) == {"models": "null to []"}


def test_of_a_long_list_who_came_and_went_is_told_and_not_without_bound() -> None:
    many = tuple(f"name-{number}" for number in range(1000))
    added = members("ids", ("old",), many)

    assert added["idsRemoved"] == '["old"]'
    assert added["idsAdded"].startswith('["name-0", "name-1"')
    assert LONGEST < len(added["idsAdded"]) < LONGEST + 30
    assert members("ids", many, many) == {}
