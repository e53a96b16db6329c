"""Words for the end of an answer, whoever says them."""

import pytest

from shared.dialects.finish import finish_reason


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("model_context_window_exceeded", "length"),
        ("max_output_tokens", "length"),
        ("pause_turn", "stop"),
        ("COMPLETE", "stop"),
        ("TOOL_CALL", "tool_calls"),
        ("guardrail_intervened", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
    ],
)
def test_a_router_may_hand_on_the_word_of_another_family(word: str, reason: str) -> None:
    """Found by feeding every word to every dialect."""
    assert finish_reason(word) == reason


@pytest.mark.parametrize("word", [None, "", "MALFORMED_FUNCTION_CALL", "insufficient_system_resource", "ERROR", "Stop"])
def test_what_nobody_knows_is_other(word: str | None) -> None:
    """Trap 24."""
    assert finish_reason(word) == "other"
