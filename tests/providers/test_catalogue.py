"""What is known of models, and what is not."""

from decimal import Decimal

from shared.providers.catalogue import Model, describe, find_model, list_models
from shared.providers.find import get_provider


def test_a_known_model_has_its_window_and_its_prices() -> None:
    model = find_model(get_provider("anthropic"), "claude-haiku-4-5-20251001")

    assert model is not None
    assert (model.id, model.facts.context_window, model.facts.largest_output) == (
        "claude-haiku-4-5-20251001",
        200_000,
        64_000,
    )
    assert model.prices is not None
    assert (model.prices.input, model.prices.output, model.prices.cached_input) == (
        Decimal(1),
        Decimal(5),
        Decimal("0.1"),
    )


def test_a_tiered_price_is_told_as_such() -> None:
    model = find_model(get_provider("google"), "gemini-2.5-pro")

    assert model is not None
    assert model.prices is not None
    assert (model.prices.tiered, model.prices.input) == (True, Decimal("1.25"))


def test_what_nobody_told_is_none() -> None:
    """Promise 5."""
    assert find_model(get_provider("custom"), "x") is None
    assert describe(get_provider("openai"), "no-such-model") == Model("no-such-model", "openai")


def test_lists_hold_what_answers_in_tokens_and_is_reached_here() -> None:
    openai = [model.id for model in list_models(get_provider("openai"))]
    google = [model.id for model in list_models(get_provider("google"))]

    assert "gpt-4o" in openai
    assert not {"whisper-1", "text-embedding-3-small", "tts-1"} & set(openai)
    assert openai == sorted(openai)
    assert not [name for name in google if name.startswith("claude")]
    assert list_models(get_provider("custom")) == ()
