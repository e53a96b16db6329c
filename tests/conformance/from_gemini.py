"""A Gemini generateContent request in our own API's words: https://ai.google.dev/api/generate-content (2026-11).

Recordings spell names in camelCase and in snake_case; Gemini gives calls no ids, so they are numbered here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

type Json = dict[str, Any]

_OPTIONS = {
    "maxOutputTokens": "maxTokens",
    "temperature": "temperature",
    "topP": "topP",
    "topK": "topK",
    "candidateCount": "n",
    "seed": "seed",
    "frequencyPenalty": "frequencyPenalty",
    "presencePenalty": "presencePenalty",
    "responseLogprobs": "logprobs",
    "logprobs": "topLogprobs",
}
_MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none"}
_KINDS = {"image": "image_url", "audio": "input_audio", "video": "video_url"}
_SCHEMA_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties"})


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options."""
    body = _camel(body)
    config, tools = _camel(body.get("generationConfig") or {}), list(_tools(body.get("tools") or ()))
    thinking = _camel(config.get("thinkingConfig") or {})
    options: Json = {ours: config[name] for name, ours in _OPTIONS.items() if config.get(name) is not None}
    options |= {
        "stop": config.get("stopSequences") or None,
        "responseFormat": _format(config),
        "reasoningBudget": budget if (budget := thinking.get("thinkingBudget", -1)) >= 0 else None,
        "reasoningEffort": str(level).lower() if (level := thinking.get("thinkingLevel")) else None,
        "tools": tools or None,
        "toolChoice": _tool_choice(_camel(body.get("toolConfig") or {})) if tools else None,
    }
    said = Turns()
    contents = body.get("contents") or []
    for turn in contents if isinstance(contents, list) else [contents]:
        said.add(turn)
    return [{"role": "system", "content": _system(body.get("systemInstruction"))}, *said.messages], options


def _system(instruction: Any) -> str:
    """Text, a part, a content with one part or several: Google takes them all."""
    match instruction:
        case str():
            return instruction
        case {"parts": parts}:
            return _system(parts)
        case {"text": str(text)}:
            return text
        case list():
            return "\n\n".join(text for part in instruction if (text := _system(part)))
        case _:
            return ""


class Turns:
    """The conversation as it is read; calls wait here for their results."""

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self._waiting: list[tuple[str, str]] = []
        self._calls = 0

    def add(self, turn: Mapping[str, Any]) -> None:
        """One of `contents`."""
        parts = [_camel(part) for part in turn.get("parts") or ()]
        if turn.get("role") == "model":
            self.messages.append(self._assistant(parts))
            return
        results = [part["functionResponse"] for part in parts if "functionResponse" in part]
        self.messages += [self._result(result) for result in results]
        self.messages.append({"role": "user", "content": [said for part in parts if (said := _part(part))]})

    def _assistant(self, parts: Sequence[Json]) -> Json:
        calls = [self._call(part) for part in parts if "functionCall" in part]
        self._waiting = [(call["id"], call["function"]["name"]) for call in calls]
        spoken = "".join(part["text"] for part in parts if part.get("text") and not part.get("thought"))
        said = {"content": spoken, "tool_calls": calls, "reasoning_details": list(_thinking(parts))}
        return {"role": "assistant", **{name: value for name, value in said.items() if value}}

    def _call(self, part: Json) -> Json:
        call, self._calls = part["functionCall"], self._calls + 1
        signed = {"signature": part["thoughtSignature"]} if part.get("thoughtSignature") else {}
        function = {"name": call["name"], "arguments": json.dumps(call.get("args") or {})}
        return {"id": call.get("id") or f"call_{self._calls}", "type": "function", "function": function, **signed}

    def _result(self, result: Json) -> Json:
        """The first call of that name which still waits is the one that is answered."""
        found = next(
            (id_ for id_, name in self._waiting if result.get("id", id_) == id_ and name == result.get("name")),
            "call_0",
        )
        self._waiting = [(id_, name) for id_, name in self._waiting if id_ != found]
        return {"role": "tool", "tool_call_id": found, "content": json.dumps(result.get("response"))}


def _thinking(parts: Sequence[Json]) -> Iterator[Json]:
    for part in parts:
        if part.get("thought") and part.get("text"):
            yield {
                "text": part["text"],
                **({"signature": part["thoughtSignature"]} if part.get("thoughtSignature") else {}),
            }


def _part(part: Json) -> Json | None:
    match part:
        case {"text": str(text)} if text:
            return {"type": "text", "text": text}
        case {"inlineData": Mapping() as data}:
            data = _camel(data)
            return _media(data["mimeType"], f"data:{data['mimeType']};base64,{_standard(data['data'])}")
        case {"fileData": Mapping() as data}:
            data = _camel(data)
            return _media(data.get("mimeType") or "", data["fileUri"])
        case _:
            return None


def _standard(data: str) -> str:
    return data.replace("-", "+").replace("_", "/")


def _media(media_type: str, url: str) -> Json | None:
    kind = _KINDS.get(media_type.partition("/")[0], "video_url" if "youtu" in url else "file")
    if not url.startswith(("data:", "https://www.youtube.com/", "https://youtu.be/", "https://generativelanguage.")):
        return None  # a bucket of theirs, or a file that the gateway would fetch from the real network
    match kind:
        case "image_url" | "video_url":
            return {"type": kind, kind: {"url": url}}
        case "input_audio" if url.startswith("data:"):
            return {"type": kind, kind: {"data": url.rpartition(",")[2], "format": media_type.partition("/")[2]}}
        case _:
            return {"type": "file", "file": {"file_data" if url.startswith("data:") else "url": url}}


def _tools(tools: object) -> Iterator[Json]:
    for tool in tools if isinstance(tools, list) else ():
        for declared in _camel(tool).get("functionDeclarations") or () if isinstance(tool, Mapping) else ():
            known = _camel(declared)
            schema = known.get("parametersJsonSchema") or _json_schema(known.get("parameters"))
            described = {"description": known["description"]} if known.get("description") else {}
            yield {
                "type": "function",
                "function": {"name": known["name"], **described, **({"parameters": schema} if schema else {})},
            }


def _tool_choice(config: Mapping[str, Any]) -> object:
    calling = _camel(config.get("functionCallingConfig") or {})
    names = calling.get("allowedFunctionNames") or []
    if calling.get("mode") == "ANY" and len(names) == 1:
        return {"type": "function", "function": {"name": names[0]}}
    return _MODES.get(str(calling.get("mode")))


def _format(config: Mapping[str, Any]) -> Json | None:
    schema = config.get("responseJsonSchema") or _json_schema(config.get("responseSchema"))
    if schema:
        return {"type": "json_schema", "json_schema": {"schema": schema}}
    return {"type": "json_object"} if config.get("responseMimeType") == "application/json" else None


def _json_schema(schema: Any) -> Any:
    """Google's dialect of OpenAPI writes types in capitals; JSON Schema does not."""
    match schema:
        case Mapping():
            return {name: _named(name, value) for name, value in schema.items()}
        case list():
            return [_json_schema(value) for value in schema]
        case _:
            return schema


def _named(name: str, value: Any) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name in _SCHEMA_MAPS and isinstance(value, Mapping):
        return {key: _json_schema(inner) for key, inner in value.items()}
    return _json_schema(value)


def _camel(fields: Mapping[str, Any]) -> Json:
    """The same fields, named in camelCase; what is within them is as it was."""
    return {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): value for name, value in fields.items()}
