"""An OpenAI-like chat request in our own API's words: https://platform.openai.com/docs/api-reference/chat/create (2026-11)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

type Json = dict[str, Any]

_OPTIONS = {
    "max_completion_tokens": "maxTokens",
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "stop": "stop",
    "seed": "seed",
    "random_seed": "seed",
    "n": "n",
    "logprobs": "logprobs",
    "top_logprobs": "topLogprobs",
    "parallel_tool_calls": "parallelToolCalls",
    "reasoning_effort": "reasoningEffort",
    "user": "user",
    "metadata": "metadata",
    "service_tier": "serviceTier",
}
_CHOICES = {"any": "required", "auto": "auto", "none": "none", "required": "required"}
_FORMAT_FIELDS = ("name", "description", "schema", "strict")
_FUNCTION_FIELDS = ("name", "description", "parameters", "strict")


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options."""
    options: Json = {ours: body[name] for name, ours in _OPTIONS.items() if body.get(name) is not None}
    reasoning = body.get("reasoning") or {}
    options.setdefault("reasoningEffort", reasoning.get("effort"))
    options["reasoningBudget"] = reasoning.get("max_tokens")
    options["tools"] = _tools(body) or None
    options["toolChoice"] = _tool_choice(body.get("tool_choice", body.get("function_call")), options["tools"] or [])
    options["responseFormat"] = _format(body.get("response_format"))
    if isinstance(count := options.get("logprobs"), int) and not isinstance(
        count, bool
    ):  # Together's count of alternatives
        options |= {"logprobs": bool(count), "topLogprobs": count or None}
    if not options["tools"]:
        options.pop("parallelToolCalls", None)
    return list(_messages(body.get("messages") or [])), options


def _tools(body: Mapping[str, Any]) -> list[Json]:
    """The provider's own tools are not ours to ask for."""
    functions = [
        tool["function"] for tool in body.get("tools") or () if isinstance(tool, Mapping) and tool.get("function")
    ]
    functions += body.get("functions") or []
    return [{"type": "function", "function": _given(function, _FUNCTION_FIELDS)} for function in functions]


def _tool_choice(choice: object, tools: list[Json]) -> object:
    if not tools:
        return None
    match choice:
        case str():
            return _CHOICES.get(choice)
        case {"function": {"name": str(name)}} | {"name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case _:
            return None


def _format(wanted: object) -> Json | None:
    match wanted:
        case {"type": "json_schema", "json_schema": {"schema": Mapping()} as schema}:
            return {"type": "json_schema", "json_schema": _given(schema, _FORMAT_FIELDS)}
        case {"type": "text" | "json_object" as kind}:
            return {"type": kind}
        case _:
            return None


def _messages(messages: list[Json]) -> Iterator[Json]:
    legacy = 0
    for message in messages:
        match message.get("role"):
            case "assistant":
                legacy += bool(message.get("function_call"))
                yield _assistant(message, f"legacy_{legacy}")
            case "tool":
                yield _result(message, str(message.get("tool_call_id") or message.get("name") or "call"))
            case "function":
                yield _result(message, f"legacy_{legacy}")
            case "system" | "developer" as role:
                texts = [part["text"] for part in _parts(message.get("content")) if part["type"] == "text"]
                yield {"role": role, "content": "\n\n".join(texts)}
            case _:
                yield {"role": "user", "content": content(message.get("content")), **_given(message, ("name",))}


def _assistant(message: Json, legacy_id: str) -> Json:
    calls = [_call(call, at) for at, call in enumerate(message.get("tool_calls") or ()) if call.get("function")]
    if message.get("function_call"):
        calls.append(_call({"id": legacy_id, "function": message["function_call"]}, 0))
    said = {
        "content": _spoken(message.get("content")),
        "refusal": message.get("refusal"),
        "tool_calls": calls,
        "reasoning_details": list(_reasoning(message)),
    }
    return {"role": "assistant", **{name: value for name, value in said.items() if value}}


def _spoken(parts: object) -> object:
    """What an assistant says again is words."""
    return (
        parts if isinstance(parts, str) else "".join(part["text"] for part in _parts(parts) if part["type"] == "text")
    )


def _call(call: Json, at: int) -> Json:
    function = call["function"]
    arguments = function.get("arguments") or "{}"
    signature = ((call.get("extra_content") or {}).get("google") or {}).get("thought_signature")
    return {
        "id": call.get("id") or f"call_{at}",
        "type": "function",
        "function": {
            "name": function["name"],
            "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
        },
        **({"signature": signature} if signature else {}),
    }


def _result(message: Json, call_id: str) -> Json:
    said = message.get("content")
    text = said if isinstance(said, str | list) or said is None else json.dumps(said)
    return {"role": "tool", "tool_call_id": call_id, "content": content(text)}


def _reasoning(message: Json) -> Iterator[Json]:
    """OpenRouter's details, Mistral's parts, or the plain text that others call reasoning."""
    details = message.get("reasoning_details")
    thinking = [
        part for part in message.get("content") or () if isinstance(part, dict) and part.get("type") == "thinking"
    ]
    for part in thinking:
        yield {"text": "".join(piece.get("text", "") for piece in part.get("thinking") or ())}
    for detail in details if isinstance(details, list) else ():
        if detail.get("type") == "reasoning.text":
            yield {"text": detail.get("text") or "", **_given(detail, ("signature",))}
        else:
            yield {"redacted": json.dumps(detail)}
    if not thinking and not details:
        text = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(text, str) and text:
            yield {"text": text}


def content(said: object) -> object:
    """Text as it is; else the parts that we know."""
    return said if isinstance(said, str) else (_parts(said) or "")


def _parts(said: object) -> list[Json]:
    if isinstance(said, str):
        return [{"type": "text", "text": said}]
    parts = [part for piece in (said if isinstance(said, list) else ()) if (part := _part(piece))]
    return [part for part in parts if part.get("text") != ""]


def _part(part: object) -> Json | None:  # noqa: C901 - a table: one arm for each kind of part
    match part:
        case str():
            return {"type": "text", "text": part}
        case {"type": "text" | "input_text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image_url", "image_url": str(url)}:
            return {"type": "image_url", "image_url": {"url": url}}
        case {"type": "image_url", "image_url": {"url": str()} as image}:
            return {"type": "image_url", "image_url": _given(image, ("url", "detail"))}
        case {"type": "file", "file": {"file_data": str(data)} as file} if data.startswith("data:"):
            return {"type": "file", "file": _given(file, ("file_data", "filename"))}
        case {"type": "file", "file": {"file_data": str(data)} as file} if data.startswith("http"):
            return {"type": "file", "file": {"url": data, **_given(file, ("filename",))}}
        case {"type": "document_url", "document_url": str(url)}:
            return {"type": "file", "file": {"file_data" if url.startswith("data:") else "url": url}}
        case {"type": "input_audio", "input_audio": {"data": str(data), "format": str(form)}}:
            return {"type": "input_audio", "input_audio": {"data": data.rpartition(",")[2], "format": form}}
        case {"type": "input_audio", "input_audio": str(data)}:
            return {"type": "input_audio", "input_audio": {"data": data.rpartition(",")[2], "format": "mp3"}}
        case {"type": "video_url", "video_url": {"url": str(url)}}:
            return {"type": "video_url", "video_url": {"url": url}}
        case {"type": "refusal", "refusal": str(text)}:
            return {"type": "refusal", "refusal": text}
        case _:
            return None


def _given(fields: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    return {name: fields[name] for name in names if fields.get(name) is not None}
