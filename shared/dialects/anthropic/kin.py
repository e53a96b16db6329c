"""A caller's own body towards a provider who speaks as they do: it goes out as it came, but for what the provider would refuse."""

from collections.abc import Mapping
from typing import Any

from shared.chat.request import ChatRequest

type Json = dict[str, Any]


def kin(body: Json, request: ChatRequest) -> Json:
    """Texts that say nothing are left out (trap 53); the owner's system prompt is put where the caller has none."""
    if request.original is not None and request.original.system is not None:
        body["system"] = request.original.system
    body["messages"] = [_spoken(message) for message in body["messages"]]
    return body


def _spoken(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list) or not any(map(_is_empty, content)):
        return message
    return {**message, "content": [block for block in content if not _is_empty(block)]}


def _is_empty(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") == "text" and block.get("text") == ""
