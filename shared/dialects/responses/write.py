"""Our request in the words of Responses: https://platform.openai.com/docs/api-reference/responses/create (2026-11)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.chat.request import ChatRequest, Reasoning, ResponseFormat, Tool, ToolChoice
from shared.dialects.dialect import Written
from shared.dialects.refuse import refuse_given, unsupported
from shared.dialects.responses.caller.ours import for_kin
from shared.dialects.responses.items import items
from shared.dialects.responses.reasoning import give_back

_FIELDS: Final[Mapping[str, str]] = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_logprobs": "top_logprobs",
    "parallel_tool_calls": "parallel_tool_calls",
    "user": "user",
    "service_tier": "service_tier",
}
_HAS_NO: Final = ("n", "stop", "seed", "frequency_penalty", "presence_penalty", "top_k", "reasoning_budget")
_SAMPLES_AS_IT_LIKES: Final = re.compile(r"(?:.*[/.])?(o\d|codex-|gpt-5(\.\d+)?-(pro|codex)|gpt-5(?![.\d])(?!.*-chat))")
_SAMPLES_UNLESS_THINKING: Final = re.compile(r"(?:.*[/.])?gpt-(5\.\d|[6-9])")
"""Their usual effort is `none`, but for those above."""
_SAMPLING: Final[Mapping[str, float]] = {"temperature": 1, "top_p": 1, "logprobs": False, "top_logprobs": 0}
"""What reasoning models do not take, and what they do anyway."""
_THINKS: Final = re.compile(r"(?:.*[/.])?(o\d|gpt-([5-9]|oss)(?!.*-chat)|codex-|grok-[4-9])")
"""Others refuse to be asked for encrypted thinking, so that an unknown name is asked only together with an effort."""
_OURS: Final = frozenset({"store", "include"})
_THINKING: Final = "reasoning.encrypted_content"
_LOGPROBS: Final = "message.output_text.logprobs"


def write(request: ChatRequest, _largest_output: int | None) -> Written:
    """The request. Raises UnsupportedParameter for what these providers cannot be told.

    `store` is always false: a response that is not stored with the provider needs no clearing up, and thinking comes encrypted instead.
    """
    refuse_given(request, "the Responses API", *_HAS_NO)
    request = _without_sampling(request)
    body: dict[str, Any] = {"model": request.model, "input": items(request.messages), "store": False}
    for field, name in _FIELDS.items():
        if (value := getattr(request, field)) is not None:
            body[name] = value
    if request.metadata is not None:
        body["metadata"] = dict(request.metadata)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.tool_choice:
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if text := _text(request):
        body["text"] = text
    if request.reasoning_effort is not None:
        body["reasoning"] = _reasoning(request.reasoning_effort)
    if include := _include(request):
        body["include"] = include
    if request.stream:
        body["stream"] = True
    return Written("/responses", body)


def kin(body: dict[str, Any], request: ChatRequest) -> dict[str, Any]:
    """A caller's own body, without what `write` says for those who do not know of it: to store, and what to include, is theirs to say.

    What we gave them of other providers' answers stays here: trap 61. The owner's system prompt is put where the caller has none.
    """
    original = request.original
    own = original.body if original else {}
    kept = {name: value for name, value in body.items() if name not in _OURS or name in own}
    if original is not None and original.system is not None:
        kept["instructions"] = original.system
    if isinstance(kept.get("input"), list):
        kept["input"] = for_kin(kept["input"])
    return kept


def _without_sampling(request: ChatRequest) -> ChatRequest:
    """Reasoning models sample as they like: https://platform.openai.com/docs/guides/reasoning (2026-11). Trap 59."""
    thinking = request.reasoning_effort not in {None, "none"}
    if not (_SAMPLES_AS_IT_LIKES.match(request.model) or (thinking and _SAMPLES_UNLESS_THINKING.match(request.model))):
        return request
    for field, usual in _SAMPLING.items():
        if getattr(request, field) not in (None, usual):
            raise unsupported("this reasoning model", field)
    return replace(request, temperature=None, top_p=None, logprobs=None, top_logprobs=None)


def _tool(tool: Tool) -> dict[str, Any]:
    """Strict is the default here, unlike in all other families; whoever did not ask for it is not to have their schema rewritten."""
    described = {"description": tool.description} if tool.description is not None else {}
    parameters = tool.parameters if tool.parameters is not None else {"type": "object", "properties": {}}
    return {"type": "function", "name": tool.name, **described, "parameters": parameters, "strict": bool(tool.strict)}


def _tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    return choice.mode if choice.mode != "tool" else {"type": "function", "name": choice.name}


def _text(request: ChatRequest) -> dict[str, Any]:
    shape = {"format": _format(request.response_format), "verbosity": request.verbosity}
    return {name: value for name, value in shape.items() if value is not None}


def _format(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    fields = {
        "type": "json_schema",
        "name": wanted.name or "answer",
        "description": wanted.description,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _reasoning(effort: str) -> dict[str, Any]:
    """Whoever asks for thinking is told of it: https://platform.openai.com/docs/guides/reasoning#reasoning-summaries (2026-11)."""
    return {"effort": effort} if effort == "none" else {"effort": effort, "summary": "auto"}


def _include(request: ChatRequest) -> list[str]:
    wanted = {_THINKING: _may_think(request), _LOGPROBS: bool(request.logprobs or request.top_logprobs)}
    return [name for name, wished in wanted.items() if wished]


def _may_think(request: ChatRequest) -> bool:
    if request.reasoning_effort is not None:
        return request.reasoning_effort != "none"
    return _THINKS.match(request.model) is not None or any(
        give_back(part.signature)
        for message in request.messages
        for part in message.parts
        if isinstance(part, Reasoning)
    )
