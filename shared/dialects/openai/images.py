"""Pictures from OpenAI's family: https://platform.openai.com/docs/api-reference/images/create (2026-11)."""

from dataclasses import replace
from typing import Any, Final

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.lenient import find_count, find_text, record
from shared.dialects.openai.usage import read_usage
from shared.dialects.openai.whole import read_list, written


def _read(body: bytes, _: Ask) -> Reply:
    answer = read_list(body, "data")
    return Reply(body, _usage(record(answer.get("usage"))), find_text(answer.get("model")))


def _usage(raw: dict[str, Any]) -> Usage | None:
    """In the words of the images API, or in those of a chat (OpenRouter); some tell their cost alone (xAI)."""
    if not raw:
        return None
    said = read_usage(raw)
    if said.input is not None or "input_tokens" not in raw:
        return said
    return replace(
        said,
        input=find_count(raw.get("input_tokens")),
        output=find_count(raw.get("output_tokens")),
        cached=find_count(record(raw.get("input_tokens_details")).get("cached_tokens")),
    )


EXCHANGE: Final = Exchange(lambda ask: written("/images/generations", ask), _read)
