"""What was used on one day, counted: no word of what was said, and no single request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shared.records.histogram import Histogram, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Sums over some requests. Durations are milliseconds, money is exact."""

    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """How many ended so; the words are those of the ledger."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """How many ended with that code."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: int = 0
    """Requests whose tokens are a guess of ours."""
    cost_usd: Decimal = Decimal(0)
    """Of those whose cost is known."""
    unpriced: int = 0
    """Requests whose cost is unknown: the sum is too small by these (trap 67)."""
    duration_ms: int = 0
    """Of those that went well, whole; the histogram counts them."""
    first_token_ms: int = 0
    """Until the first token, of those that had one; the histogram counts them."""
    durations: Histogram = field(default_factory=dict)
    """Milliseconds."""
    first_tokens: Histogram = field(default_factory=dict)
    """Milliseconds."""
    speeds: Histogram = field(default_factory=dict)
    """Output tokens a second, from the first token on, of streams that went well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsage:
    """What one owner used on one day (UTC) of one model, by one access token; None: by themselves, signed in."""

    day: date
    provider: str
    model: str
    token_id: str | None
    counts: Counts


def total(all_of_them: Iterable[Counts]) -> Counts:
    """All of them as one."""
    parts = list(all_of_them)
    return Counts(
        requests=sum(each.requests for each in parts),
        outcomes=_summed(each.outcomes for each in parts),
        errors=_summed(each.errors for each in parts),
        input_tokens=sum(each.input_tokens for each in parts),
        output_tokens=sum(each.output_tokens for each in parts),
        cached_tokens=sum(each.cached_tokens for each in parts),
        cache_write_tokens=sum(each.cache_write_tokens for each in parts),
        reasoning_tokens=sum(each.reasoning_tokens for each in parts),
        estimated=sum(each.estimated for each in parts),
        cost_usd=sum((each.cost_usd for each in parts), Decimal(0)),
        unpriced=sum(each.unpriced for each in parts),
        duration_ms=sum(each.duration_ms for each in parts),
        first_token_ms=sum(each.first_token_ms for each in parts),
        durations=merged(each.durations for each in parts),
        first_tokens=merged(each.first_tokens for each in parts),
        speeds=merged(each.speeds for each in parts),
    )


def _summed(counted: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for counts in counted:
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums
