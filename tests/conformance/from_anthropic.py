"""An Anthropic messages request in our own API's words: https://platform.claude.com/docs/en/api/messages/create (2026-11)."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

type Json = dict[str, Any]

_OPTIONS = {
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "service_tier": "serviceTier",
}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options."""
    thinking, output, choice = (
        body.get("thinking") or {},
        body.get("output_config") or {},
        body.get("tool_choice") or {},
    )
    tools = [_tool(tool) for tool in body.get("tools") or () if "input_schema" in tool]
    options: Json = {ours: body[name] for name, ours in _OPTIONS.items() if body.get(name) is not None}
    options |= {
        "stop": body.get("stop_sequences") or None,
        "user": (body.get("metadata") or {}).get("user_id"),
        "reasoningBudget": thinking.get("budget_tokens") if thinking.get("type") == "enabled" else None,
        "reasoningEffort": output.get("effort"),
        "responseFormat": _format(output.get("format") or body.get("output_format")),
        "tools": tools or None,
        "toolChoice": _tool_choice(choice) if tools else None,
        "parallelToolCalls": False if tools and choice.get("disable_parallel_tool_use") else None,
    }
    system = [{"role": "system", "content": text} for text in _texts(body.get("system"))]
    return [*system, *(said for message in body.get("messages") or () for said in _message(message))], options


def _tool(tool: Json) -> Json:
    strict = {"strict": True} if tool.get("strict") else {}
    described = {"description": tool["description"]} if tool.get("description") else {}
    return {
        "type": "function",
        "function": {"name": tool["name"], **described, "parameters": tool["input_schema"], **strict},
    }


def _tool_choice(choice: Mapping[str, Any]) -> object:
    if choice.get("type") == "tool":
        return {"type": "function", "function": {"name": choice["name"]}}
    return _CHOICES.get(str(choice.get("type")))


def _format(wanted: object) -> Json | None:
    match wanted:
        case {"type": "json_schema", "schema": Mapping() as schema}:
            return {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
        case _:
            return None


def _texts(content: object) -> list[str]:
    blocks = (
        [{"type": "text", "text": content}]
        if isinstance(content, str)
        else content
        if isinstance(content, list)
        else []
    )
    return [block["text"] for block in blocks if block.get("type") == "text" and block.get("text")]


def _message(message: Mapping[str, Any]) -> Iterator[Json]:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    match message["role"]:
        case "assistant":
            yield _assistant(blocks)
        case "system":
            yield {"role": "system", "content": "\n\n".join(_texts(blocks))}
        case _:
            yield from (_result(block) for block in blocks if block.get("type") == "tool_result")
            yield {"role": "user", "content": _parts(blocks)}


def _assistant(blocks: list[Json]) -> Json:
    calls = [
        {
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": json.dumps(block.get("input") or {})},
        }
        for block in blocks
        if block.get("type") == "tool_use"
    ]
    said = {"content": "".join(_texts(blocks)), "tool_calls": calls, "reasoning_details": list(_thinking(blocks))}
    return {"role": "assistant", **{name: value for name, value in said.items() if value}}


def _thinking(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        match block:
            case {"type": "thinking", "thinking": str(text), "signature": str(signature)}:
                yield {"text": text, "signature": signature}
            case {"type": "redacted_thinking", "data": str(data)}:
                yield {"redacted": data}


def _result(block: Json) -> Json:
    content = block.get("content") or ""
    said = content if isinstance(content, str) else _parts(content) or json.dumps(content)
    failed = {"is_error": True} if block.get("is_error") else {}
    return {"role": "tool", "tool_call_id": block["tool_use_id"], "content": said, **failed}


def _parts(blocks: list[Json]) -> list[Json]:
    return [part for block in blocks if (part := _part(block))]


def _part(block: Json) -> Json | None:
    """Files that lie at Anthropic under an id are not ours to name."""
    name = {"filename": block["title"]} if block.get("title") else {}
    match block:
        case {"type": "text", "text": str(text)} if text:
            return {"type": "text", "text": text}
        case {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}:
            return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}}
        case {"type": "image", "source": {"type": "url", "url": url}}:
            return {"type": "image_url", "image_url": {"url": url}}
        case {"type": "document", "source": {"type": "base64", "media_type": kind, "data": data}}:
            return {"type": "file", "file": {"file_data": f"data:{kind};base64,{data}", **name}}
        case {"type": "document", "source": {"type": "url", "url": url}}:
            return {"type": "file", "file": {"url": url, **name}}
        case {"type": "document", "source": {"type": "text", "data": str(text)}}:
            return {
                "type": "file",
                "file": {"file_data": f"data:text/plain;base64,{b64encode(text.encode()).decode()}", **name},
            }
        case _:
            return None
