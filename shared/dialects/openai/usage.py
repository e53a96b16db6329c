"""Counted tokens, in OpenAI's sense: https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage (2026-11)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from shared.chat.events import Usage

_TICK: Final = Decimal("1e-10")
"""xAI's `cost_in_usd_ticks`, in US dollars. Trap 66; https://docs.x.ai/docs/api-reference (2026-11)."""


def read_usage(raw: Mapping[str, Any]) -> Usage:
    """The provider's own object → ours. What it does not count is None; a negative count is as good as none."""
    prompt = _mapping(raw.get("prompt_tokens_details"))
    completion = _mapping(raw.get("completion_tokens_details"))
    cached = _first(prompt.get("cached_tokens"), raw.get("prompt_cache_hit_tokens"), raw.get("cached_tokens"))
    reasoning = _first(completion.get("reasoning_tokens"), raw.get("reasoning_tokens"))
    read, output, total = (
        _count(raw.get("prompt_tokens")),
        _count(raw.get("completion_tokens")),
        _count(raw.get("total_tokens")),
    )
    if reasoning and read is not None and output is not None and total == read + output + reasoning:
        output += reasoning  # xAI counts reasoning apart. Trap 66
    return Usage(
        input=read,
        output=output,
        cached=cached,
        cache_write=_count(prompt.get("cache_write_tokens")),
        reasoning=reasoning,
        total=total if total is not None or read is None or output is None else read + output,
        cost=_cost(raw),
        raw=raw,
    )


def _cost(raw: Mapping[str, Any]) -> Decimal | None:
    """Dollars, where the provider itself says so: xAI, OpenRouter, and Perplexity, whose `cost` is an object.

    OpenRouter's `cost` is what it takes itself; with a key of the account for the provider behind it (`is_byok`) that one's price
    comes on top: https://openrouter.ai/docs/use-cases/usage-accounting (2026-11).
    """
    if (ticks := _count(raw.get("cost_in_usd_ticks"))) is not None:
        return ticks * _TICK
    match raw.get("cost"):
        case {"total_cost": total}:
            return _dollars(total)
        case cost if raw.get("is_byok"):
            behind = _dollars(_mapping(raw.get("cost_details")).get("upstream_inference_cost"))
            own = _dollars(cost)
            return None if own is None or behind is None else own + behind
        case cost:
            return _dollars(cost)


def _dollars(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return Decimal(repr(value))


def _first(*values: Any) -> int | None:
    return next((count for value in values if (count := _count(value)) is not None), None)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value) if value == int(value) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
