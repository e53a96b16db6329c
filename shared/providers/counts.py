"""What was used, in the price table's words: each kind of token apart that some vendor prices apart. Pure.

A total holds its kinds (what was cached is in the input, thinking is in the output), in the table as in our Usage. Traps 65, 66.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from shared.chat.events import Usage

type Path = tuple[str, ...]

_FINER: Final[Mapping[str, tuple[Path, ...]]] = {
    "cache_write_5m_tokens": (("cache_creation", "ephemeral_5m_input_tokens"),),
    "cache_write_1h_tokens": (("cache_creation", "ephemeral_1h_input_tokens"),),
    "web_searches": (("server_tool_use", "web_search_requests"),),
    "input_audio_tokens": (("prompt_tokens_details", "audio_tokens"), ("input_tokens_details", "audio_tokens")),
    "output_audio_tokens": (("completion_tokens_details", "audio_tokens"), ("output_tokens_details", "audio_tokens")),
    "input_image_tokens": (("prompt_tokens_details", "image_tokens"), ("input_tokens_details", "image_tokens")),
    "output_image_tokens": (("completion_tokens_details", "image_tokens"), ("output_tokens_details", "image_tokens")),
}
"""Where OpenAI's family and Anthropic tell of them. The first path that holds a count is believed.

https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage, https://platform.claude.com/docs/en/api/messages (2026-11)
"""

_MODALITIES: Final[Mapping[str, Mapping[str, str]]] = {
    "promptTokensDetails": {
        "AUDIO": "input_audio_tokens",
        "IMAGE": "input_image_tokens",
        "DOCUMENT": "input_image_tokens",
        "VIDEO": "input_video_tokens",
    },
    "candidatesTokensDetails": {
        "AUDIO": "output_audio_tokens",
        "IMAGE": "output_image_tokens",
        "VIDEO": "output_video_tokens",
    },
    "cacheTokensDetails": {
        "TEXT": "cache_text_read_tokens",
        "AUDIO": "cache_audio_read_tokens",
        "IMAGE": "cache_image_read_tokens",
        "DOCUMENT": "cache_image_read_tokens",
        "VIDEO": "cache_video_read_tokens",
    },
}
"""Google's lists of `{modality, tokenCount}`; a page of a document is priced as a picture: https://ai.google.dev/api/generate-content#UsageMetadata (2026-11)."""

_LASTING: Final[Mapping[str, str]] = {"5m": "cache_write_5m_tokens", "1h": "cache_write_1h_tokens"}
"""Bedrock's `cacheDetails`, by their `ttl`: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html (2026-11)."""


def counts(usage: Usage) -> dict[str, int]:
    """The counts that are above zero, by the table's names. `usage` is `billed` and has both totals."""
    told: dict[str, int | None] = {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cached,
        "cache_write_tokens": usage.cache_write,
        "output_reasoning_tokens": usage.reasoning,
        **{name: _first(usage.raw, paths) for name, paths in _FINER.items()},
    }
    for name, count in (*_by_modality(usage.raw), *_by_lifetime(usage.raw)):
        told[name] = (told.get(name) or 0) + count
    return {name: count for name, count in told.items() if count}


def billed(usage: Usage) -> Usage:
    """With what is to be paid, where that is not what went through the model, and with a total that only the sum tells.

    Cohere does not charge for its own preamble, and nothing less for the cache: https://docs.cohere.com/docs/how-does-cohere-pricing-work (2026-11).
    Google leaves a count of zero out (a prompt that was blocked has no output): https://protobuf.dev/programming-guides/json/ (2026-11).
    """
    paid = usage.raw.get("billed_units")
    if isinstance(paid, dict):
        read, said = _count(paid.get("input_tokens")), _count(paid.get("output_tokens"))
        if read is not None and said is not None:
            return replace(usage, input=read, output=said, cached=None, cache_write=None, reasoning=None)
    if usage.output is None and usage.input is not None and usage.total == usage.input:
        return replace(usage, output=0)
    return usage


def _first(raw: Mapping[str, Any], paths: tuple[Path, ...]) -> int | None:
    found = (_count(inner.get(name)) for group, name in paths if isinstance(inner := raw.get(group), dict))
    return next((count for count in found if count is not None), None)


def _by_modality(raw: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for group, names in _MODALITIES.items():
        for told in _records(raw.get(group)):
            count = _count(told.get("tokenCount"))
            if count and (name := names.get(str(told.get("modality")))):
                yield name, count


def _by_lifetime(raw: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for told in _records(raw.get("cacheDetails")):
        count = _count(told.get("inputTokens"))
        if count and (name := _LASTING.get(str(told.get("ttl")))):
            yield name, count


def _records(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
