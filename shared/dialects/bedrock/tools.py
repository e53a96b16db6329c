"""Tools and how they may be chosen. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html (2026-11).

Converse has no word for `none` and for one call at a time. Claude takes its own `tool_choice` in their place; of other models, one call at a time
is refused, and tools that may not be called are not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.request import ChatRequest, Tool, ToolCall
from shared.dialects.bedrock.families import cache_point, is_claude
from shared.dialects.refuse import unsupported
from shared.errors import InvalidRequest

type Fields = dict[str, Any]

_CLAUDES_WORDS: Final[Mapping[str, str]] = {"auto": "auto", "none": "none", "required": "any", "tool": "tool"}


@dataclass(frozen=True, slots=True)
class ToolWords:
    """Converse's `config`, and the model's own `fields`."""

    config: Fields | None = None
    fields: Fields = field(default_factory=dict)


def tools(request: ChatRequest) -> ToolWords:
    """Raises UnsupportedParameter for what the model cannot do, InvalidRequest for calls of tools that nobody declared."""
    if not request.tools:
        _refuse_undeclared(request)
        return ToolWords()
    mode = request.tool_choice.mode if request.tool_choice else None
    alone = request.parallel_tool_calls is False and mode != "none"
    if mode != "none" and not alone:
        return ToolWords(_config(request, _choice(request)))
    if is_claude(request.model):
        return ToolWords(_config(request, None), {"tool_choice": _in_claudes_words(request, alone=alone)})
    if alone:
        raise unsupported("Bedrock", "parallel_tool_calls", "this model cannot be kept from calling in parallel")
    if _has_called(request):
        raise unsupported("Bedrock", "tool_choice", "after calls this model cannot be kept from calling, leave it out")
    return ToolWords()


def _config(request: ChatRequest, choice: Fields | None) -> Fields:
    declared = [block for tool in request.tools for block in _declare(tool, request.model)]
    return {"tools": declared, **({"toolChoice": choice} if choice else {})}


def _declare(tool: Tool, model: str) -> list[Fields]:
    specification: Fields = {
        "name": tool.name,
        "description": tool.description or None,
        "inputSchema": {"json": {"type": "object", **(tool.parameters or {"properties": {}})}},
        "strict": tool.strict or None,
    }
    said = {name: value for name, value in specification.items() if value is not None}
    return [{"toolSpec": said}, *cache_point(tool.cache, model, of_tools=True)]


def _choice(request: ChatRequest) -> Fields | None:
    match request.tool_choice:
        case None:
            return None
        case choice if choice.mode == "tool":
            return {"tool": {"name": choice.name}}
        case choice:
            return {"any" if choice.mode == "required" else "auto": {}}


def _in_claudes_words(request: ChatRequest, *, alone: bool) -> Fields:
    """Trap 87. It stands alone: Bedrock refuses a `toolChoice` beside it."""
    choice = request.tool_choice
    words: Fields = {"type": _CLAUDES_WORDS[choice.mode if choice else "auto"]}
    if choice and choice.mode == "tool":
        words["name"] = choice.name
    if alone:
        words["disable_parallel_tool_use"] = True
    return words


def _has_called(request: ChatRequest) -> bool:
    return any(isinstance(part, ToolCall) for message in request.messages for part in message.parts)


def _refuse_undeclared(request: ChatRequest) -> None:
    """The provider refuses them as well, but in words about its own `toolConfig`."""
    if _has_called(request):
        raise InvalidRequest(
            "Bedrock wants the tools of earlier calls declared: give `tools` again", parameter="options.tools"
        )
