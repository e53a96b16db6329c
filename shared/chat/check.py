"""What no provider could answer, whatever the dialects: found before anything is spent. Traps 82, 85; threat H5."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from shared.chat.request import ChatRequest, Media, Message, ToolCall, ToolResult
from shared.errors import InvalidRequest

MOST_MEDIA: Final = 500
"""Pictures and files of one request: https://platform.openai.com/docs/guides/images-vision (2026-11); others take fewer."""
LARGEST_SCHEMA: Final = 64 * 1024
"""Bytes of a JSON schema, written compactly."""


def check_schema(schema: Mapping[str, Any] | None, at: str) -> None:
    """`at` is the field's name. Raises InvalidRequest when the schema is larger than anyone compiles."""
    if schema and (size := len(msgspec.json.encode(schema))) > LARGEST_SCHEMA:
        raise InvalidRequest(f"`{at}` has {size} bytes; a schema has at most {LARGEST_SCHEMA}", parameter=at)


def check_request(request: ChatRequest) -> None:
    """Tool results answer calls of the assistant turn before them, each once; in any order.

    Raises:
        InvalidRequest: an orphan result, a call without its result, or too many files.
    """
    if (files := sum(_files(message.parts) for message in request.messages)) > MOST_MEDIA:
        raise InvalidRequest(
            f"{files} pictures and files are too many; send at most {MOST_MEDIA}", parameter="messages"
        )
    open_calls: set[str] = set()
    for index, message in enumerate(request.messages):
        if message.role == "tool":
            _answer(message, open_calls, index)
            continue
        if open_calls:
            raise InvalidRequest(
                f"the tool calls {', '.join(sorted(open_calls))} have no result before this message",
                parameter=f"messages[{index}]",
            )
        open_calls = {part.id for part in message.parts if isinstance(part, ToolCall)}
    if open_calls:
        raise InvalidRequest(
            f"the tool calls {', '.join(sorted(open_calls))} have no result: add a `tool` message for each",
            parameter="messages",
        )


def _answer(message: Message, open_calls: set[str], index: int) -> None:
    for part in message.parts:
        if not isinstance(part, ToolResult):
            continue
        if part.call_id not in open_calls:
            raise InvalidRequest(
                "`tool_call_id` answers no tool call of the assistant message before it",
                parameter=f"messages[{index}].tool_call_id",
            )
        open_calls.discard(part.call_id)


def _files(parts: Sequence[object]) -> int:
    return sum(_files(part.content) if isinstance(part, ToolResult) else isinstance(part, Media) for part in parts)
