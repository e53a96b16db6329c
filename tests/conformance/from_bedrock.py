"""A Converse request in our own API's words: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

type Json = dict[str, Any]

_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options. What our API has no word for (guardrails, the provider's own tools) is left out."""
    configured, more = body.get("inferenceConfig") or {}, body.get("additionalModelRequestFields") or {}
    tooled = body.get("toolConfig") or {}
    tools = [_tool(tool["toolSpec"]) for tool in tooled.get("tools") or () if "toolSpec" in tool]
    options: Json = {
        "maxTokens": configured.get("maxTokens"),
        "temperature": configured.get("temperature"),
        "topP": configured.get("topP"),
        "topK": more.get("top_k") or (more.get("inferenceConfig") or {}).get("topK"),
        "stop": configured.get("stopSequences") or None,
        "tools": tools or None,
        "toolChoice": _tool_choice(tooled.get("toolChoice") or {}) if tools else None,
        "responseFormat": _format((body.get("outputConfig") or {}).get("textFormat")),
        **_thinking(more.get("thinking") or more.get("reasoning_config")),
    }
    system = [{"role": "system", "content": block["text"]} for block in body.get("system") or () if block.get("text")]
    return [*system, *(said for message in body.get("messages") or () for said in _message(message))], options


def _tool(specification: Mapping[str, Any]) -> Json:
    described = {"description": specification["description"]} if specification.get("description") else {}
    parameters = specification["inputSchema"]["json"]
    return {"type": "function", "function": {"name": specification["name"], **described, "parameters": parameters}}


def _tool_choice(choice: Mapping[str, Any]) -> object:
    match choice:
        case {"tool": {"name": name}}:
            return {"type": "function", "function": {"name": name}}
        case {"any": _}:
            return "required"
        case {"auto": _}:
            return "auto"
        case _:
            return None


def _format(wanted: object) -> Json | None:
    match wanted:
        case {"structure": {"jsonSchema": {"schema": str(schema), **named}}}:
            return {"type": "json_schema", "json_schema": {"schema": json.loads(schema), **named}}
        case _:
            return None


def _thinking(wanted: object) -> Json:
    match wanted:
        case {"type": "enabled", "budget_tokens": int(budget)}:
            return {"reasoningBudget": budget}
        case {"type": "adaptive"}:
            return {"reasoningEffort": "medium"}
        case str(effort):
            return {"reasoningEffort": effort}
        case _:
            return {}


def _message(message: Mapping[str, Any]) -> Iterator[Json]:
    blocks = message["content"]
    if message["role"] == "assistant":
        yield _assistant(blocks)
        return
    yield from (_result(block["toolResult"]) for block in blocks if "toolResult" in block)
    yield {"role": "user", "content": [part for block in blocks if (part := _part(block))]}


def _assistant(blocks: list[Json]) -> Json:
    calls = [
        {"id": call["toolUseId"], "type": "function", "function": _function(call)}
        for block in blocks
        if (call := block.get("toolUse")) and call.get("type") != "server_tool_use"
    ]
    thoughts = [thought for block in blocks if (thought := _thought(block.get("reasoningContent")))]
    said = {
        "content": "".join([block.get("text") or "" for block in blocks]),
        "tool_calls": calls,
        "reasoning_details": thoughts,
    }
    return {"role": "assistant", **{name: value for name, value in said.items() if value}}


def _function(call: Mapping[str, Any]) -> Json:
    return {"name": call["name"], "arguments": json.dumps(call.get("input") or {})}


def _thought(content: object) -> Json | None:
    match content:
        case {"reasoningText": {"text": str(text), "signature": str(signature)}}:
            return {"text": text, "signature": signature}
        case {"redactedContent": str(data)}:
            return {"redacted": data}
        case _:
            return None


def _result(result: Mapping[str, Any]) -> Json:
    parts = [part for block in result.get("content") or () if (part := _part(block))]
    failed = {"is_error": True} if result.get("status") == "error" else {}
    return {"role": "tool", "tool_call_id": result["toolUseId"], "content": parts or "", **failed}


def _part(block: Mapping[str, Any]) -> Json | None:
    """Files that lie in a bucket of S3 go by their address."""
    match block:
        case {"text": str(text)} | {"guardContent": {"text": {"text": str(text)}}} if text:
            return {"type": "text", "text": text}
        case {"json": value}:
            return {"type": "text", "text": json.dumps(value)}
        case {"image": {"format": kind, "source": {"bytes": data}}}:
            return {"type": "image_url", "image_url": {"url": _data(kind, data)}}
        case {"video": {"format": kind, "source": {"bytes": data}}}:
            return {"type": "video_url", "video_url": {"url": _data(kind, data)}}
        case {"document": {"format": kind, "name": name, "source": {"bytes": data}}}:
            return {"type": "file", "file": {"file_data": _data(kind, data), "filename": name}}
        case {"searchResult": {"content": pieces}}:
            return {"type": "text", "text": "".join([piece["text"] for piece in pieces])}
        case _:
            return None


def _data(kind: str, data: str) -> str:
    return f"data:{_TYPES.get(kind, kind)};base64,{data}"
