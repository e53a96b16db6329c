"""`POST /v1/chat/completions` at OpenAI: https://platform.openai.com/docs/api-reference/chat/create (2026-11)."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from tests.fakes.upstreams.scenes import (
    INPUT,
    OUTPUT,
    REASONING,
    WHY,
    Asked,
    Call,
    Reply,
    Result,
    Tool,
    pieces_of,
    reply,
)
from tests.fakes.upstreams.serve import Growing, Whole
from tests.fakes.upstreams.strict import (
    NUMBER,
    Kind,
    Malformed,
    decoded,
    fields,
    json_object,
    kind,
    one_of,
    seen,
    strict_schema,
    within,
)

_NULL = type(None)
_KNOWN: dict[str, Kind] = {
    "audio": dict, "frequency_penalty": NUMBER, "logit_bias": dict, "logprobs": bool, "max_completion_tokens": int,
    "max_tokens": int, "metadata": dict, "modalities": list, "n": int, "parallel_tool_calls": bool, "prediction": dict,
    "presence_penalty": NUMBER, "prompt_cache_key": str, "prompt_cache_retention": str, "reasoning_effort": str,
    "response_format": dict, "safety_identifier": str, "seed": int, "service_tier": str, "stop": (str, list), "store": bool,
    "stream": bool, "stream_options": dict, "temperature": NUMBER, "tool_choice": (str, dict), "tools": list,
    "top_logprobs": int, "top_p": NUMBER, "user": str, "verbosity": str, "web_search_options": dict,
}  # fmt: skip
_ECHOED = ("temperature", "top_p", "seed", "user", "reasoning_effort", "metadata", "service_tier", "parallel_tool_calls", "verbosity",
           "frequency_penalty", "presence_penalty", "logit_bias", "store", "safety_identifier", "prompt_cache_key", "prediction")  # fmt: skip


def answer(body: dict[str, Any]) -> Whole | Growing:
    """Raises Malformed or Failure."""
    asked = _read(body)
    told = reply(asked)
    if not asked.stream:
        return Whole(_whole(body, asked, told), manner=told.manner)
    broken = {
        "error": {"message": "The server had an error on the way.", "type": "server_error", "param": None, "code": None}
    }
    return Growing(list(_events(body, asked, told)), told.manner, _event(broken))


# The request ----------------------------------------------------------------------------------------------------------


def _read(body: dict[str, Any]) -> Asked:
    known = {name: (*(each if isinstance(each, tuple) else (each,)), _NULL) for name, each in _KNOWN.items()}
    fields(body, "", needed={"model": str, "messages": list}, known=known)
    if not body["messages"]:
        raise Malformed("messages", "[] is too short - 'messages'")
    _settings(body)
    system, media, results = _messages(body["messages"])
    schema, as_json = _format(body.get("response_format"))
    stop = body.get("stop") or []
    return Asked(
        model=body["model"],
        said=_said(body["messages"]),
        stream=body.get("stream") or False,
        system=system,
        tools=tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(body.get("tools") or [])),
        choice=_choice(body),
        parallel=body.get("parallel_tool_calls") is not False,
        results=results,
        media=media,
        schema=schema,
        json=as_json,
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        n=body.get("n") or 1,
        told={name: body[name] for name in _ECHOED if body.get(name) is not None} | {"max_tokens": _bound(body)},
    )


def _bound(body: dict[str, Any]) -> int | None:
    bound: int | None = body.get("max_completion_tokens") or body.get("max_tokens")
    return bound


def _settings(body: dict[str, Any]) -> None:
    within(body.get("temperature"), 0, 2, "temperature")
    within(body.get("top_p"), 0, 1, "top_p")
    within(body.get("n"), 1, 128, "n")
    within(body.get("top_logprobs"), 0, 20, "top_logprobs")
    within(_bound(body), 1, 128_000, "max_tokens")
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise Malformed("top_logprobs", "needs logprobs")
    if body.get("stream_options") is not None and not body.get("stream"):
        raise Malformed("stream_options", "is only allowed when 'stream' is enabled")
    if isinstance(body.get("stop"), list) and len(body["stop"]) > 4:
        raise Malformed("stop", "array too long")
    if body.get("tools") == []:
        raise Malformed("tools", "[] is too short - 'tools'")
    if body.get("parallel_tool_calls") is not None and not body.get("tools"):
        raise Malformed("parallel_tool_calls", "is only allowed when 'tools' are specified")
    _of_the_model(body)


def _of_the_model(body: dict[str, Any]) -> None:
    """Reasoning models and others take different settings. Trap 59."""
    if body["model"].startswith(("o", "gpt-5")):
        for name in ("max_tokens", "stop", "top_p", "logprobs", "presence_penalty", "frequency_penalty"):
            if body.get(name) is not None:
                raise Malformed(name, "Unsupported parameter: not supported with this model")
        if body.get("temperature") not in (None, 1):
            raise Malformed("temperature", "Only the default (1) value is supported")
        one_of(
            body.get("reasoning_effort"),
            (None, "none", "minimal", "low", "medium", "high", "xhigh"),
            "reasoning_effort",
        )
    elif body.get("reasoning_effort") is not None:
        raise Malformed("reasoning_effort", "Unrecognized request argument supplied")


def _messages(messages: list[Any]) -> tuple[str, tuple[str, ...], tuple[Result, ...]]:
    """What the system said, what was shown, and the last results. Every call is answered, by its id (trap 82)."""
    system: list[str] = []
    media: list[str] = []
    results: list[Result] = []
    waiting: dict[str, tuple[str, dict[str, Any]]] = {}
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        role = one_of(
            kind(message, dict, where).get("role"),
            ("system", "developer", "user", "assistant", "tool"),
            f"{where}.role",
        )
        if waiting and role != "tool":
            raise Malformed(where, f"tool_call_ids did not have response messages: {', '.join(waiting)}")
        if role == "tool":
            results.append(_result(message, where, waiting))
            continue
        shown = _content(message, where)
        media += shown
        if role in ("system", "developer"):
            system.append(text_of(message["content"]))
        elif role == "assistant":
            results = []
            waiting = _calls(message, where)
    if waiting:
        raise Malformed("messages", f"tool_call_ids did not have response messages: {', '.join(waiting)}")
    return "\n".join(system), tuple(media), tuple(results)


_MESSAGES: dict[str, tuple[dict[str, Kind], dict[str, Kind]]] = {
    "system": ({"content": (str, list)}, {"name": str}),
    "developer": ({"content": (str, list)}, {"name": str}),
    "user": ({"content": (str, list)}, {"name": str}),
    "assistant": ({}, {
        "content": (str, list, _NULL), "refusal": (str, _NULL), "name": str, "audio": (dict, _NULL), "tool_calls": (list, _NULL),
        "function_call": _NULL, "annotations": (list, _NULL),
    }),
}  # fmt: skip


def _content(message: dict[str, Any], where: str) -> list[str]:
    needed, known = _MESSAGES[message["role"]]
    fields(message, where, needed={"role": str, **needed}, known=known)
    content = message.get("content")
    if (
        message["role"] == "assistant"
        and content is None
        and not message.get("tool_calls")
        and not message.get("refusal")
    ):
        raise Malformed(f"{where}.content", "expected a string, got null")
    if not isinstance(content, list):
        return []
    if not content:
        raise Malformed(f"{where}.content", "[] is too short")
    parts = [_part(part, f"{where}.content[{index}]", message["role"]) for index, part in enumerate(content)]
    return [part for part in parts if part is not None]


_PARTS = {"user": ("text", "image_url", "input_audio", "file"), "assistant": ("text", "refusal")}


def _part(part: Any, where: str, role: str) -> str | None:
    """What is to be seen in it. Text is not."""
    sort = one_of(kind(part, dict, where).get("type"), _PARTS.get(role, ("text",)), f"{where}.type")
    fields(part, where, needed={"type": str, sort: str if sort in ("text", "refusal") else dict}, known={})
    match sort:
        case "image_url":
            return _picture(part[sort], f"{where}.image_url")
        case "file":
            return _file(part[sort], f"{where}.file")
        case "input_audio":
            fields(part[sort], where, needed={"data": str, "format": str}, known={})
            one_of(part[sort]["format"], ("wav", "mp3"), f"{where}.format")
            return seen(f"audio/{part[sort]['format']}", decoded(part[sort]["data"], where), where)
    return None


def _picture(picture: dict[str, Any], where: str) -> str:
    fields(picture, where, needed={"url": str}, known={"detail": str})
    one_of(picture.get("detail", "auto"), ("auto", "low", "high", "original"), f"{where}.detail")
    if picture["url"].startswith(("https://", "http://")):
        return f"image at {picture['url']}"
    return _data_url(picture["url"], where)


def _data_url(url: str, where: str) -> str:
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise Malformed(where, "is neither a URL nor a data URL")
    media_type = head.removeprefix("data:").removesuffix(";base64")
    return seen(media_type, decoded(data, where), where)


def _file(file: dict[str, Any], where: str) -> str:
    fields(file, where, needed={}, known={"file_data": str, "filename": str, "file_id": str})
    if "file_id" in file:
        raise Malformed(f"{where}.file_id", "no such file")
    if "file_data" not in file or "filename" not in file:
        raise Malformed(where, "needs file_data and filename")
    return _data_url(file["file_data"], where)


def _calls(message: dict[str, Any], where: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """id → name and arguments."""
    if message.get("tool_calls") == []:
        raise Malformed(f"{where}.tool_calls", "[] is too short")
    calls = {}
    for index, call in enumerate(message.get("tool_calls") or []):
        at = f"{where}.tool_calls[{index}]"
        fields(call, at, needed={"id": str, "type": str, "function": dict}, known={})
        fields(call["function"], f"{at}.function", needed={"name": str, "arguments": str}, known={})
        calls[call["id"]] = (
            call["function"]["name"],
            json_object(call["function"]["arguments"] or "{}", f"{at}.function.arguments"),
        )
    return calls


def _result(message: dict[str, Any], where: str, waiting: dict[str, tuple[str, dict[str, Any]]]) -> Result:
    fields(message, where, needed={"role": str, "content": (str, list), "tool_call_id": str}, known={})
    if message["tool_call_id"] not in waiting:
        raise Malformed(where, "messages with role 'tool' must be a response to a preceding message with 'tool_calls'")
    name, arguments = waiting.pop(message["tool_call_id"])
    return Result(name, arguments, text_of(message["content"]))


def text_of(content: Any) -> str:
    """The text of a message, or of its parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def _said(messages: list[Any]) -> str:
    return next((text_of(message["content"]) for message in reversed(messages) if message["role"] == "user"), "")


def _tool(tool: Any, where: str) -> Tool:
    one_of(kind(tool, dict, where).get("type"), ("function",), f"{where}.type")
    fields(tool, where, needed={"type": str, "function": dict}, known={})
    function = fields(
        tool["function"], f"{where}.function", needed={"name": str},
        known={"description": str, "parameters": dict, "strict": (bool, _NULL)},
    )  # fmt: skip
    if not function["name"] or not function["name"].replace("_", "").replace("-", "").isalnum():
        raise Malformed(f"{where}.function.name", "string does not match pattern '^[a-zA-Z0-9_-]+$'")
    if function.get("strict"):
        strict_schema(function.get("parameters"), f"{where}.function.parameters")
    return Tool(function["name"], function.get("parameters") or {"type": "object", "properties": {}})


def _choice(body: dict[str, Any]) -> str:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto"
    if not body.get("tools"):
        raise Malformed("tool_choice", "is only allowed when 'tools' are specified")
    if isinstance(choice, str):
        return {"required": "any"}.get(choice, str(one_of(choice, ("none", "auto", "required"), "tool_choice")))
    fields(choice, "tool_choice", needed={"type": str, "function": dict}, known={})
    fields(choice["function"], "tool_choice.function", needed={"name": str}, known={})
    one_of(
        choice["function"]["name"], [tool["function"]["name"] for tool in body["tools"]], "tool_choice.function.name"
    )
    return f"={choice['function']['name']}"


def _format(wanted: dict[str, Any] | None) -> tuple[dict[str, Any] | None, bool]:
    if wanted is None:
        return None, False
    match one_of(wanted.get("type"), ("text", "json_object", "json_schema"), "response_format.type"):
        case "json_schema":
            fields(wanted, "response_format", needed={"type": str, "json_schema": dict}, known={})
            named = fields(
                wanted["json_schema"], "response_format.json_schema", needed={"name": str},
                known={"schema": dict, "strict": (bool, _NULL), "description": str},
            )  # fmt: skip
            if named.get("strict"):
                strict_schema(named["schema"], "response_format.json_schema.schema")
            return named.get("schema", {}), False
        case sort:
            fields(wanted, "response_format", needed={"type": str}, known={})
            return None, sort == "json_object"


# The answer -----------------------------------------------------------------------------------------------------------

_FINISH = {"refusal": "stop", "stop_sequence": "stop"}


def _head(body: dict[str, Any], sort: str) -> dict[str, Any]:
    tier = {"service_tier": "default", "system_fingerprint": "fp_upstream"}
    return {
        "id": "chatcmpl-upstream1",
        "object": sort,
        "created": 1760000000,
        "model": f"{body['model']}-2026-01-01",
        **tier,
    }


def _whole(body: dict[str, Any], asked: Asked, told: Reply) -> dict[str, Any]:
    choices = [_finished(body, told, index) for index in range(asked.n)]
    return {**_head(body, "chat.completion"), "choices": choices, "usage": usage(body["model"], told)}


def _finished(body: dict[str, Any], told: Reply, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": told.whole or None, "refusal": None, "annotations": []}
    if told.finish == "refusal":
        message |= {"content": None, "refusal": WHY}
    if told.calls:
        message["tool_calls"] = [
            _call(call, json.dumps(call.arguments, ensure_ascii=False), index) for call in told.calls
        ]
    logprobs = {"content": _logprobs(body, told.text), "refusal": None} if body.get("logprobs") else None
    return {
        "index": index,
        "message": message,
        "logprobs": logprobs,
        "finish_reason": _FINISH.get(told.finish, told.finish),
    }


def _call(call: Call, arguments: str, choice: int = 0) -> dict[str, Any]:
    return {
        "id": f"call_upstream_{choice}_{call.id}",
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _logprobs(body: dict[str, Any], text: tuple[str, ...]) -> list[dict[str, Any]]:
    top = body.get("top_logprobs") or 0
    return [_likely(token) | {"top_logprobs": [_likely(token), _likely("other")][:top]} for token in text]


def _likely(token: str) -> dict[str, Any]:
    return {"token": token, "logprob": -0.25, "bytes": list(token.encode())}


def usage(model: str, told: Reply) -> dict[str, Any]:
    """Cached tokens are among the prompt's, reasoning tokens among the completion's. Trap 65."""
    reasoning = REASONING if model.startswith(("o", "gpt-5")) else 0
    return {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": told.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    }  # fmt: skip


def _events(body: dict[str, Any], asked: Asked, told: Reply) -> Iterator[bytes]:
    counted = (body.get("stream_options") or {}).get("include_usage") or False
    more = {"usage": None} if counted else {}
    for index in range(asked.n):
        for delta, finish in _deltas(body, told, index):
            logprobs = delta.pop("logprobs", None)
            choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
            yield _event({**_head(body, "chat.completion.chunk"), "choices": [choice], **more, "obfuscation": "aB3"})
    if counted:
        yield _event({**_head(body, "chat.completion.chunk"), "choices": [], "usage": usage(body["model"], told)})
    yield b"data: [DONE]\n\n"


def _deltas(body: dict[str, Any], told: Reply, index: int) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield {"role": "assistant", "content": None if told.calls and not told.text else "", "refusal": None}, None
    for piece in told.text:
        if told.finish == "refusal":
            yield {"refusal": piece}, None
        else:
            logprobs = (
                {"logprobs": {"content": _logprobs(body, (piece,)), "refusal": None}} if body.get("logprobs") else {}
            )
            yield {"content": piece, **logprobs}, None
    for calls in _streamed_calls(told, index):
        yield {"tool_calls": calls}, None
    yield {}, _FINISH.get(told.finish, told.finish)


def _streamed_calls(told: Reply, choice: int) -> Iterator[list[dict[str, Any]]]:
    """One after the other, in one chunk together, or interleaved. Traps 37, 83."""
    opened = [{"index": at, **_call(call, "", choice)} for at, call in enumerate(told.calls)]
    rest = [[_more(at, piece) for piece in pieces_of(call.arguments)] for at, call in enumerate(told.calls)]
    if told.manner == "one-chunk":
        yield [{"index": at, **_call(call, json.dumps(call.arguments), choice)} for at, call in enumerate(told.calls)]
    elif told.manner == "interleaved":
        yield opened
        for together in zip_longest(*rest):
            yield from ([piece] for piece in together if piece is not None)
    else:
        for first, pieces in zip(opened, rest, strict=True):
            yield [first]
            if told.manner != "noargs":
                yield from ([piece] for piece in pieces)


def _more(at: int, piece: str) -> dict[str, Any]:
    return {"index": at, "function": {"arguments": piece}}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
