"""Limits towards callers, pure: the refusal with its remedy, and the fields that say what is left.

`X-RateLimit-*` tell of the limit that is nearest, `RateLimit-Policy` and `RateLimit` of every one.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from shared.errors import BudgetSpent, LimitReached, ModelUnpriced, RealMultiLLMError
from shared.records.limits import Left, Policy, Refusal, Scope
from shared.records.refusals import Reached, nearest, quotas, refuse

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
_UNIT: Final[Mapping[Policy, str]] = {
    "requests": ";w=60",
    "tokens": ';qu="tokens";w=60',
    "concurrent": ';qu="concurrent-requests"',
    "budget": ';qu="micro-usd"',
}


def refused(scope: Scope, refusal: Refusal, now: float) -> RealMultiLLMError:
    """402 for a budget, else 429, with `{limit, remaining, resetTime, policy, scope}`."""
    kind, reached = BudgetSpent if refusal.policy == "budget" else LimitReached, _reached(scope, refusal)
    return refuse(kind(_message(scope, refusal, reached)), reached, now, waiting_helps=not refusal.too_large)


def unpriced(scope: Scope, left: Left, model: str, now: float) -> ModelUnpriced:
    """A budget lets through only what has a price: what nobody can count, nobody can bound (trap 67). An admin's budget knows no price of the caller's own."""
    remedy = (
        "give this one a price of your own in the provider's config, or use a token without a budget"
        if scope.kind == "token"
        else "a price of your own does not count here, for an admin has set this budget"
    )
    error = ModelUnpriced(
        f"{_WHOSE[scope.kind]} has a budget, and nobody knows the price of {model}: ask for a model with a known price; {remedy}.",
        details={"parameter": "model"},
    )
    return refuse(error, _reached(scope, left), now, waiting_helps=False)


def limit_headers(found: Iterable[tuple[Scope, Left]], now: float) -> dict[str, str]:
    """What is left after a request was let through; nothing where nothing is limited."""
    all_left = [_reached(scope, left) for scope, left in found]
    if not all_left:
        return {}
    return {
        **nearest(min(all_left, key=lambda left: left.remaining / max(1, left.limit)), now),
        **quotas(all_left, now),
    }


def _reached(scope: Scope, found: Refusal | Left) -> Reached:
    policy = found.policy
    return Reached(
        scope.kind,
        policy,
        found.limit,
        found.remaining,
        found.resets_at,
        _UNIT[policy],
        in_micros=policy == "budget",
    )


def _message(scope: Scope, refusal: Refusal, reached: Reached) -> str:
    whose, what, (limit, remaining) = _WHOSE[scope.kind], _WHAT[refusal.policy], reached.amounts
    if refusal.policy == "budget" and refusal.limit == 0:
        return f"{whose} has a budget of 0 USD, so it may spend nothing."
    if refusal.too_large:
        return f"{whose} may use {limit} {what}, and this request may need more at once, so that no waiting helps: ask for less, or bound the answer with fewer tokens."
    if refusal.policy == "budget":
        when = "its period begins anew" if refusal.resets_at is not None else "it is raised"
        return f"{whose} has a budget of {limit} USD, of which {remaining} are free, less than this request may cost: wait until {when}, or ask for a shorter answer."
    what = what.replace("requests", "request", 1) if limit == 1 else what
    return f"{whose} may have {limit} {what}, and that is reached: wait as long as `retry-after` says."
