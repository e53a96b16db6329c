"""A request to `POST /v1/responses` → what is wished. Stateless: what would have to be stored is refused by name.

Towards a provider who speaks this dialect the body goes out as it came, without `store` too: what is not said is their default, as it is
for a caller who asks them directly. https://platform.openai.com/docs/api-reference/responses/create (2026-11)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.chat.check import MOST_MEDIA, check_schema
from shared.chat.request import (
    ChatRequest,
    KinOnly,
    Media,
    Message,
    Original,
    Part,
    ResponseFormat,
    Text,
    Tool,
    ToolChoice,
    ToolResult,
)
from shared.dialects.caller import Wish
from shared.dialects.responses.caller.bodies import FormatBody, FunctionTool, ResponseBody, convert, unknown
from shared.dialects.responses.caller.items import InputReader, instruct
from shared.errors import InvalidRequest
from shared.wire.json import read_strict

_REFERS: Final = "ai-sdk/"
"""Vercel's provider names items of earlier answers by their id, unless it was told `store: false`.

https://ai-sdk.dev/providers/ai-sdk-providers/openai#responses-models (2026-11)
"""
_LOGPROBS: Final = "message.output_text.logprobs"
_OF_OTHER_TOOLS: Final = ("web_search_call.", "code_interpreter_call.", "computer_call_output.", "file_search_call.")
"""What `include` may name beside: outputs of tools that are refused by themselves, so that there is nothing to include."""
_HARMLESS: Final = (
    "max_tool_calls",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
)
"""Labels, hints, and a limit of tools that are refused by themselves."""
_LABELS: Final = frozenset({"client_metadata"})
"""What some clients say of themselves."""
_USUAL_VERBOSITY: Final = "medium"


@dataclass(frozen=True, slots=True)
class OriginalResponse(Original):
    """`refers`: this client will name items of the answer by their id."""

    refers: bool = False


def read(body: bytes, headers: Mapping[str, str]) -> Wish:
    """The wish. Raises InvalidRequest, which names the field as the caller wrote it."""
    said = read_strict(body)
    wished = convert(said, ResponseBody)
    _refuse_state(wished)
    kin_only = list(_kin_only(said, wished))
    refers = wished.store is not False and _REFERS in headers.get("user-agent", "")
    return Wish(None, _chat(wished, kin_only, OriginalResponse("responses", said, refers=refers)))


def _refuse_state(wished: ResponseBody) -> None:
    """All of these would have somebody hold the conversation."""
    if wished.store:
        raise InvalidRequest("nothing is stored here: say `store: false`, or leave it out", parameter="store")
    for name, remedy in _STATE.items():
        if getattr(wished, name) not in (None, False):
            raise InvalidRequest(f"nothing is stored here, so there is no `{name}`: {remedy}", parameter=name)


_STATE: Final[Mapping[str, str]] = {
    "previous_response_id": "send the items of the earlier answers in `input`",
    "conversation": "send the items of the conversation in `input`",
    "background": "ask for a stream, or wait for the answer",
    "prompt": "send what the template says in `instructions` and `input`",
}


def _kin_only(said: Mapping[str, Any], wished: ResponseBody) -> Iterator[KinOnly]:
    yield from (KinOnly(name, harmless=name in _LABELS) for name in unknown(said, ResponseBody))
    yield from (KinOnly(name, harmless=True) for name in _HARMLESS if getattr(wished, name) not in (None, {}))
    for index, name in enumerate(wished.include or ()):
        if name not in {_LOGPROBS, "reasoning.encrypted_content"}:
            yield KinOnly(f"include[{index}]", harmless=name.startswith(_OF_OTHER_TOOLS))
    if wished.truncation == "auto":
        yield KinOnly("truncation")
    if (wished.stream_options or {}).get("include_obfuscation"):
        yield KinOnly("stream_options.include_obfuscation", harmless=True)
    if wished.text:
        yield from (KinOnly(name) for name in unknown(said["text"], type(wished.text), "text"))
    if wished.reasoning:
        yield from (KinOnly(name) for name in unknown(said["reasoning"], type(wished.reasoning), "reasoning"))
        yield from _summaries(wished)


def _summaries(wished: ResponseBody) -> Iterator[KinOnly]:
    """Whatever a provider shows of its thinking is shown; how long that is, it decides itself."""
    for name in ("summary", "generate_summary"):
        if getattr(wished.reasoning, name) not in (None, "auto"):
            yield KinOnly(f"reasoning.{name}", harmless=True)


def _chat(wished: ResponseBody, kin_only: list[KinOnly], original: Original) -> ChatRequest:
    messages = _messages(wished, kin_only)
    tools, choice = _chosen(_tools(wished, kin_only), wished.tool_choice, kin_only)
    text, reasoning = wished.text, wished.reasoning
    return ChatRequest(
        model=wished.model or "",
        messages=messages,
        stream=bool(wished.stream),
        max_tokens=wished.max_output_tokens,
        temperature=wished.temperature,
        top_p=wished.top_p,
        logprobs=True if wished.top_logprobs or _LOGPROBS in (wished.include or ()) else None,
        top_logprobs=wished.top_logprobs,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=wished.parallel_tool_calls,
        response_format=_response_format(text.format) if text and text.format else None,
        reasoning_effort=reasoning.effort if reasoning else None,
        user=wished.user,
        metadata=wished.metadata or None,
        service_tier=wished.service_tier,
        verbosity=text.verbosity if text and text.verbosity != _USUAL_VERBOSITY else None,
        original=original,
        kin_only=tuple(kin_only),
    )


def _messages(wished: ResponseBody, kin_only: list[KinOnly]) -> tuple[Message, ...]:
    if not wished.input:
        raise InvalidRequest("`input` is empty: say something", parameter="input")
    if isinstance(wished.input, str):
        said: tuple[Message, ...] = (Message("user", (Text(wished.input),)),)
    else:
        said = InputReader(kin_only).read(wished.input)
    if (files := sum(_files(message.parts) for message in said)) > MOST_MEDIA:
        raise InvalidRequest(f"{files} pictures and files are too many; send at most {MOST_MEDIA}", parameter="input")
    return instruct(wished.instructions) + said


def _files(parts: tuple[Part, ...]) -> int:
    return sum(_files(part.content) if isinstance(part, ToolResult) else isinstance(part, Media) for part in parts)


def _tools(wished: ResponseBody, kin_only: list[KinOnly]) -> tuple[Tool, ...]:
    found: list[Tool] = []
    for index, tool in enumerate(wished.tools or ()):
        at = f"tools[{index}]"
        if tool.get("type") != "function":
            if not isinstance(tool.get("type"), str):
                raise InvalidRequest("a tool needs its `type`, for example function", parameter=f"{at}.type")
            kin_only.append(KinOnly(f"{at}.type"))
            continue
        read = convert(tool, FunctionTool, at)
        check_schema(read.parameters, f"{at}.parameters")
        kin_only.extend([KinOnly(path) for path in unknown(tool, FunctionTool, at)])
        found.append(Tool(read.name, read.description, read.parameters, read.strict))
    return tuple(found)


def _chosen(
    tools: tuple[Tool, ...], choice: str | dict[str, Any] | None, kin_only: list[KinOnly]
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """Some of the tools alone are what a provider is told of that has no such choice: the model calls no others."""
    match choice:
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode, "tools": list(allowed)}:
            names = {entry.get("name") for entry in allowed if isinstance(entry, dict)}
            chosen = tuple([tool for tool in tools if tool.name in names])
            if not chosen and mode == "required" and not any(own.parameter.startswith("tools[") for own in kin_only):
                raise InvalidRequest("`tool_choice` allows no tool that is in `tools`", parameter="tool_choice.tools")
            return chosen, ToolChoice(mode)
        case {"type": "allowed_tools"}:
            raise InvalidRequest(
                "allowed_tools has a `mode`, auto or required, and `tools`", parameter="tool_choice.mode"
            )
        case _:
            return tools, _tool_choice(choice, kin_only)


def _tool_choice(choice: str | dict[str, Any] | None, kin_only: list[KinOnly]) -> ToolChoice | None:
    match choice:
        case None:
            return None
        case "none" | "required" | "auto" as mode:
            return ToolChoice(mode)
        case {"type": "function", "name": str(name)}:
            return ToolChoice("tool", name)
        case {"type": "function"}:
            raise InvalidRequest("`name` is missing: which function?", parameter="tool_choice.name")
        case {"type": str()}:
            kin_only.append(KinOnly("tool_choice.type"))
            return None
    raise InvalidRequest("`tool_choice` is auto, none, required, or an object with a `type`", parameter="tool_choice")


def _response_format(form: FormatBody) -> ResponseFormat | None:
    if form.type == "text":
        return None
    if form.type == "json_object":
        return ResponseFormat("json_object")
    for name in ("name", "schema"):
        if getattr(form, name) is None:
            raise InvalidRequest(f"`{name}` is missing: a json_schema has both", parameter=f"text.format.{name}")
    check_schema(form.schema, "text.format.schema")
    return ResponseFormat("json_schema", form.name, form.schema, form.strict, form.description)
