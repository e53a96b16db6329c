"""Our request in OpenAI's words: https://platform.openai.com/docs/api-reference/chat/create (2026-11).

What only some OpenAI-like providers can say is left to their rows: see `shared.dialects.wishes`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.chat.request import (
    ChatRequest,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from shared.dialects.dialect import Written
from shared.dialects.wishes import EARLIER_REASONING, LINKED_FILE, REASONING_BUDGET, TOP_K
from shared.errors import UnsupportedParameter

_FIELDS: Final = (
    (
        "max_tokens",
        "max_completion_tokens",
    ),  # trap 59: reasoning models refuse the old name; rows of others rename it back
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("seed", "seed"),
    ("n", "n"),
    ("logprobs", "logprobs"),
    ("top_logprobs", "top_logprobs"),
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("reasoning_effort", "reasoning_effort"),
    ("user", "user"),
    ("service_tier", "service_tier"),
    ("verbosity", "verbosity"),
    ("top_k", TOP_K),
    ("reasoning_budget", REASONING_BUDGET),
)
_SHOWN: Final = "(What this call shows is in the next message of the user.)"
_SOUND_FORMATS: Final = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}


def write(request: ChatRequest, _largest_output: int | None) -> Written:
    """The request, its wishes still unspelled. Raises UnsupportedParameter for what no OpenAI-like API can be told."""
    body: dict[str, Any] = {"model": request.model, "messages": list(_messages(request.messages))}
    for field, name in _FIELDS:
        if (value := getattr(request, field)) is not None:
            body[name] = value
    if request.stop:
        body["stop"] = list(request.stop)
    if request.metadata is not None:
        body["metadata"] = dict(request.metadata)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.tool_choice:
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.response_format:
        body["response_format"] = _response_format(request.response_format)
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return Written("/chat/completions", body)


def kin(body: dict[str, Any], request: ChatRequest) -> dict[str, Any]:
    """A caller's own body, with the owner's system prompt where it has none, and the usage of a stream, without which nothing can be settled."""
    if request.original is not None and request.original.system is not None:
        body["messages"] = [{"role": "system", "content": request.original.system}, *body["messages"]]
    if request.stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


def _messages(messages: Iterable[Message]) -> Iterable[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        if message.role == "tool":
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            yield from (_tool_result(result, index) for result in results)
            shown += [part for result in results for part in _shown(result, index)]
            continue
        yield from _user(shown)
        shown = []
        if message.role == "assistant":
            yield _assistant(message, index)
        else:
            yield _named({"role": message.role, "content": _content(message.parts, index)}, message)
    yield from _user(shown)


def _user(parts: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    if parts:
        yield {"role": "user", "content": parts}


def _named(written: dict[str, Any], message: Message) -> dict[str, Any]:
    return written if message.name is None else {**written, "name": message.name}


def _assistant(message: Message, index: int) -> dict[str, Any]:
    spoken = [part for part in message.parts if isinstance(part, Text | Media)]
    if any(isinstance(part, Media) for part in spoken):
        raise UnsupportedParameter(
            "this provider takes no pictures or sounds back from an earlier answer: send them in a `user` message",
            parameter=f"messages[{index}].content",
        )
    refusal = "".join([part.text for part in message.parts if isinstance(part, Refusal)])
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    thinking = [_thinking(part) for part in message.parts if isinstance(part, Reasoning)]
    written: dict[str, Any] = {
        "role": "assistant",
        "content": _content(spoken, index) if spoken or not (calls or refusal) else None,
    }
    extras = {"refusal": refusal, "tool_calls": calls, EARLIER_REASONING: thinking}
    return _named({**written, **{name: value for name, value in extras.items() if value}}, message)


def _tool_result(result: ToolResult, index: int) -> dict[str, Any]:
    """Text alone; what a tool shows is shown behind the results of that turn, where pictures and files may stand."""
    said = [part for part in result.content if not isinstance(part, Media)]
    if len(said) < len(result.content):
        said.append(Text(_SHOWN))
    return {"role": "tool", "tool_call_id": result.call_id, "content": _content(said, index)}


def _shown(result: ToolResult, index: int) -> list[dict[str, Any]]:
    shown = [_part(part, index) for part in result.content if isinstance(part, Media)]
    return [{"type": "text", "text": f"What the call {result.call_id} shows:"}, *shown] if shown else []


def _content(parts: Iterable[Part], index: int) -> str | list[dict[str, Any]]:
    """A string when it is one text: every provider takes that, while not all take parts."""
    match tuple(parts):
        case ():
            return ""
        case (Text(text),):
            return text
        case several:
            return [_part(part, index) for part in several]


def _part(part: Part, index: int) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Refusal(text):
            return {"type": "refusal", "refusal": text}
        case Media(kind="image"):
            detail = {"detail": part.detail} if part.detail else {}
            return {"type": "image_url", "image_url": {"url": _url(part), **detail}}
        case Media(kind="video"):
            return {"type": "video_url", "video_url": {"url": _url(part)}}
        case Media(kind="audio", data=str(data)):
            return {"type": "input_audio", "input_audio": {"data": data, "format": _sound_format(part.media_type)}}
        case Media(kind="file", data=None):
            return {"type": LINKED_FILE, "url": part.url, "filename": part.name}
        case Media(kind="file"):
            return {
                "type": "file",
                "file": {"filename": part.name or _file_name(part.media_type), "file_data": _url(part)},
            }
        case _:
            raise UnsupportedParameter(
                "this provider fetches no sounds: send the sound itself as base64",
                parameter=f"messages[{index}].content",
            )


def _url(media: Media) -> str:
    if media.data is None:
        return media.url or ""
    return f"data:{media.media_type or 'application/octet-stream'};base64,{media.data}"


def _sound_format(media_type: str | None) -> str:
    media_type = media_type or "audio/wav"
    return _SOUND_FORMATS.get(media_type) or media_type.rpartition("/")[2].removeprefix("x-")


def _file_name(media_type: str | None) -> str:
    """OpenAI wants a name with every file."""
    return "document.pdf" if media_type == "application/pdf" else "document"


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _thinking(reasoning: Reasoning) -> dict[str, Any]:
    return {"text": reasoning.text, "signature": reasoning.signature, "redacted": reasoning.redacted}


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {"type": "function", "function": _given(function)}


def _tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    return choice.mode if choice.mode != "tool" else {"type": "function", "function": {"name": choice.name}}


def _response_format(wanted: ResponseFormat) -> dict[str, Any]:
    if wanted.kind != "json_schema":
        return {"type": wanted.kind}
    schema = {
        "name": wanted.name or "answer",
        "description": wanted.description,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }
    return {"type": "json_schema", "json_schema": _given(schema)}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
