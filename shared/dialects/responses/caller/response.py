"""What stands around the output: a response as OpenAI writes it, with what was asked, so that SDKs find every field they know.

https://platform.openai.com/docs/api-reference/responses/object (2026-11)
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import FinishReason, Usage
from shared.chat.request import ChatRequest
from shared.dialects.caller import About

_REPEATED: Final[Mapping[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": None,
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
"""What was asked is told again; what was not, with OpenAI's word for that."""
_INCOMPLETE: Final[Mapping[FinishReason, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}


def head(request: ChatRequest, about: About, model: str) -> dict[str, Any]:
    """A response of which nothing was said so far."""
    asked = request.original.body if request.original else {}
    repeated = {name: asked[name] if asked.get(name) is not None else usual for name, usual in _REPEATED.items()}
    reasoning, text = asked.get("reasoning") or {}, asked.get("text") or {}
    return {
        "id": f"resp_{about.id}",
        "object": "response",
        "created_at": about.created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None, **reasoning},
        "store": False,
        "text": {**text, "format": text.get("format") or {"type": "text"}},
        "usage": None,
        **repeated,
    }


def ending(reason: FinishReason, raw: str | None) -> dict[str, Any]:
    """Why it ended. A word without a counterpart is kept, and is no completion. Trap 24."""
    if reason in {"stop", "tool_calls"}:
        return {"status": "completed"}
    why = _INCOMPLETE.get(reason) or raw or reason
    return {"status": "incomplete", "incomplete_details": {"reason": why}}


def usage(used: Usage) -> dict[str, Any]:
    """Counted tokens; what nobody counted is 0, for SDKs want numbers."""
    asked, answered = used.input or 0, used.output or 0
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": used.cached or 0, "cache_write_tokens": used.cache_write or 0},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": used.reasoning or 0},
        "total_tokens": asked + answered if used.total is None else used.total,
    }
