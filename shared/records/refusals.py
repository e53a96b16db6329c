"""The one shape of every refusal by a limit, whichever door says it, pure: `details`, the fields of the head, and when to come back.

`X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch seconds), and `RateLimit-Policy` and `RateLimit`:
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10 (2026-11).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from shared.errors import RealMultiLLMError
from shared.records.limits import MICROS_A_DOLLAR

NO_USE: Final = {"x-should-retry": "false"}
"""The SDKs of OpenAI and Anthropic ask again after a 429, unless they are told that it is no use (openai 2, anthropic 0.7x; 2026-11)."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit of a scope. Amounts in the unit of the policy, which for a budget is micro-dollars; times are epoch seconds."""

    scope: str
    policy: str
    limit: int
    remaining: int
    resets_at: float | None
    """When all of it is there again; None: nothing renews it, or no clock does."""
    unit: str = ""
    """What `RateLimit-Policy` says of it beside its quota: `;w=60`."""
    in_micros: bool = False
    """Amounts are told in dollars."""

    @property
    def amounts(self) -> tuple[int | str, int | str]:
        """The limit, and what is left of it; dollars as decimal strings."""
        return (_dollars(self.limit), _dollars(self.remaining)) if self.in_micros else (self.limit, self.remaining)


def refuse[Error: RealMultiLLMError](
    error: Error, reached: Reached, now: float, *, waiting_helps: bool = True
) -> Error:
    """The same error, in that shape. Where waiting helps it says how long: until `resetTime`."""
    limit, remaining = reached.amounts
    error.details |= {
        "limit": limit,
        "remaining": remaining,
        "resetTime": _moment(reached.resets_at),
        "policy": reached.policy,
        "scope": reached.scope,
    }
    helps = waiting_helps and reached.resets_at is not None
    error.retry_after = reached.resets_at - now if helps and reached.resets_at is not None else None
    error.headers = {**nearest(reached, now), **quotas([reached], now), **({} if helps else NO_USE)}
    return error


def nearest(reached: Reached, now: float) -> dict[str, str]:
    """The fields that tell of one limit alone."""
    limit, remaining = reached.amounts
    headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining)}
    if reached.resets_at is not None:
        headers["x-ratelimit-reset"] = str(math.ceil(max(reached.resets_at, now)))
    return headers


def quotas(found: Iterable[Reached], now: float) -> dict[str, str]:
    """The fields that tell of all."""
    named = [(f'"{each.scope}-{each.policy}"', each) for each in found]
    return {
        "ratelimit-policy": ", ".join(f"{name};q={each.limit}{each.unit}" for name, each in named),
        "ratelimit": ", ".join(f"{name};r={each.remaining}{_until(each.resets_at, now)}" for name, each in named),
    }


def _until(resets_at: float | None, now: float) -> str:
    return "" if resets_at is None else f";t={math.ceil(max(0.0, resets_at - now))}"


def _dollars(micros: int) -> str:
    return f"{Decimal(micros) / MICROS_A_DOLLAR:.6f}".rstrip("0").rstrip(".")


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(math.ceil(seconds), UTC).isoformat().replace("+00:00", "Z")
