"""Our request in Cohere's words: https://docs.cohere.com/reference/chat (2026-11).

`user` and `metadata` are the caller's labels; Cohere takes none, and no answer depends on them.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest, ResponseFormat, Tool
from shared.dialects.cohere.messages import messages
from shared.dialects.cohere.thinking import thinking
from shared.dialects.dialect import Written
from shared.dialects.refuse import refuse_given, unsupported
from shared.errors import InvalidRequest

type Json = dict[str, Any]

_FAMILY: Final = "Cohere"
_UNKNOWN: Final = ("n", "top_logprobs", "verbosity")
_CHOICES: Final[Mapping[str, str]] = {"none": "NONE", "required": "REQUIRED", "tool": "REQUIRED"}


def write(request: ChatRequest, largest_output: int | None) -> Written:  # noqa: ARG001 - Cohere's own default is the largest
    """Raises UnsupportedParameter for what Cohere cannot do, InvalidRequest for what nobody could."""
    refuse_given(request, _FAMILY, *_UNKNOWN)
    if request.service_tier not in {None, "auto", "default"}:
        raise unsupported(_FAMILY, "service_tier")
    said, documents = messages(request.messages)
    tools = _offered(request)
    body = {
        "model": request.model,
        "messages": said,
        "documents": documents or None,
        "tools": [_tool(tool) for tool in tools] or None,
        "strict_tools": _strict(tools),
        "tool_choice": _CHOICES.get(request.tool_choice.mode) if request.tool_choice and tools else None,
        "response_format": _respond(request.response_format),
        "max_tokens": request.max_tokens,
        "stop_sequences": list(request.stop) or None,
        "temperature": request.temperature,
        "p": request.top_p,
        "k": request.top_k,
        "seed": request.seed,
        "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty,
        "logprobs": request.logprobs or None,
        "thinking": thinking(request),
        "stream": request.stream,
    }
    return Written("/v2/chat", {name: value for name, value in body.items() if value is not None})


def _offered(request: ChatRequest) -> tuple[Tool, ...]:
    """Cohere cannot be told which tool to use, only to use one; so the one that has to be is all that it is offered. Trap 87."""
    choice = request.tool_choice
    if choice is None or choice.mode != "tool":
        return request.tools
    named = tuple(tool for tool in request.tools if tool.name == choice.name)
    if not named:
        raise InvalidRequest("names a tool that is not among the tools", parameter="options.toolChoice")
    return named


def _tool(tool: Tool) -> Json:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters or {"type": "object", "properties": {}}),
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


def _strict(tools: tuple[Tool, ...]) -> bool | None:
    """One switch for all tools. What one tool asks for, the others get, unless they say that they do not want it."""
    wished = {tool.strict for tool in tools}
    if {True, False} <= wished:
        raise unsupported(_FAMILY, "tools", "it takes `strict` for all tools or for none, say the same of each")
    return True if True in wished else None


def _respond(format_: ResponseFormat | None) -> Json | None:
    match format_:
        case ResponseFormat(kind="json_schema"):
            return {"type": "json_object", "json_schema": dict(format_.schema or {})}
        case ResponseFormat(kind="json_object"):
            return {"type": "json_object"}
        case _:
            return None
