"""Our request in Anthropic's words: https://platform.claude.com/docs/en/api/messages/create (2026-11).

`metadata` holds the caller's labels; Anthropic takes note of who the user is, and no answer depends on the others.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest, ResponseFormat, Tool, ToolResult
from shared.dialects.anthropic.blocks import keep_from
from shared.dialects.anthropic.thinking import Room, make_room
from shared.dialects.anthropic.turns import turns
from shared.dialects.closed_schema import closed
from shared.dialects.dialect import Written
from shared.dialects.json_mode import in_words
from shared.dialects.refuse import refuse_given, unsupported
from shared.errors import InvalidRequest

_FAMILY: Final = "Anthropic"
HEADERS: Final = {"anthropic-version": "2023-06-01"}
_UNKNOWN: Final = ("n", "seed", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty", "verbosity")
_TIERS: Final[Mapping[str, str]] = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}
_CHOICES: Final[Mapping[str, str]] = {"auto": "auto", "none": "none", "required": "any", "tool": "tool"}
_MOST_BREAKPOINTS: Final = 4
_WARMEST: Final = 1
"""OpenAI's scale goes to 2, and would mean something else here if it were shrunk."""
_SMALLEST_TOP_P: Final = 0.95
"""While thinking: https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility (2026-11)."""


def write(request: ChatRequest, largest_output: int | None) -> Written:
    """Raises UnsupportedParameter for what Anthropic cannot do, InvalidRequest for what nobody could."""
    refuse_given(request, _FAMILY, *_UNKNOWN)
    if request.temperature is not None and request.temperature > _WARMEST:
        raise unsupported(_FAMILY, "temperature", f"it is at most {_WARMEST} there")
    room = make_room(request, largest_output)
    if room.thinks:
        _refuse_sampling(request)
    system, messages = turns(in_words(request))
    body = {
        "model": request.model,
        "max_tokens": room.max_tokens,
        "messages": messages,
        "system": system,
        "stop_sequences": list(request.stop),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "thinking": room.thinking,
        "output_config": _output(request.response_format, room),
        "tools": [_tool(tool) for tool in request.tools],
        "tool_choice": _tool_choice(request),
        "metadata": _metadata(request),
        "service_tier": _tier(request.service_tier),
        "stream": request.stream or None,
    }
    said = {name: value for name, value in body.items() if value is not None and value not in ([], {})}
    _refuse_breakpoints(request)
    return Written("/v1/messages", said, HEADERS)


def _refuse_sampling(request: ChatRequest) -> None:
    """A thinking Claude takes no sampling parameters but those that change nothing."""
    thinking = f"{_FAMILY}, while it thinks,"
    if request.temperature not in (None, 1):
        raise unsupported(thinking, "temperature")
    if request.top_p is not None and request.top_p < _SMALLEST_TOP_P:
        raise unsupported(thinking, "top_p", f"leave it out, or say {_SMALLEST_TOP_P} or more")
    if request.top_k is not None:
        raise unsupported(thinking, "top_k")


def _output(format_: ResponseFormat | None, room: Room) -> dict[str, Any]:
    config: dict[str, Any] = {"effort": room.effort} if room.effort else {}
    match format_:
        case ResponseFormat(kind="json_schema"):
            config["format"] = {"type": "json_schema", "schema": closed(format_.schema or {}, _FAMILY)}
        case _:
            pass
    return config


def _tool(tool: Tool) -> dict[str, Any]:
    written = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": {"type": "object", **(tool.parameters or {"properties": {}})},
        "strict": tool.strict or None,
    }
    return keep_from({name: value for name, value in written.items() if value is not None}, tool.cache)


def _refuse_breakpoints(request: ChatRequest) -> None:
    """Trap 56. https://platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11)."""
    parts = [part for message in request.messages for part in message.parts]
    inside = [piece for part in parts if isinstance(part, ToolResult) for piece in part.content]
    marks = sum(getattr(holder, "cache", None) is not None for holder in (*request.tools, *parts, *inside))
    if marks > _MOST_BREAKPOINTS:
        raise InvalidRequest(
            f"{_FAMILY} keeps at most {_MOST_BREAKPOINTS} points for its cache, not {marks}: leave some `cache_control` out",
            parameter="messages",
        )


def _tool_choice(request: ChatRequest) -> dict[str, Any] | None:
    """Trap 87: `disable_parallel_tool_use` is the other side of `parallel_tool_calls`."""
    alone = request.parallel_tool_calls is False
    if not request.tools or (request.tool_choice is None and not alone):
        return None
    mode = request.tool_choice.mode if request.tool_choice else "auto"
    choice: dict[str, Any] = {"type": _CHOICES[mode]}
    if request.tool_choice and mode == "tool":
        choice["name"] = request.tool_choice.name
    if alone and mode != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def _metadata(request: ChatRequest) -> dict[str, str]:
    user = (request.metadata or {}).get("user_id") or request.user
    return {"user_id": user} if user else {}


def _tier(tier: str | None) -> str | None:
    if tier is None:
        return None
    if tier not in _TIERS:
        raise unsupported(_FAMILY, "service_tier", f"say one of {', '.join(_TIERS)}")
    return _TIERS[tier]
