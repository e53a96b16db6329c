"""A request of Cohere's second version in our own API's words: https://docs.cohere.com/reference/chat (2026-11)."""

import json
from collections.abc import Mapping
from typing import Any

from tests.conformance import from_openai

type Json = dict[str, Any]

_NAMES = {"p": "top_p", "k": "top_k", "stop_sequences": "stop"}


def read(body: Mapping[str, Any]) -> tuple[list[Json], Json]:
    """The messages and options. The messages are much like OpenAI's."""
    said: Json = {_NAMES.get(name, name): value for name, value in body.items()}
    said["messages"] = [_message(message) for message in body.get("messages") or ()]
    said["tool_choice"] = (body.get("tool_choice") or "auto").lower()
    said["response_format"] = _format(body.get("response_format") or {})
    if body.get("strict_tools"):
        said["tools"] = [{**tool, "function": {**tool["function"], "strict": True}} for tool in body["tools"]]
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "disabled":
        said["reasoning_effort"] = "none"
    said["reasoning"] = {"max_tokens": thinking.get("token_budget")}
    return from_openai.read(said)


def _message(message: Json) -> Json:
    content = message.get("content")
    if message.get("role") == "tool" and isinstance(content, list):
        content = "\n".join(_text(part) for part in content)
    return {**message, "content": content or message.get("tool_plan")}


def _text(part: Json) -> str:
    """A document is what it holds."""
    return part["text"] if part.get("type") == "text" else json.dumps((part.get("document") or {}).get("data"))


def _format(wanted: Mapping[str, Any]) -> Json | None:
    schema = wanted.get("json_schema") or wanted.get("schema")
    if isinstance(schema, Mapping):
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return dict(wanted) or None
