"""Our messages → a system instruction and contents of user and model. https://ai.google.dev/api/caching#Content (2026-11)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.chat.request import Message, Part, ToolCall, ToolResult
from shared.dialects.gemini.parts import PartWriter, Piece
from shared.errors import InvalidRequest


def contents(messages: Sequence[Message]) -> tuple[list[Piece], list[Piece]]:
    """The parts of the system instruction, all of them (trap 58), and the contents, which are never empty."""
    names: dict[str, str] = {}
    system: list[Piece] = []
    said: list[Piece] = []
    for index, message in _in_order(messages):
        names.update({part.id: part.name for part in message.parts if isinstance(part, ToolCall)})
        parts = PartWriter(names, f"messages[{index}]").write(message)
        if message.role == "system":
            system.extend(parts)
        elif parts:
            _add(said, "model" if message.role == "assistant" else "user", parts)
    if said:
        return system, said
    if not system:
        raise InvalidRequest("every message is empty: say something", parameter="messages")
    return [], [{"role": "user", "parts": system}]


def _add(said: list[Piece], role: str, parts: list[Piece]) -> None:
    """Turns of the same role are one content, so that parallel results come together."""
    if said and said[-1]["role"] == role:
        said[-1]["parts"].extend(parts)
    else:
        said.append({"role": role, "parts": parts})


def _in_order(messages: Iterable[Message]) -> list[tuple[int, Message]]:
    """Each with its place. Gemini may know no ids, so the results of a turn stand together in the order of its calls. Trap 82."""
    ordered: list[tuple[int, Message]] = []
    calls: list[str] = []
    for index, message in enumerate(messages):
        if message.role != "tool":
            calls = [part.id for part in message.parts if isinstance(part, ToolCall)] or calls
            ordered.append((index, message))
        elif ordered and ordered[-1][1].role == "tool":
            first, earlier = ordered[-1]
            ordered[-1] = first, replace(earlier, parts=_sorted((*earlier.parts, *message.parts), calls))
        else:
            ordered.append((index, replace(message, parts=_sorted(message.parts, calls))))
    return ordered


def _sorted(parts: tuple[Part, ...], calls: list[str]) -> tuple[Part, ...]:
    place = {call: index for index, call in enumerate(calls)}
    return tuple(sorted(parts, key=lambda part: place.get(part.call_id, -1) if isinstance(part, ToolResult) else -1))
