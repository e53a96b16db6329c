"""What was used, in the price table's words."""

from typing import Any

import pytest

from shared.chat.events import Usage
from shared.providers.counts import billed, counts


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (
            {"cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}},
            {"cache_write_5m_tokens": 3, "cache_write_1h_tokens": 4},
        ),
        (
            {"cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 3}]},
            {"cache_write_5m_tokens": 3, "cache_write_1h_tokens": 4},
        ),
        ({"prompt_tokens_details": {"audio_tokens": 5}}, {"input_audio_tokens": 5}),
        (
            {"output_tokens_details": {"audio_tokens": 5, "image_tokens": 6}},
            {"output_audio_tokens": 5, "output_image_tokens": 6},
        ),
        (
            {
                "promptTokensDetails": [
                    {"modality": "IMAGE", "tokenCount": 5},
                    {"modality": "DOCUMENT", "tokenCount": 2},
                ]
            },
            {"input_image_tokens": 7},
        ),
        ({"cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}]}, {"cache_audio_read_tokens": 5}),
        ({"server_tool_use": {"web_search_requests": 2}}, {"web_searches": 2}),
    ],
)
def test_a_finer_count_is_found_in_each_familys_words(raw: dict[str, Any], told: dict[str, int]) -> None:
    """Trap 65."""
    assert counts(Usage(10, 20, raw=raw)) == {"input_tokens": 10, "output_tokens": 20, **told}


@pytest.mark.parametrize(
    "raw",
    [
        {"cache_creation": None, "cacheDetails": {}, "promptTokensDetails": 3},
        {
            "cache_creation": {"ephemeral_1h_input_tokens": "many"},
            "cacheDetails": ["odd", {"ttl": "2d", "inputTokens": 3}],
        },
        {"promptTokensDetails": [{"modality": "SMELL", "tokenCount": 3}, {"modality": "AUDIO", "tokenCount": -3}]},
        {"prompt_tokens_details": {"audio_tokens": True}, "server_tool_use": {"web_search_requests": 0}},
    ],
)
def test_what_is_no_count_is_none(raw: dict[str, Any]) -> None:
    assert counts(Usage(10, 0, raw=raw)) == {"input_tokens": 10}


def test_what_is_billed_is_not_always_what_was_used() -> None:
    """Trap 65."""
    cohere = Usage(507, 10, cached=448, raw={"billed_units": {"input_tokens": 12, "output_tokens": 7}})

    assert (billed(cohere).input, billed(cohere).output, billed(cohere).cached) == (12, 7, None)
    assert billed(Usage(5, None, total=5)).output == 0
    assert billed(Usage(5, None, total=9)).output is None
    assert billed(Usage(5, None, raw={"billed_units": {"input_tokens": 12}})).input == 5
