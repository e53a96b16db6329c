"""What stands around the output: who answers, what it cost, and how it ended.

https://platform.openai.com/docs/api-reference/responses/object (2026-11)
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.chat.events import Annotation, ChatEvent, Finish, Start, Usage
from shared.dialects.finish import finish_reason
from shared.dialects.lenient import find_text, record
from shared.dialects.openai.usage import read_usage
from shared.dialects.responses.failures import failed

_TOLD: Final = ("service_tier", "content_filters", "moderation", "citations")
"""Fields that tell of the answer and have no event; most others repeat the request."""
_FAILED: Final = frozenset({"failed", "cancelled"})
_CHAT_WORDS: Final[Mapping[str, str]] = {
    "input_tokens": "prompt_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens": "completion_tokens",
    "output_tokens_details": "completion_tokens_details",
}


def start(response: Mapping[str, Any]) -> Start:
    """The provider's own id and name of the model."""
    created = response.get("created_at")
    return Start(
        id=find_text(response.get("id")),
        model=find_text(response.get("model")),
        created=int(created) if isinstance(created, int | float) else None,
    )


def conclude(response: Mapping[str, Any], events: list[ChatEvent], *, calls: bool) -> None:
    """Append what the whole tells: notes, usage, and why it ended. Raises a ProviderError when it failed. Traps 24, 40, 60."""
    events.extend([Annotation(name, response[name]) for name in _TOLD if response.get(name)])
    if used := record(response.get("usage")):
        events.append(usage(used))
    status = find_text(response.get("status"))
    if status in _FAILED:
        raise failed(response.get("error"))
    word = find_text(record(response.get("incomplete_details")).get("reason")) if status == "incomplete" else None
    word = word or status
    reason = finish_reason(word)
    events.append(Finish("tool_calls" if reason == "stop" and calls else reason, word))


def usage(raw: Mapping[str, Any]) -> Usage:
    """It counts as chat completions do, in other words. Traps 65, 66."""
    return replace(read_usage({_CHAT_WORDS.get(name, name): value for name, value in raw.items()}), raw=raw)
