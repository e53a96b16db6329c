"""Refusals and what is left, as callers read it."""

import pytest

from shared.errors import BudgetSpent, LimitReached
from shared.gateway.books.limited import limit_headers, refused, unpriced
from shared.records.limits import Left, Policy, Refusal, Scope

NOW = 1_800_000_000.0
TOKEN = Scope("token", "t1")


@pytest.mark.parametrize("policy", ["requests", "tokens", "concurrent"])
def test_a_rate_that_is_reached_is_429_with_the_time_to_wait(policy: Policy) -> None:
    """Trap 31."""
    error = refused(TOKEN, Refusal(policy, 60, 3, NOW + 1.5), NOW)

    assert isinstance(error, LimitReached)
    assert error.retry_after == 1.5
    assert "x-should-retry" not in error.headers
    assert error.details["limit"] == 60
    assert error.details["remaining"] == 3
    assert error.details["resetTime"] == "2027-01-15T08:00:02Z"
    assert error.headers["x-ratelimit-limit"] == "60"
    assert error.headers["x-ratelimit-remaining"] == "3"
    assert error.headers["x-ratelimit-reset"] == "1800000002"
    assert error.headers["ratelimit"] == f'"token-{policy}";r=3;t=2'
    assert error.headers["ratelimit-policy"].startswith(f'"token-{policy}";q=60')


def test_a_budget_is_402_in_dollars_and_says_when_it_begins_anew() -> None:
    error = refused(TOKEN, Refusal("budget", 10_000_000, 1_500, NOW + 3600), NOW)

    assert isinstance(error, BudgetSpent)
    assert (error.details["limit"], error.details["remaining"]) == ("10", "0.0015")
    assert error.retry_after == 3600
    assert error.headers["ratelimit-policy"] == '"token-budget";q=10000000;qu="micro-usd"'
    assert error.headers["ratelimit"] == '"token-budget";r=1500;t=3600'


def test_a_budget_that_nothing_renews_names_no_time() -> None:
    """Trap 68."""
    error = refused(TOKEN, Refusal("budget", 0, 0, None, too_large=True), NOW)

    assert error.details["resetTime"] is None
    assert error.retry_after is None
    assert error.headers["x-should-retry"] == "false"
    assert "budget of 0 USD" in error.message


def test_what_never_fits_is_told_so_and_not_to_wait() -> None:
    error = refused(TOKEN, Refusal("tokens", 100, 85, NOW + 9, too_large=True), NOW)

    assert error.retry_after is None
    assert error.headers["x-should-retry"] == "false"
    assert (error.details["remaining"], error.details["resetTime"]) == (85, "2027-01-15T08:00:09Z")
    assert "no waiting helps: ask for less" in error.message


def test_what_has_no_price_has_a_remedy() -> None:
    """Trap 67: unknown is never 0."""
    error = unpriced(TOKEN, Left("budget", 5_000_000, 1_000_000, NOW + 9), "acme-9", NOW)

    assert isinstance(error, BudgetSpent)
    assert (error.status, error.code) == (402, "model_unpriced")
    assert error.details == {
        "parameter": "model",
        "limit": "5",
        "remaining": "1",
        "resetTime": "2027-01-15T08:00:09Z",
        "policy": "budget",
        "scope": "token",
    }
    assert error.headers["x-should-retry"] == "false"
    assert error.headers["x-ratelimit-remaining"] == "1"
    assert error.retry_after is None
    assert "acme-9" in error.message
    assert "price of your own" in error.message


def test_the_nearest_limit_is_told_and_every_rate() -> None:
    headers = limit_headers(
        [
            (TOKEN, Left("requests", 60, 59, NOW + 1)),
            (TOKEN, Left("budget", 1_000_000, 10_000, None)),
            (Scope("organisation", "organisation"), Left("concurrent", 10, 9, None)),
        ],
        NOW,
    )

    assert headers == {
        "x-ratelimit-limit": "1",
        "x-ratelimit-remaining": "0.01",
        "ratelimit-policy": '"token-requests";q=60;w=60, "token-budget";q=1000000;qu="micro-usd", '
        '"organisation-concurrent";q=10;qu="concurrent-requests"',
        "ratelimit": '"token-requests";r=59;t=1, "token-budget";r=10000, "organisation-concurrent";r=9',
    }
    assert limit_headers([], NOW) == {}
