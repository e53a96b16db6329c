"""Our request in Gemini's words: https://ai.google.dev/api/generate-content#method:-models.generatecontent (2026-11).

`user` and `metadata` are the caller's labels; Gemini takes none, and no answer depends on them.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import ChatRequest, ResponseFormat, Tool
from shared.dialects.dialect import Written
from shared.dialects.gemini.contents import contents
from shared.dialects.gemini.path import path
from shared.dialects.gemini.thinking import sign_calls, thinking
from shared.dialects.refuse import refuse_given, unsupported

_FAMILY: Final = "Gemini"
_MODES: Final[Mapping[str, str]] = {"auto": "AUTO", "none": "NONE", "required": "ANY", "tool": "ANY"}
_TIERS: Final = frozenset({"standard", "flex", "priority"})


def write(request: ChatRequest, largest_output: int | None) -> Written:  # noqa: ARG001 - Gemini's own default is the largest
    """Raises UnsupportedParameter for what Gemini cannot do, InvalidRequest for what nobody could."""
    refuse_given(request, _FAMILY, "verbosity")
    system, said = contents(request.messages)
    body = {
        "contents": sign_calls(said, request.model),
        "systemInstruction": {"parts": system} if system else None,
        "tools": [{"functionDeclarations": [_declare(tool) for tool in request.tools]}] if request.tools else None,
        "toolConfig": _tool_config(request),
        "generationConfig": _given(_configure(request)) or None,
        "serviceTier": _tier(request.service_tier),
    }
    method = "streamGenerateContent" if request.stream else "generateContent"
    return Written(path(request.model, method), _given(body), query="alt=sse" if request.stream else "")


def _configure(request: ChatRequest) -> dict[str, Any]:
    """https://ai.google.dev/api/generate-content#generationconfig (2026-11)."""
    return {
        "maxOutputTokens": request.max_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "stopSequences": list(request.stop) or None,
        "candidateCount": request.n,
        "seed": request.seed,
        "frequencyPenalty": request.frequency_penalty,
        "presencePenalty": request.presence_penalty,
        "responseLogprobs": request.logprobs,
        "logprobs": request.top_logprobs,
        "thinkingConfig": thinking(request),
        **({} if _must_call(request) else _respond(request.response_format)),
    }


def _must_call(request: ChatRequest) -> bool:
    """Then no words come that could have a form; with one, models before Gemini 3 refuse to call at all.

    https://ai.google.dev/gemini-api/docs/structured-output (2026-11)
    """
    return bool(request.tools) and request.tool_choice is not None and request.tool_choice.mode in {"required", "tool"}


def _respond(format_: ResponseFormat | None) -> dict[str, Any]:
    """`responseJsonSchema` takes JSON schemas as they are: trap 49."""
    match format_:
        case ResponseFormat(kind="json_schema"):
            return {"responseMimeType": "application/json", "responseJsonSchema": dict(format_.schema or {})}
        case ResponseFormat(kind="json_object"):
            return {"responseMimeType": "application/json"}
        case _:
            return {}


def _declare(tool: Tool) -> dict[str, Any]:
    """`parametersJsonSchema` takes JSON schemas as they are: trap 49. A function without parameters names none."""
    schema = tool.parameters if tool.parameters and tool.parameters.get("properties") != {} else None
    return _given({"name": tool.name, "description": tool.description, "parametersJsonSchema": schema})


def _tool_config(request: ChatRequest) -> dict[str, Any] | None:
    choice = request.tool_choice
    if choice is None or not request.tools:
        return None
    named = {"allowedFunctionNames": [choice.name]} if choice.mode == "tool" else {}
    return {"functionCallingConfig": {"mode": _MODES[choice.mode], **named}}


def _tier(tier: str | None) -> str | None:
    if tier in (None, "auto", "default"):
        return None
    if tier not in _TIERS:
        raise unsupported(_FAMILY, "service_tier", f"say one of auto, default, {', '.join(sorted(_TIERS))}")
    return tier


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
