"""Counted tokens as OpenAI tells them: https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage (2026-11)."""

from typing import Any

from shared.chat.events import Usage


def write_usage(usage: Usage) -> dict[str, Any]:
    """Every count is a number, for clients calculate with them; `estimated` says that the provider counted nothing. Traps 22, 65."""
    read, output = usage.input or 0, usage.output or 0
    prompt = {"cached_tokens": usage.cached or 0, "audio_tokens": 0}
    if usage.cache_write is not None:
        prompt["cache_write_tokens"] = usage.cache_write
    return {
        "prompt_tokens": read,
        "completion_tokens": output,
        "total_tokens": read + output if usage.total is None else usage.total,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning or 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        **({"estimated": True} if usage.estimated else {}),
    }
