"""Counted tokens: https://docs.cohere.com/reference/chat#response.body.usage (2026-11)."""

from typing import Any

from shared.chat.events import Usage
from shared.dialects.lenient import find_count, record


def read_usage(raw: dict[str, Any]) -> Usage | None:
    """All tokens that went through the model. What Cohere bills leaves its own preamble out; `raw` keeps that count too.

    It counts reasoning as 0 for models that cannot, so 0 is as good as not told.
    """
    tokens = record(raw.get("tokens")) or record(raw.get("billed_units"))
    read, said = _count(tokens.get("input_tokens")), _count(tokens.get("output_tokens"))
    if read is None and said is None:
        return None
    return Usage(
        input=read,
        output=said,
        cached=_count(raw.get("cached_tokens")),
        reasoning=_count(tokens.get("reasoning_tokens")) or None,
        total=None if read is None or said is None else read + said,
        raw=raw,
    )


def _count(value: Any) -> int | None:
    """A negative count is as good as none."""
    count = find_count(value)
    return None if count is None or count < 0 else count
