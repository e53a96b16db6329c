"""Why an answer ends, in every provider's word. One table for all dialects: a router hands on the word of whoever is behind it.

https://platform.openai.com/docs/api-reference/chat/object, https://platform.claude.com/docs/en/api/messages,
https://ai.google.dev/api/generate-content#FinishReason, https://docs.cohere.com/reference/chat,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11)
"""

from collections.abc import Mapping
from typing import Final

from shared.chat.events import FinishReason

_WORDS: Final[Mapping[FinishReason, str]] = {
    "stop": "stop stop_sequence end_turn pause_turn eos eos_token completed STOP STOP_SEQUENCE COMPLETE",
    "length": "length max_tokens model_length max_output_tokens model_context_window_exceeded MAX_TOKENS",
    "tool_calls": "tool_calls tool_call tool_use function_call TOOL_CALL",
    "content_filter": "content_filter content_filtered refusal guardrail_intervened ERROR_TOXIC"
    " SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII MODEL_ARMOR"
    " IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION",
}
_REASONS: Final[Mapping[str, FinishReason]] = {
    word: reason for reason, words in _WORDS.items() for word in words.split(" ")
}


def finish_reason(word: str | None) -> FinishReason:
    """A word that nobody here knows is `other`, never `stop`. Trap 24."""
    return _REASONS.get(word or "", "other")
