"""A plain message → the events that a stream of it would have been."""

from typing import Any

from shared.chat.events import (
    Annotation,
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.anthropic.message import failure_inside, finish, notes, start, usage
from shared.dialects.lenient import find_text, record, records, text
from shared.errors import BadResponse
from shared.wire.json import read_lenient, write


def read(body: bytes) -> list[ChatEvent]:
    """Raises BadResponse when it is no message, and the fitting ProviderError for an error inside."""
    message = _message(body)
    events: list[ChatEvent] = [start(message)]
    calls = 0
    for block in records(message.get("content")):
        events.extend(_block(block, calls))
        calls += block.get("type") == "tool_use"
    events.extend(notes(message))
    if used := usage(record(message.get("usage"))):
        events.append(used)
    events.append(finish(find_text(message.get("stop_reason"))))
    return events


def _message(body: bytes) -> dict[str, Any]:
    message = read_object(body)
    if message.get("error") and not message.get("content"):
        raise failure_inside(message)
    if not isinstance(message.get("content"), list) and not message.get("stop_reason"):
        raise BadResponse("the provider answered with JSON that is not a message")
    return message


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is; raises BadResponse when it is none."""
    try:
        said = read_lenient(body)
    except ValueError as error:
        raise BadResponse("the provider answered with something that is not JSON") from error
    if not isinstance(said, dict):
        raise BadResponse("the provider answered with JSON that is not an object")
    return said


def _block(block: dict[str, Any], calls: int) -> list[ChatEvent]:
    match block.get("type"):
        case "text":
            said: list[ChatEvent] = [TextDelta(words)] if (words := text(block.get("text"))) else []
            return said + [Annotation("citation", citation) for citation in records(block.get("citations"))]
        case "thinking":
            thought: list[ChatEvent] = [ReasoningDelta(words)] if (words := text(block.get("thinking"))) else []
            return [*thought, ReasoningSignature(find_text(block.get("signature")))]
        case "redacted_thinking":
            return [ReasoningSignature(redacted=text(block.get("data")))]
        case "tool_use":
            return [*call(block, calls), ToolCallDelta(calls, given(block.get("input")))]
        case kind:
            return [Annotation(text(kind) or "block", block)]


def given(value: Any) -> str:
    """The arguments of a call as JSON text. Some who speak this dialect give that text itself; none are `{}`: trap 38."""
    if isinstance(value, str):
        return value if value.strip() else "{}"
    return "{}" if value is None else write(value).decode()


def call(block: dict[str, Any], index: int) -> list[ChatEvent]:
    """A call begins; who called is noted where it was not the model itself."""
    begun: list[ChatEvent] = [ToolCallStart(index, find_text(block.get("id")), text(block.get("name")))]
    if record(block.get("caller")).get("type", "direct") != "direct":
        begun.append(Annotation("caller", {"id": block.get("id"), "caller": block["caller"]}))
    return begun
