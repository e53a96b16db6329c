"""A plain answer → the events that a stream of it would have been."""

from typing import Any

from shared.chat.events import (
    Annotation,
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.bedrock.answer import SERVER_TOOL, finish, notes, picture, usage
from shared.dialects.lenient import find_text, record, records, text
from shared.errors import BadResponse
from shared.wire.json import read_lenient, write


def read(body: bytes) -> list[ChatEvent]:
    """Raises BadResponse when it is no answer."""
    answer = _answer(body)
    events: list[ChatEvent] = [Start()]
    calls = 0
    for block in records(record(record(answer.get("output")).get("message")).get("content")):
        calls += _block(block, calls, events)
    events.extend(notes(answer))
    if used := usage(record(answer.get("usage"))):
        events.append(used)
    events.append(finish(find_text(answer.get("stopReason")), calls))
    return events


def _answer(body: bytes) -> dict[str, Any]:
    try:
        said = read_lenient(body)
    except ValueError as error:
        raise BadResponse("the provider answered with something that is not JSON") from error
    if not isinstance(said, dict) or not said.keys() & {"output", "stopReason"}:
        raise BadResponse("the provider answered with JSON that is no answer of Converse")
    return said


def _block(block: dict[str, Any], calls: int, events: list[ChatEvent]) -> int:
    """Append what it says; how many calls of the caller's tools it is."""
    match block:
        case {"text": str(words)}:
            _say(words, events)
        case {"citationsContent": dict(cited)}:
            _say("".join([text(piece.get("text")) for piece in records(cited.get("content"))]), events)
            events.extend([Annotation("citationsContent", citation) for citation in records(cited.get("citations"))])
        case {"reasoningContent": dict(thought)}:
            _think(thought, events)
        case {"toolUse": dict(call)} if call.get("type") != SERVER_TOOL:
            events.append(ToolCallStart(calls, find_text(call.get("toolUseId")), text(call.get("name"))))
            events.append(ToolCallDelta(calls, write(call.get("input") or {}).decode()))
            return 1
        case {"image": {"format": kind, "source": {"bytes": str(data)}}}:
            events.append(picture(kind, [data]))
        case _:
            events.extend([Annotation(name, value) for name, value in block.items() if value is not None])
    return 0


def _say(words: str, events: list[ChatEvent]) -> None:
    if words:
        events.append(TextDelta(words))


def _think(thought: dict[str, Any], events: list[ChatEvent]) -> None:
    """Trap 52: signature and encrypted content as they came."""
    if "redactedContent" in thought:
        events.append(ReasoningSignature(redacted=text(thought["redactedContent"])))
        return
    said = record(thought.get("reasoningText"))
    if words := text(said.get("text")):
        events.append(ReasoningDelta(words))
    events.append(ReasoningSignature(find_text(said.get("signature"))))
