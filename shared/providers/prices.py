"""What a chat cost: what the provider itself said, else the owner's own price, else the price table; exact, or None with the reason. Trap 67.

The table is heavy: `load` it in a thread while `loaded` says no.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import Any, Final

from shared.chat.events import Usage
from shared.chat.receipt import Cost
from shared.providers.catalogue import price_version, warm
from shared.providers.provider import Provider

_MILLION: Final = Decimal(1_000_000)
_USUAL_TIERS: Final = frozenset({None, "auto", "default", "standard", "standard_only", "on_demand"})


@dataclass(frozen=True, slots=True)
class CustomPrice:
    """The owner's own price, US dollars for a million tokens; `cached_input` None: the same as `input`."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None


def price(
    provider: Provider,
    model: str,
    usage: Usage,
    at: float,
    *,
    custom: CustomPrice | None = None,
    service_tier: str | None = None,
) -> Cost:
    """The cost of that usage at the time `at` (epoch seconds). `service_tier` is the one that the provider says it gave."""
    if usage.cost is not None:
        return Cost(usage.cost, "provider")
    if usage.estimated:
        return Cost(None, reason="the provider reported no usage, and what is estimated has no exact price")
    if usage.input is None or usage.output is None:
        return Cost(None, reason="the provider did not report both input and output tokens")
    usage, read, written = _billed(usage, usage.input, usage.output)
    if custom is not None:
        return Cost(_by_hand(custom, usage, read, written), "custom")
    return _from_table(provider, model, usage, datetime.fromtimestamp(at, tz=UTC), service_tier)


def _billed(usage: Usage, read: int, written: int) -> tuple[Usage, int, int]:
    """What is to be paid, where the provider counts that apart: Cohere does not charge for its own preamble, and nothing less for the cache.

    https://docs.cohere.com/docs/how-does-cohere-pricing-work (2026-11)
    """
    paid = _find(usage.raw, "billed_units", "input_tokens"), _find(usage.raw, "billed_units", "output_tokens")
    if paid[0] is None or paid[1] is None:
        return usage, read, written
    return replace(usage, input=paid[0], output=paid[1], cached=None, cache_write=None), paid[0], paid[1]


def _by_hand(custom: CustomPrice, usage: Usage, read: int, written: int) -> Decimal:
    cached = min(usage.cached or 0, read)
    of_cached = custom.input if custom.cached_input is None else custom.cached_input
    return ((read - cached) * custom.input + cached * of_cached + written * custom.output) / _MILLION


@cache
def load() -> ModuleType:
    """The price table's package, with its table read."""
    import genai_prices  # noqa: PLC0415 - heavy

    warm()
    return genai_prices


def loaded() -> bool:
    """Asking it costs no time now."""
    return bool(load.cache_info().currsize)


def _from_table(provider: Provider, model: str, usage: Usage, at: datetime, tier: str | None) -> Cost:
    if tier not in _USUAL_TIERS:
        return Cost(None, reason=f"the price table is not asked for the service tier `{tier}`")
    for price_id in provider.price_ids:
        try:
            found = load().calc_price(_counts(usage), model, provider_id=price_id, genai_request_timestamp=at)
        except LookupError:
            continue
        except ValueError:
            return Cost(None, reason="the reported tokens contradict each other")
        prices = found.model_price
        if (usage.input and prices.input_mtok is None) or (usage.output and prices.output_mtok is None):
            return Cost(None, reason="the price table has no price a token for this model")
        return Cost(found.total_price, "table", price_version())
    return Cost(None, reason="the price table does not know this model")


def _counts(usage: Usage) -> Any:
    """In the table's words: its `input_tokens` holds what was cached, as ours does."""
    counts = {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cached,
        "cache_write_tokens": usage.cache_write,
        "cache_write_1h_tokens": _find(usage.raw, "cache_creation", "ephemeral_1h_input_tokens"),
        "input_audio_tokens": _find(usage.raw, "prompt_tokens_details", "audio_tokens"),
        "output_audio_tokens": _find(usage.raw, "completion_tokens_details", "audio_tokens"),
    }
    return load().Usage(**{name: count for name, count in counts.items() if count})


def _find(raw: Mapping[str, Any], group: str, name: str) -> int | None:
    """A finer count where the provider gives one: Anthropic's cache for an hour, OpenAI's sound."""
    inner = raw.get(group)
    count = inner.get(name) if isinstance(inner, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None
