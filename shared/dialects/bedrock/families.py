"""What Converse leaves to each family of models: words beside its own, in `additionalModelRequestFields`, and what may be cached.

A name tells the family, also behind a region (`us.anthropic.claude-…`) and at the end of an ARN. The ARN of an application's own
inference profile tells nothing, so such words are refused there. https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (2026-11)
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.request import CachePoint, ChatRequest
from shared.dialects.anthropic.thinking import Room, make_room
from shared.dialects.refuse import unsupported

type Fields = dict[str, Any]

_CLAUDE: Final = re.compile(r"(^|[./])anthropic\.claude-")
_NOVA: Final = re.compile(r"(^|[./])amazon\.nova-")
_NOVA_2: Final = re.compile(r"(^|[./])amazon\.nova-2-")
_GPT_OSS: Final = re.compile(r"(^|[./])openai\.gpt-oss-")
_QWEN_3: Final = re.compile(r"(^|[./])qwen\.qwen3-")
_COMMAND_R: Final = re.compile(r"(^|[./])cohere\.command-r-")
_UNTOLD: Final = re.compile(r":(application-inference-profile|provisioned-model|default-prompt-router|prompt-router)/")

_CLAUDE_WITHOUT_CACHE: Final = re.compile(r"claude-(v?[12]|instant|3-(sonnet|haiku|opus))")
_CLAUDE_WITHOUT_TTL: Final = re.compile(r"claude-(3-|(opus|sonnet)-4-(1-|20\d{6}))")
"""https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html (2026-11)."""
_TTLS: Final = frozenset({"5m", "1h"})

_TOP_K: Final[tuple[tuple[re.Pattern[str], Callable[[int], Fields]], ...]] = (
    (_CLAUDE, lambda top_k: {"top_k": top_k}),
    (_NOVA, lambda top_k: {"inferenceConfig": {"topK": top_k}}),
    (_COMMAND_R, lambda top_k: {"k": top_k}),
)
_EFFORT: Final[tuple[tuple[re.Pattern[str], Callable[[str], Fields]], ...]] = (
    (_NOVA_2, lambda effort: {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}),
    (_GPT_OSS, lambda effort: {"reasoning_effort": effort}),
    (_QWEN_3, lambda effort: {"reasoning_config": effort}),
)
_EFFORTS: Final[Mapping[str, str]] = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_SMALLEST_TOP_P: Final = 0.95
"""While Claude thinks: https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility (2026-11)."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How to ask for it: the model's own `fields`, Converse's `effort`, and `max_tokens` where a budget needs room beside it."""

    fields: Fields = field(default_factory=dict)
    effort: str | None = None
    max_tokens: int | None = None


def is_claude(model: str) -> bool:
    """Anthropic's model, which takes Anthropic's words."""
    return _CLAUDE.search(model) is not None


def takes_thinking(model: str) -> bool:
    """Claude alone signs its thinking and wants it back; a name that tells no family may be Claude's."""
    return is_claude(model) or _UNTOLD.search(model) is not None


def thinking(request: ChatRequest, largest: int | None) -> Thinking:
    """Raises UnsupportedParameter where the model cannot be told so."""
    if is_claude(request.model):
        return _claude(request, make_room(request, largest))
    if request.reasoning_budget is not None:
        raise unsupported(_of(request), "reasoning_budget")
    if request.reasoning_effort is None:
        return Thinking(max_tokens=request.max_tokens)
    return Thinking(_effort(request, request.reasoning_effort), max_tokens=request.max_tokens)


def top_k(request: ChatRequest) -> Fields:
    """Raises UnsupportedParameter where the model has no word for it."""
    if request.top_k is None:
        return {}
    spell = next((spell for pattern, spell in _TOP_K if pattern.search(request.model)), None)
    if spell is None:
        raise unsupported(_of(request), "top_k")
    return spell(request.top_k)


def cache_point(cache: CachePoint | None, model: str, *, of_tools: bool = False) -> list[Fields]:
    """The block behind what is worth keeping; none for a model that would refuse it, since it is a hint. Trap 56: no `ttl` either."""
    if cache is None:
        return []
    if is_claude(model) and not _CLAUDE_WITHOUT_CACHE.search(model):
        ttl = {"ttl": cache.ttl} if cache.ttl in _TTLS and not _CLAUDE_WITHOUT_TTL.search(model) else {}
        return [{"cachePoint": {"type": "default", **ttl}}]
    return [{"cachePoint": {"type": "default"}}] if _NOVA.search(model) and not of_tools else []


def _claude(request: ChatRequest, room: Room) -> Thinking:
    """The room is Claude's own; where nobody asked for any, Bedrock itself takes the largest."""
    if room.thinks:
        _refuse_sampling(request)
    has_budget = room.thinking is not None and "budget_tokens" in room.thinking
    return Thinking(
        {"thinking": room.thinking} if room.thinking else {},
        room.effort,
        room.max_tokens if has_budget or request.max_tokens else None,
    )


def _refuse_sampling(request: ChatRequest) -> None:
    """A thinking Claude takes no sampling parameters but those that change nothing."""
    family = "Claude, while it thinks,"
    if request.temperature not in (None, 1):
        raise unsupported(family, "temperature")
    if request.top_p is not None and request.top_p < _SMALLEST_TOP_P:
        raise unsupported(family, "top_p", f"leave it out, or say {_SMALLEST_TOP_P} or more")
    if request.top_k is not None:
        raise unsupported(family, "top_k")


def _effort(request: ChatRequest, effort: str) -> Fields:
    if effort == "none" and _NOVA_2.search(request.model):
        return {"reasoningConfig": {"type": "disabled"}}
    spell = next((spell for pattern, spell in _EFFORT if pattern.search(request.model)), None)
    if spell is None:
        raise unsupported(_of(request), "reasoning_effort")
    if effort not in _EFFORTS:
        raise unsupported(_of(request), "reasoning_effort", f"say one of {', '.join(_EFFORTS)}")
    return spell(_EFFORTS[effort])


def _of(request: ChatRequest) -> str:
    return f"`{request.model}` on Bedrock"
