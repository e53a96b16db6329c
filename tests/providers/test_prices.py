"""What a chat cost: exact, or null with the reason."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask
from shared.providers.dialects import load_exchange
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


TIERS = [
    ("openai", "gpt-5.1", Usage(1_000_000, 0), "flex", "0.625"),
    ("openai", "gpt-5.1", Usage(1_000_000, 0, cached=1_000_000), "priority", "0.25"),
    ("openai", "gpt-5.1", Usage(1_000_000, 0), "default", "1.25"),
    ("openai", "gpt-5.1", Usage(1_000_000, 0), "batch", "0.625"),
    ("anthropic", "claude-haiku-4-5", Usage(0, 1_000_000, raw={"service_tier": "batch"}), None, "2.5"),
    ("anthropic", "claude-haiku-4-5", Usage(0, 1_000_000, raw={"service_tier": "standard"}), None, "5"),
    ("anthropic", "claude-opus-5-5", Usage(0, 1_000_000, raw={"speed": "fast"}), None, "40"),
    ("google", "gemini-3.8-flash-tts", Usage(0, 1_000_000, raw={"serviceTier": "priority"}), None, "16.2"),
    ("vertex", "gemini-3.8-flash-tts", Usage(0, 1_000_000, raw={"trafficType": "ON_DEMAND_FLEX"}), None, "4.5"),
    ("vertex", "gemini-3.8-flash-tts", Usage(0, 1_000_000, raw={"trafficType": "ON_DEMAND"}), None, "9"),
    ("groq", "llama-3.3-70b-versatile", Usage(1_000_000, 0), "flex", "0.59"),
]


@pytest.mark.parametrize(("provider", "model", "usage", "told", "dollars"), TIERS)
def test_a_tier_of_service_costs_what_the_table_says_of_it(
    provider: str, model: str, usage: Usage, told: str | None, dollars: str
) -> None:
    assert cost(provider, model, usage, service_tier=told).usd == Decimal(dollars)


@pytest.mark.parametrize(
    ("provider", "model", "raw", "told", "why"),
    [
        ("anthropic", "claude-haiku-4-5", {"service_tier": "priority"}, None, "service tier `priority`"),
        ("anthropic", "claude-haiku-4-5", {"speed": "fast"}, None, "service tier `fast`"),
        ("anthropic", "claude-opus-5-5", {"inference_geo": "us"}, None, "`us` alone"),
        ("vertex", "gemini-2.5-pro", {"trafficType": "PROVISIONED_THROUGHPUT"}, None, "`provisioned_throughput`"),
        ("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", {}, "reserved", "`reserved`"),
        ("openai", "gpt-4", {}, "flex", "`flex`"),
    ],
)
def test_a_tier_that_the_table_does_not_know_is_not_the_usual_one(
    provider: str, model: str, raw: dict[str, Any], told: str | None, why: str
) -> None:
    """Trap 67: the table itself would pass over it and reckon the usual price."""
    told_cost = cost(provider, model, Usage(1000, 10, raw=raw), service_tier=told)

    assert told_cost.usd is None
    assert why in told_cost.reason


def test_a_long_context_costs_more_from_its_first_token() -> None:
    short, long = (cost("anthropic", "claude-sonnet-4-5", Usage(count, 0)).usd for count in (200_000, 200_001))

    assert (short, long) == (Decimal("0.6"), Decimal("1.200006"))


def test_sound_pictures_and_searches_cost_what_they_cost() -> None:
    spoken = {
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 600}, {"modality": "TEXT", "tokenCount": 400}]
    }
    searched = {"server_tool_use": {"web_search_requests": 3}}

    assert cost("google", "gemini-2.5-flash", Usage(1000, 0, raw=spoken)).usd == Decimal("0.00072")
    assert cost("anthropic", "claude-haiku-4-5", Usage(1000, 0, raw=searched)).usd == Decimal("0.031")


def test_cached_sound_that_nobody_counts_apart_has_no_exact_price() -> None:
    """Trap 67: it costs otherwise than cached text."""
    raw = {"promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 600}, {"modality": "TEXT", "tokenCount": 400}]}
    split = {**raw, "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 500}]}

    unknown = cost("google", "gemini-2.5-flash", Usage(1000, 0, cached=500, raw=raw))
    known = cost("google", "gemini-2.5-flash", Usage(1000, 0, cached=500, raw=split))

    assert unknown.usd is None
    assert "cached" in unknown.reason
    assert known.usd == Decimal("0.00027")


def test_tools_that_are_paid_by_their_use_leave_the_cost_unknown() -> None:
    """Trap 67."""
    shown = cost("openai", "gpt-5.1", Usage(1000, 10), fees=True)
    counted = cost("grok", "grok-4", Usage(1000, 10, raw={"num_server_side_tools_used": 2}))
    told = cost("grok", "grok-4", Usage(1000, 10, cost=Decimal("0.02"), raw={"num_server_side_tools_used": 2}))

    assert (shown.usd, counted.usd, told.usd) == (None, None, Decimal("0.02"))
    assert "paid by their use" in shown.reason


def test_a_prompt_that_was_blocked_costs_its_input() -> None:
    """Google leaves a count of zero out; the total tells that it is one."""
    assert cost("google", "gemini-2.5-flash", Usage(1000, None, total=1000)).usd == Decimal("0.0003")
    assert cost("google", "gemini-2.5-flash", Usage(1000, None, total=1200)).usd is None


COUNT = st.integers(0, 2_000_000)
AMOUNT = st.decimals(0, 1_000_000, places=12, allow_nan=False, allow_infinity=False)


@given(kinds=st.tuples(*[COUNT] * 6), amounts=st.tuples(*[AMOUNT] * 6))
def test_each_kind_of_token_is_paid_once_at_its_own_price(kinds: tuple[int, ...], amounts: tuple[Decimal, ...]) -> None:
    """Traps 65 and 66, against whole numbers: no digit is rounded away, nothing is paid twice."""
    plain, said, cached, written, lasting, thought = kinds
    own = CustomPrice(
        input=amounts[0],
        output=amounts[1],
        cached_input=amounts[2],
        cache_write=amounts[3],
        cache_write_1h=amounts[4],
        reasoning=amounts[5],
    )
    raw = {"cache_creation": {"ephemeral_1h_input_tokens": lasting}}
    usage = Usage(plain + cached + written + lasting, said + thought, cached, written + lasting, thought, raw=raw)

    told = cost("custom", "x", usage, custom=own)

    exact = sum(count * Fraction(amount) for count, amount in zip(kinds, amounts, strict=True)) / 1_000_000
    assert Fraction(told.usd) == exact


PICTURES = {"text": Fraction(5), "image": Fraction(8), "said": Fraction(10), "painted": Fraction(32)}
"""Of gpt-image-1.5, dollars a million: https://developers.openai.com/api/docs/pricing (2026-10)."""


def pictured(text: int, image: int, said: int, painted: int) -> Decimal:
    """What such an answer costs, as its dialect reads it."""
    details = {"text_tokens": text, "image_tokens": image}, {"text_tokens": said, "image_tokens": painted}
    used = {
        "input_tokens": text + image,
        "input_tokens_details": details[0],
        "output_tokens": said + painted,
        "output_tokens_details": details[1],
        "total_tokens": text + image + said + painted,
    }
    answer = json.dumps({"data": [], "usage": used}).encode()
    usage = load_exchange("openai", "images").read(answer, Ask("gpt-image-1.5", {})).usage
    assert usage is not None
    told = cost("openai", "gpt-image-1.5", usage)
    assert told.source == "table"
    assert isinstance(told.usd, Decimal)
    return told.usd


@given(COUNT, COUNT, COUNT, COUNT)
def test_pictures_are_the_sum_of_their_parts(text: int, image: int, said: int, painted: int) -> None:
    """Whole numbers and decimals alone, no double on the way: the parts are the whole to the last digit."""
    parts = pictured(text, 0, 0, 0) + pictured(0, image, 0, 0) + pictured(0, 0, said, 0) + pictured(0, 0, 0, painted)
    told = pictured(text, image, said, painted)
    counts = dict(zip(PICTURES, (text, image, said, painted), strict=True))

    assert told == parts
    assert Fraction(told) == sum(count * PICTURES[kind] for kind, count in counts.items()) / 1_000_000


@given(st.tuples(COUNT, COUNT, COUNT, COUNT), st.integers(0, 3), st.integers(1, 10**6))
def test_more_tokens_of_any_kind_cost_more(counts: tuple[int, int, int, int], kind: int, more: int) -> None:
    raised = [count + more * (at == kind) for at, count in enumerate(counts)]

    assert pictured(*raised) > pictured(*counts)


@given(COUNT, COUNT)
def test_embeddings_in_two_halves_cost_what_they_cost_at_once(one: int, other: int) -> None:
    def embedded(tokens: int) -> Decimal:
        answer = {"data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
        read = load_exchange("openai", "embeddings").read(json.dumps(answer).encode(), Ask("m", {"input": "a"}))
        assert read.usage is not None
        usd: Decimal = cost("openai", "text-embedding-3-small", read.usage).usd
        return usd

    assert isinstance(embedded(one), Decimal)
    assert embedded(one) + embedded(other) == embedded(one + other)
    assert Fraction(embedded(one)) == Fraction(one, 50_000_000)


@given(
    usage=st.builds(
        Usage,
        input=st.none() | COUNT,
        output=st.none() | COUNT,
        cached=st.none() | COUNT,
        cache_write=st.none() | COUNT,
        reasoning=st.none() | COUNT,
        total=st.none() | COUNT,
        estimated=st.booleans(),
        raw=st.dictionaries(
            st.sampled_from(["service_tier", "speed", "inference_geo", "billed_units", "cacheDetails", "trafficType"]),
            st.none()
            | st.sampled_from(["", "us", "fast", "flex"])
            | st.integers()
            | st.lists(st.integers(), max_size=2)
            | st.just({"ttl": 3}),
        ),
    ),
    model=st.sampled_from(["gpt-5.1", "gpt-4o", "no-such-model", "dall-e-3", ""]),
    tier=st.none() | st.sampled_from(["flex", "priority", "batch", "scale", "auto"]),
    fees=st.booleans(),
)
def test_a_cost_is_exact_with_its_source_or_null_with_its_reason(
    usage: Usage, model: str, tier: str | None, *, fees: bool
) -> None:
    """Trap 67: whatever a provider reports, nothing breaks, and what is unknown is never zero."""
    told = cost("openai", model, usage, service_tier=tier, fees=fees)

    assert (told.usd is None) == (told.source is None) == bool(told.reason)
    assert told.usd is None or (told.usd >= 0 and (told.usd > 0) == bool(usage.input or usage.output))
