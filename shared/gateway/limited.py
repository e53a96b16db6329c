"""Limits towards callers, pure: the refusal with its remedy, and the fields that say what is left.

`X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch seconds) tell of the limit that is nearest; `RateLimit-Policy` and `RateLimit` of every rate:
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10 (2026-11).
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from shared.errors import BudgetSpent, LimitReached, RealMultiLLMError
from shared.records.limits import MICROS_A_DOLLAR, Left, Policy, Refusal, Scope

_WHOSE: Final = {
    "token": "This access token",
    "user": "Your account",
    "organisation": "This installation",
    "provider": "This provider",
    "model": "This model",
}
_WHAT: Final[Mapping[Policy, str]] = {
    "requests": "requests a minute",
    "tokens": "tokens a minute",
    "concurrent": "requests at the same time",
    "budget": "US dollars",
}
NO_USE: Final = {"x-should-retry": "false"}
"""The SDKs of OpenAI and Anthropic ask again after a 429, unless they are told that it is no use (openai 2, anthropic 0.7x; 2026-11)."""
_UNIT: Final[Mapping[Policy, str]] = {
    "requests": ";w=60",
    "tokens": ';qu="tokens";w=60',
    "concurrent": ';qu="concurrent-requests"',
}


def refused(scope: Scope, refusal: Refusal, now: float) -> RealMultiLLMError:
    """402 for a budget, else 429, with `{limit, remaining, resetTime}`."""
    limit, remaining = _amount(refusal.policy, refusal.limit), _amount(refusal.policy, refusal.remaining)
    details = {
        "limit": limit,
        "remaining": remaining,
        "resetTime": _moment(refusal.resets_at),
        "policy": refusal.policy,
        "scope": scope.kind,
    }
    wait = None if refusal.too_large or refusal.resets_at is None else refusal.resets_at - now
    kind = BudgetSpent if refusal.policy == "budget" else LimitReached
    error = kind(_message(scope, refusal, limit, remaining), details=details, retry_after=wait)
    error.headers = _nearest(str(limit), str(remaining), refusal.resets_at, now)
    if wait is None:
        error.headers = {**error.headers, **NO_USE}
    if refusal.policy in _UNIT:
        name = f'"{scope.kind}-{refusal.policy}"'
        error.headers = {
            **error.headers,
            "ratelimit-policy": f"{name};q={refusal.limit}{_UNIT[refusal.policy]}",
            "ratelimit": f"{name};r={refusal.remaining}{_until(refusal.resets_at, now)}",
        }
    return error


def unpriced(scope: Scope, model: str) -> BudgetSpent:
    """A budget lets through only what has a price: what nobody can count, nobody can bound (trap 67). An admin's budget knows no price of the caller's own."""
    remedy = (
        "give this one a price of your own in the provider's config, or use a token without a budget"
        if scope.kind == "token"
        else "a price of your own does not count here, for an admin has set this budget"
    )
    details = {"limit": None, "remaining": None, "resetTime": None, "policy": "budget", "scope": scope.kind}
    return BudgetSpent(
        f"{_WHOSE[scope.kind]} has a budget, and nobody knows the price of {model}: ask for a model with a known price; {remedy}.",
        details=details,
    )


def limit_headers(found: Iterable[tuple[Scope, Left]], now: float) -> dict[str, str]:
    """What is left after a request was let through; nothing where nothing is limited."""
    all_left = list(found)
    if not all_left:
        return {}
    nearest = min((left for _, left in all_left), key=lambda left: left.remaining / max(1, left.limit))
    limit, remaining = (str(_amount(nearest.policy, number)) for number in (nearest.limit, nearest.remaining))
    headers = _nearest(limit, remaining, nearest.resets_at, now)
    rates = [(f'"{scope.kind}-{left.policy}"', left) for scope, left in all_left if left.policy in _UNIT]
    if rates:
        headers["ratelimit-policy"] = ", ".join(f"{name};q={left.limit}{_UNIT[left.policy]}" for name, left in rates)
        headers["ratelimit"] = ", ".join(
            f"{name};r={left.remaining}{_until(left.resets_at, now)}" for name, left in rates
        )
    return headers


def _nearest(limit: str, remaining: str, resets_at: float | None, now: float) -> dict[str, str]:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining}
    if resets_at is not None:
        headers["x-ratelimit-reset"] = str(math.ceil(max(resets_at, now)))
    return headers


def _until(resets_at: float | None, now: float) -> str:
    return "" if resets_at is None else f";t={math.ceil(max(0.0, resets_at - now))}"


def _amount(policy: Policy, number: int) -> int | str:
    """Dollars as a decimal string, else a count."""
    return f"{Decimal(number) / MICROS_A_DOLLAR:.6f}".rstrip("0").rstrip(".") if policy == "budget" else number


def _message(scope: Scope, refusal: Refusal, limit: int | str, remaining: int | str) -> str:
    whose, what = _WHOSE[scope.kind], _WHAT[refusal.policy]
    if refusal.policy == "budget" and refusal.limit == 0:
        return f"{whose} has a budget of 0 USD, so it may spend nothing."
    if refusal.too_large:
        return f"{whose} may use {limit} {what}, and this request may need more at once, so that no waiting helps: ask for less, or bound the answer with fewer tokens."
    if refusal.policy == "budget":
        when = "its period begins anew" if refusal.resets_at is not None else "it is raised"
        return f"{whose} has a budget of {limit} USD, of which {remaining} are free, less than this request may cost: wait until {when}, or ask for a shorter answer."
    return f"{whose} may have {limit} {what}, and that is reached: wait as long as `retry-after` says."


def _moment(seconds: float | None) -> str | None:
    return (
        None if seconds is None else datetime.fromtimestamp(math.ceil(seconds), UTC).isoformat().replace("+00:00", "Z")
    )
