"""In which tier an answer was made, by whatever the provider calls it."""

from typing import Any

import pytest

from shared.providers.find import get_provider
from shared.providers.tiers import USUAL, place, tier


@pytest.mark.parametrize(
    ("provider", "raw", "told", "context"),
    [
        ("openai", {}, None, {}),
        ("openai", {}, "default", {}),
        ("openai", {"service_tier": "flex"}, "default", {}),
        ("openai", {}, "priority", {"service_tier": "priority"}),
        ("openai", {}, "batch", {"processing": "batch"}),
        ("anthropic", {"service_tier": "standard"}, None, {}),
        ("anthropic", {"service_tier": "standard", "speed": "fast"}, None, {"speed": "fast"}),
        ("anthropic", {"service_tier": 7}, None, {}),
        ("vertex", {"trafficType": "ON_DEMAND"}, None, {}),
        ("vertex", {"trafficType": "ON_DEMAND_PRIORITY"}, None, {"service_tier": "priority"}),
        ("groq", {}, "flex", {}),
        ("mistral", {}, "flex", {"service_tier": "flex"}),
    ],
)
def test_what_the_answer_says_comes_before_what_its_usage_says(
    provider: str, raw: dict[str, Any], told: str | None, context: dict[str, str]
) -> None:
    found = tier(get_provider(provider), raw, told)

    assert found.context == context
    assert (found is USUAL) is (not context)


@pytest.mark.parametrize(
    ("geo", "region"), [("us", "us"), ("global", None), ("not_available", None), ("", None), (None, None)]
)
def test_a_region_of_its_own_is_told(geo: str | None, region: str | None) -> None:
    assert place({"inference_geo": geo}) == region
