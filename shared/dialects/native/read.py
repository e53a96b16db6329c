"""A native chat request: bytes → what is wished. Strict: what we do not know is refused by name, never dropped in silence."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NoReturn

import msgspec

from shared.chat.check import check_request, check_schema
from shared.chat.request import (
    ChatRequest,
    Media,
    MediaKind,
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
from shared.dialects.caller import Keeping, Named, Wish
from shared.dialects.native import bodies
from shared.errors import InvalidRequest
from shared.wire.json import read_strict

_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?$", re.DOTALL)
_DATA_URL = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(?:;[\w.+-]+=[^;,]*)*);base64,(?P<data>[A-Za-z0-9+/=_-]*)"
)


def read_request(body: bytes, *, stream: bool, provider: str | None = None) -> Wish:
    """The wish in a request body; `provider` is the one in the path, if the path names one.

    Raises:
        InvalidRequest: no JSON, or a field is wrong; names the field as the caller wrote it.
    """
    value = read_strict(body)
    wished = _convert(value, bodies.ChatBody)
    if provider is not None and wished.provider not in (None, provider):
        raise InvalidRequest(
            "`provider` differs from the one in the path; leave it out of the body", parameter="provider"
        )
    chat, keeping = _chat(wished, stream=stream), _keeping(value, wished)
    if wished.conversation_id is None:  # else what was said before may hold the calls that are answered here
        check_request(chat)
    fallback = tuple(_named(name) for name in wished.fallback or ())
    return Wish(provider or wished.provider, chat, fallback, keeping)


def read_comparison(body: bytes) -> tuple[tuple[Wish, ...], bool]:
    """A wish for each target, all with the same chat, and whether the answers are wanted as they grow.

    Raises:
        InvalidRequest: no JSON, or a field is wrong; names the field as the caller wrote it.
    """
    compared = _convert(read_strict(body), bodies.ComparisonBody)
    if compared.options is not None and compared.options.model is not None:
        raise InvalidRequest("each of `targets` names its own `model`; leave this one out", parameter="options.model")
    alike = bodies.ChatBody(compared.messages, options=compared.options)
    chat = _chat(alike, stream=True)
    check_request(chat)
    targets = [bodies.TargetBody(model=each) if isinstance(each, str) else each for each in compared.targets]
    wishes = [Wish(target.provider, replace(chat, model=target.model or "")) for target in targets]
    return tuple(wishes), compared.stream


def _named(name: str | bodies.FallbackBody) -> Named:
    return Named(name) if isinstance(name, str) else Named(name.model, name.provider)


def read_messages(said: Sequence[object]) -> tuple[Message, ...]:
    """Messages that were kept, each as its JSON. Raises InvalidRequest for what never was one of ours."""
    return tuple(
        _message(message, f"messages[{index}]") for index, message in enumerate(_convert(said, list[bodies.AnyMessage]))
    )


def _keeping(value: object, wished: bodies.ChatBody) -> Keeping | None:
    """Who goes on with a conversation keeps what is said, unless they say no."""
    keep = wished.conversation_id is not None if wished.keep is None else wished.keep
    if wished.conversation_id is None and not keep:
        return None
    written = value["messages"] if isinstance(value, dict) else []
    spoken = [(index, message) for index, message in enumerate(written) if message["role"] not in _INSTRUCTIONS]
    return Keeping(
        wished.conversation_id, keep, tuple(message for _, message in spoken), tuple(index for index, _ in spoken)
    )


def _convert[Body](value: object, kind: type[Body]) -> Body:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        _refuse(str(error))


def _refuse(text: str) -> NoReturn:
    """Msgspec says `Expected X, got Y - at `$.path``; the path becomes the parameter."""
    found = _AT.match(text)
    what, where = (found["what"], found["where"]) if found else (text, None)
    field = re.search(r"field `([^`]+)`", what)
    named = ".".join(part for part in (where, field[1] if field else None) if part)
    raise InvalidRequest(what + (f" at `{where}`" if where else ""), parameter=named or None)


def _chat(wished: bodies.ChatBody, *, stream: bool) -> ChatRequest:
    options = wished.options or bodies.OptionsBody()
    if wished.model and options.model and wished.model != options.model:
        raise InvalidRequest("`model` and `options.model` differ; name one", parameter="options.model")
    stop = (options.stop,) if isinstance(options.stop, str) else tuple(options.stop or ())
    return ChatRequest(
        model=wished.model or options.model or "",
        messages=_messages(wished, options.system_prompt),
        stream=stream,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        frequency_penalty=options.frequency_penalty,
        presence_penalty=options.presence_penalty,
        stop=stop,
        seed=options.seed,
        n=options.n,
        logprobs=options.logprobs,
        top_logprobs=options.top_logprobs,
        tools=tuple(_tool(tool.function, index) for index, tool in enumerate(options.tools or ())),
        tool_choice=_tool_choice(options.tool_choice),
        parallel_tool_calls=options.parallel_tool_calls,
        response_format=_response_format(options.response_format),
        reasoning_effort=options.reasoning_effort,
        reasoning_budget=options.reasoning_budget,
        user=options.user,
        metadata=options.metadata,
        service_tier=options.service_tier,
    )


def _tool(function: bodies.FunctionBody, index: int) -> Tool:
    check_schema(function.parameters, f"options.tools[{index}].function.parameters")
    return Tool(function.name, function.description, function.parameters, function.strict)


def _tool_choice(choice: str | bodies.ChosenTool | None) -> ToolChoice | None:
    match choice:
        case None:
            return None
        case bodies.ChosenTool():
            return ToolChoice("tool", choice.function.name)
        case "none":
            return ToolChoice("none")
        case "required":
            return ToolChoice("required")
        case _:
            return ToolChoice("auto")


def _response_format(form: bodies.FormatBody | None) -> ResponseFormat | None:
    if form is None:
        return None
    if form.json_schema is None:
        if form.type == "json_schema":
            raise InvalidRequest(
                "`json_schema` is missing: give {name, schema}", parameter="options.responseFormat.json_schema"
            )
        return ResponseFormat(form.type)
    schema = form.json_schema
    check_schema(schema.schema, "options.responseFormat.json_schema.schema")
    return ResponseFormat(form.type, schema.name, schema.schema, schema.strict, schema.description)


def _messages(wished: bodies.ChatBody, system_prompt: str | None) -> tuple[Message, ...]:
    first = (Message("system", (Text(system_prompt),)),) if system_prompt else ()
    return first + tuple(_message(message, f"messages[{index}]") for index, message in enumerate(wished.messages))


def _message(message: bodies.MessageBody, at: str) -> Message:
    match message:
        case bodies.SystemMessage() | bodies.DeveloperMessage():
            return Message("system", _parts(message.content, at), message.name)
        case bodies.UserMessage():
            return Message("user", _parts(message.content, at), message.name)
        case bodies.AssistantMessage():
            return Message("assistant", _said(message, at), message.name)
        case bodies.ToolMessage():
            content = tuple(part for part in _parts(message.content, at) if isinstance(part, Text | Media))
            return Message("tool", (ToolResult(message.tool_call_id, content, message.is_error),))
    raise InvalidRequest("`role` is system, developer, user, assistant or tool", parameter=f"{at}.role")


def _said(message: bodies.AssistantMessage, at: str) -> tuple[Part, ...]:
    """Thinking first, then words, then calls: the order in which every provider wants them back."""
    parts: list[Part] = [
        Reasoning(detail.text, detail.signature, detail.redacted) for detail in message.reasoning_details or ()
    ]
    if message.reasoning and not parts:
        parts.append(Reasoning(message.reasoning))
    parts.extend(_parts(message.content or "", at))
    if message.refusal:
        parts.append(Refusal(message.refusal))
    parts.extend(
        ToolCall(call.id, call.function.name, call.function.arguments, call.signature)
        for call in message.tool_calls or ()
    )
    return tuple(parts)


def _parts(content: bodies.Content | bodies.ResultContent | bodies.TextContent, at: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple(_part(part, f"{at}.content[{index}]") for index, part in enumerate(content))


def _part(part: bodies.Part, at: str) -> Part:
    match part:
        case bodies.TextPart():
            return Text(part.text)
        case bodies.ImagePart():
            return _media("image", part.image_url.url, f"{at}.image_url.url", detail=part.image_url.detail)
        case bodies.FilePart():
            return _file(part.file, f"{at}.file")
        case bodies.AudioPart():
            return Media("audio", f"audio/{part.input_audio.format}", part.input_audio.data)
        case bodies.VideoPart():
            return _media("video", part.video_url.url, f"{at}.video_url.url")
        case bodies.RefusalPart():
            return Refusal(part.refusal)
    raise InvalidRequest("`type` is none that we know", parameter=f"{at}.type")


def _file(file: bodies.FileData, at: str) -> Media:
    if (file.file_data is None) == (file.url is None):
        raise InvalidRequest("give either `file_data` as a data: URL or `url`", parameter=f"{at}.file_data")
    if file.file_data is None:
        return _media("file", file.url or "", f"{at}.url", name=file.filename)
    if not file.file_data.startswith("data:"):
        raise InvalidRequest(
            "`file_data` is a data: URL, for example data:application/pdf;base64,…", parameter=f"{at}.file_data"
        )
    return _media("file", file.file_data, f"{at}.file_data", name=file.filename)


def _media(kind: MediaKind, url: str, at: str, *, name: str | None = None, detail: str | None = None) -> Media:
    if url.startswith("data:"):
        found = _DATA_URL.fullmatch(url)
        if not found:
            raise InvalidRequest("a data: URL has the form data:<media type>;base64,<base64>", parameter=at)
        return Media(kind, found["type"] or None, found["data"], None, name, detail)
    if not url.startswith(("https://", "http://", "gs://")):
        raise InvalidRequest("a URL begins with https:// or data:", parameter=at)
    return Media(kind, None, None, url, name, detail)
