import json

import pytest

from shared.errors import (
    BudgetSpent,
    InvalidRequest,
    LimitReached,
    NotFound,
    RealMultiLLMError,
    Throttled,
    Unauthenticated,
)
from shared.web.errors import answer_error, answer_unknown, whole_seconds


def test_an_error_has_the_native_form() -> None:
    answer = answer_error(InvalidRequest("`name` is missing", parameter="name"), "R1")

    assert answer.status == 400
    assert (b"content-type", b"application/json") in answer.headers
    assert json.loads(answer.body) == {
        "error": {
            "message": "`name` is missing",
            "code": "invalid_request",
            "statusCode": 400,
            "details": {"parameter": "name"},
            "requestId": "R1",
        }
    }


def test_an_unknown_error_says_nothing_but_its_id() -> None:
    answer = answer_unknown("R1")

    assert answer.status == 500
    assert json.loads(answer.body)["error"]["details"] == {}
    assert b"R1" in answer.body


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.2, 1), (1.0, 1), (1.01, 2), (-5, 0), (4000, 3600), (float("inf"), 3600), (float("nan"), 3600)],
)
def test_a_wait_is_whole_seconds_rounded_up_and_an_hour_at_most(seconds: float, written: int) -> None:
    """Trap 86."""
    assert whole_seconds(seconds) == written


def test_who_shall_wait_is_told_how_long() -> None:
    for error in (Throttled("slow", retry_after=1.5), LimitReached("limit", retry_after=1.5)):
        assert (b"retry-after", b"2") in answer_error(error, "R1").headers
    assert not [name for name, _ in answer_error(NotFound("no"), "R1").headers if name == b"retry-after"]


@pytest.mark.parametrize(
    ("error", "written"), [(Throttled, b"3600"), (LimitReached, b"86400"), (BudgetSpent, b"86400")]
)
def test_our_own_limits_say_the_real_time_and_others_an_hour_at_most(
    error: type[RealMultiLLMError], written: bytes
) -> None:
    """Trap 86: `Retry-After` and `resetTime` are of one mind."""
    assert (b"retry-after", written) in answer_error(error("no", retry_after=86_399.2), "R1").headers


def test_401_names_the_scheme() -> None:
    """RFC 9110, 11.6.1."""
    assert (b"www-authenticate", b"Bearer") in answer_error(Unauthenticated("who?"), "R1").headers
