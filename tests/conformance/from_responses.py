"""A Responses request in our own API's words: https://platform.openai.com/docs/api-reference/responses/create (2026-11)."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.dialects.signatures import mark

type Json = dict[str, Any]

_OPTIONS = {
    "max_output_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_logprobs": "topLogprobs",
    "parallel_tool_calls": "parallelToolCalls",
    "user": "user",
    "metadata": "metadata",
    "service_tier": "serviceTier",
}
_FORMAT_FIELDS = ("name", "description", "schema", "strict")
_FUNCTION_FIELDS = ("name", "description", "parameters", "strict")


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options. What a store holds, and the provider's own tools, cannot be said."""
    options: Json = {ours: body[name] for name, ours in _OPTIONS.items() if body.get(name) is not None}
    options["reasoningEffort"] = (body.get("reasoning") or {}).get("effort")
    options["tools"] = [_tool(tool) for tool in body.get("tools") or () if tool.get("type") == "function"] or None
    options["toolChoice"] = _tool_choice(body.get("tool_choice")) if options["tools"] else None
    options["responseFormat"] = _format((body.get("text") or {}).get("format"))
    if "message.output_text.logprobs" in (body.get("include") or ()):
        options["logprobs"] = True
    instructions = body.get("instructions")
    told = [{"role": "system", "content": instructions}] if isinstance(instructions, str) else []
    return [*told, *_messages(body.get("input") or [])], options


def _messages(said: str | list[Json]) -> Iterator[Json]:
    """What the model said between two others is one turn."""
    turn: Json = {}
    for item in [{"role": "user", "content": said}] if isinstance(said, str) else said:
        if _is_answer(item):
            _grow(turn, item)
            continue
        if turn:
            yield {"role": "assistant", **turn}
        turn = {}
        yield from _message(item)
    if turn:
        yield {"role": "assistant", **turn}


def _is_answer(item: Json) -> bool:
    return item.get("role") == "assistant" or item.get("type") in {"reasoning", "function_call"}


def _grow(turn: Json, item: Json) -> None:
    match item.get("type"):
        case "reasoning":
            words = "".join(part["text"] for part in item.get("summary") or ())
            turn.setdefault("reasoning_details", []).append({"text": words, "signature": mark("responses", item)})
        case "function_call":
            function = {"name": item["name"], "arguments": item["arguments"] or "{}"}
            call = {"id": item["call_id"], "type": "function", "function": function}
            turn.setdefault("tool_calls", []).append(call)
        case _:
            content = item["content"]
            words = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
            turn["content"] = turn.get("content", "") + words


def _message(item: Json) -> Iterator[Json]:
    match item:
        case {"type": "function_call_output", "call_id": str(call_id), "output": output}:
            yield {"role": "tool", "tool_call_id": call_id, "content": _content(output)}
        case {"role": "system" | "developer" as role, "content": content}:
            yield {"role": role, "content": content if isinstance(content, str) else "\n\n".join(_texts(content))}
        case {"role": "user", "content": content}:
            yield {"role": "user", "content": _content(content)}


def _texts(parts: list[Json]) -> Iterator[str]:
    return (part["text"] for part in parts if part["type"] == "input_text")


def _content(said: object) -> object:
    """Text as it is; else the parts that need no store."""
    if isinstance(said, str):
        return said
    return [part for piece in (said if isinstance(said, list) else ()) if (part := _part(piece))] or ""


def _part(part: Any) -> Json | None:
    match part:
        case {"type": "input_text", "text": str(text)} if text:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": str(url)}:
            detail = {"detail": part["detail"]} if part.get("detail") else {}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        case {"type": "input_file", "file_data": str(data)} if data.startswith("data:"):
            return {"type": "file", "file": {"file_data": data, **_given(part, ("filename",))}}
        case {"type": "input_file", "file_url": str(url)}:
            return {"type": "file", "file": {"url": url}}
        case _:
            return None


def _tool(tool: Json) -> Json:
    return {"type": "function", "function": _given(tool, _FUNCTION_FIELDS)}


def _tool_choice(choice: object) -> object:
    match choice:
        case "auto" | "none" | "required":
            return choice
        case {"function": {"name": str(name)}} | {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case _:
            return None


def _format(wanted: Any) -> Json | None:
    match wanted:
        case {"type": "json_schema", "schema": Mapping()}:
            return {"type": "json_schema", "json_schema": _given(wanted, _FORMAT_FIELDS)}
        case {"type": "text" | "json_object" as kind}:
            return {"type": kind}
        case _:
            return None


def _given(fields: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    return {name: fields[name] for name in names if fields.get(name) is not None}
