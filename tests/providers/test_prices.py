"""What a chat cost: exact, or null with the reason."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.chat.events import Usage
from shared.providers.find import get_provider
from shared.providers.prices import CustomPrice, price

NOW = datetime(2026, 11, 20, tzinfo=UTC).timestamp()


def cost(provider: str, model: str, usage: Usage, **more: Any) -> Any:
    return price(get_provider(provider), model, usage, NOW, **more)


def test_the_provider_itself_is_believed_first() -> None:
    """Trap 66."""
    told = cost(
        "openrouter", "openai/gpt-4o", Usage(1, 1, cost=Decimal("0.07")), custom=CustomPrice(Decimal(1), Decimal(1))
    )

    assert (told.usd, told.source, told.version) == (Decimal("0.07"), "provider", None)


def test_the_owners_own_price_comes_second() -> None:
    custom = CustomPrice(Decimal(2), Decimal(10), Decimal("0.5"))

    told = cost("openai", "gpt-4o", Usage(1_000, 100, cached=400), custom=custom)

    assert (told.usd, told.source) == (Decimal("0.0024"), "custom")


def test_cached_tokens_cost_as_others_unless_the_owner_says_so() -> None:
    assert cost("custom", "x", Usage(1_000, 0, cached=400), custom=CustomPrice(Decimal(2), Decimal(10))).usd == Decimal(
        "0.002"
    )


def test_the_table_comes_third_and_names_its_version() -> None:
    """Trap 65: what was read from the cache is in the input."""
    told = cost("openai", "gpt-4o-2024-08-06", Usage(1_000, 100, cached=500))

    assert (told.usd, told.source) == (Decimal("0.002875"), "table")
    assert told.version.startswith("genai-prices ")


def test_writing_to_the_cache_costs_by_how_long_it_is_kept() -> None:
    """Trap 65."""
    usage = Usage(1_000, 100, 500, 300, raw={"cache_creation": {"ephemeral_1h_input_tokens": 300}})

    assert cost("anthropic", "claude-haiku-4-5", usage).usd == Decimal("0.00135")


def test_what_the_provider_does_not_charge_for_costs_nothing() -> None:
    """Trap 65: Cohere counts 500 tokens of its own preamble, mostly cached, and bills 12 and 7."""
    raw = {"billed_units": {"input_tokens": 12, "output_tokens": 7}}
    usage = Usage(507, 10, cached=448, raw=raw)

    by_table = cost("cohere", "command-r-plus-08-2024", usage)
    by_hand = cost("cohere", "x", usage, custom=CustomPrice(Decimal(2), Decimal(10)))

    assert by_table.usd == cost("cohere", "command-r-plus-08-2024", Usage(12, 7)).usd
    assert by_table.usd > 0
    assert by_hand.usd == Decimal("0.000094")


@pytest.mark.parametrize(
    ("provider", "model", "usage", "more", "why"),
    [
        ("openai", "no-such-model", Usage(1, 1), {}, "does not know this model"),
        ("huggingface", "meta-llama/Llama-3.3-70B-Instruct", Usage(1, 1), {}, "does not know this model"),
        ("custom", "gpt-4o", Usage(1, 1), {}, "does not know this model"),
        ("openai", "gpt-4o", Usage(None, 1), {}, "did not report both"),
        ("openai", "gpt-4o", Usage(1, None), {}, "did not report both"),
        ("openai", "gpt-4o", Usage(1, 1, estimated=True), {}, "estimated"),
        ("openai", "gpt-4o", Usage(1, 1), {"service_tier": "flex"}, "service tier"),
        ("openai", "gpt-4o", Usage(5, 1, cached=9), {}, "contradict"),
        ("openai", "dall-e-3", Usage(5, 1), {}, "price"),
    ],
)
def test_an_unknown_price_is_null_with_the_reason_never_zero(
    provider: str, model: str, usage: Usage, more: dict[str, Any], why: str
) -> None:
    """Trap 67."""
    told = cost(provider, model, usage, **more)

    assert (told.usd, told.source) == (None, None)
    assert why in told.reason


def test_nothing_used_costs_nothing() -> None:
    assert cost("openai", "gpt-4o", Usage(0, 0)).usd == 0
