"""Log probabilities in the one shape that callers know, OpenAI's: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.dialects.lenient import text


def logprobs(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Cohere's `{"text", "token_ids", "logprobs"}` as `{"content": [...]}`. A text of several tokens is as likely as all of them together."""
    return {"content": [_token(item) for item in items]}


def _token(item: Mapping[str, Any]) -> dict[str, Any]:
    word, found = text(item.get("text")), item.get("logprobs")
    numbers = [number for number in found if isinstance(number, int | float)] if isinstance(found, list) else []
    return {
        "token": word,
        "logprob": sum(numbers) if numbers else None,
        "bytes": list(word.encode()),
        "top_logprobs": [],
    }
