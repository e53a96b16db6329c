"""What a response puts out: items, told whole in a plain answer, and in a stream begun, said piece by piece, and told whole at their end.

So only what was not said in pieces is said at the end. https://platform.openai.com/docs/api-reference/responses/object (2026-11)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.lenient import find_text, records, text
from shared.dialects.responses.reasoning import keep
from shared.wire.json import write

type _Place = tuple[str, int]
"""A field of an item, and which of its parts."""

_EVENTS: Final[Mapping[str, type[TextDelta | RefusalDelta | ReasoningDelta]]] = {
    "text": TextDelta,
    "refusal": RefusalDelta,
    "summary": ReasoningDelta,
    "content": ReasoningDelta,
}
ARGUMENTS: Final = "arguments"
_CALLS: Final[Mapping[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
"""Calls of the caller's own tools, and where what the tool is given stands."""


@dataclass(slots=True)
class _Item:
    """An item as it grows. `call` counts the calls of the answer, `said` is what was said of it in pieces."""

    call: int | None = None
    said: set[_Place] = field(default_factory=set)
    closed: bool = False


class OutputReader:
    """Reads the items of one response, each at its own place in the output."""

    __slots__ = ("_calls", "_ids", "_items")

    def __init__(self) -> None:
        self._items: dict[int, _Item] = {}
        self._ids: dict[str, int] = {}
        self._calls = 0

    @property
    def calls(self) -> bool:
        """The model called a tool of the caller's."""
        return self._calls > 0

    def place(self, index: Any, id_: Any) -> int:
        """Where an item stands: as the provider numbers it, else where that id is, else behind all others."""
        if index.__class__ is not int:
            index = self._ids.get(text(id_), len(self._items))
        if isinstance(id_, str):
            self._ids.setdefault(id_, index)
        self._item(index)
        return int(index)

    def begin(self, place: int, item: Mapping[str, Any], events: list[ChatEvent]) -> None:
        """An item is announced. Only calls are told at once, and only with their name."""
        if text(item.get("type")) in _CALLS and find_text(item.get("name")):
            self._announce(self._item(place), item, events)

    def say(self, place: int, where: str, part: int, piece: str, events: list[ChatEvent]) -> None:
        """More of one text of an item. Arguments of a call that nobody announced wait for the whole item."""
        item = self._item(place)
        if not piece:
            return
        if where != ARGUMENTS:
            events.append(_EVENTS[where](piece))
        elif item.call is not None:
            events.append(ToolCallDelta(item.call, piece))
        else:
            return
        item.said.add((where, part))

    def close(self, place: int, told: dict[str, Any], events: list[ChatEvent]) -> None:
        """An item is complete, and this is it."""
        item = self._item(place)
        if item.closed:
            return
        item.closed = True
        match told.get("type"):
            case "message":
                self._close_message(place, told, events)
            case "reasoning":
                self._close_reasoning(place, told, events)
            case "function_call" | "custom_tool_call" as kind:
                self._close_call(item, told, text(told.get(_CALLS[kind])) or _written(told.get(_CALLS[kind])), events)
            case "image_generation_call" if picture := find_text(told.get("result")):
                events.append(MediaOutput(f"image/{find_text(told.get('output_format')) or 'png'}", picture))
                events.append(Annotation("image_generation_call", {**told, "result": None}))
            case kind:
                events.append(Annotation(text(kind) or "item", told))

    def close_rest(self, output: Any, events: list[ChatEvent]) -> None:
        """The whole output: what the stream did not tell item by item is told now."""
        for index, told in enumerate(records(output)):
            id_ = find_text(told.get("id"))
            self.close(self._ids.get(id_, index) if id_ else index, told, events)

    def _item(self, place: int) -> _Item:
        item = self._items.get(place)
        if item is None:
            item = self._items[place] = _Item()
        return item

    def _announce(self, item: _Item, told: Mapping[str, Any], events: list[ChatEvent]) -> None:
        if item.call is None:
            item.call = self._calls
            self._calls += 1
            id_ = find_text(told.get("call_id")) or find_text(told.get("id"))
            events.append(ToolCallStart(item.call, id_, text(told.get("name"))))

    def _close_call(self, item: _Item, told: dict[str, Any], arguments: str, events: list[ChatEvent]) -> None:
        """No arguments are `{}`. Trap 38."""
        self._announce(item, told, events)
        if item.call is not None and (ARGUMENTS, 0) not in item.said:
            events.append(ToolCallDelta(item.call, arguments or "{}"))

    def _close_message(self, place: int, told: dict[str, Any], events: list[ChatEvent]) -> None:
        for index, part in enumerate(_parts(told.get("content"))):
            match part.get("type"):
                case "output_text" | "text":
                    self._say_rest(place, "text", index, part.get("text"), events)
                    _notes(part, events)
                case "refusal":
                    self._say_rest(place, "refusal", index, part.get("refusal"), events)
                case kind:
                    events.append(Annotation(text(kind) or "part", part))
        if phase := find_text(told.get("phase")):
            events.append(Annotation("phase", phase))

    def _close_reasoning(self, place: int, told: dict[str, Any], events: list[ChatEvent]) -> None:
        for where in ("summary", "content"):
            for index, part in enumerate(_parts(told.get(where))):
                self._say_rest(place, where, index, part.get("text"), events)
        if signature := keep(told):
            events.append(ReasoningSignature(signature))

    def _say_rest(self, place: int, where: str, part: int, words: Any, events: list[ChatEvent]) -> None:
        if (where, part) not in self._item(place).said:
            self.say(place, where, part, text(words), events)


def _notes(part: Mapping[str, Any], events: list[ChatEvent]) -> None:
    """Where the words come from, and how likely they were: the latter in the form of chat completions, which is the same one."""
    events.extend([Annotation("annotation", annotation) for annotation in records(part.get("annotations"))])
    if logprobs := records(part.get("logprobs")):
        events.append(Annotation("logprobs", {"content": logprobs}))


def _parts(content: Any) -> list[dict[str, Any]]:
    """A text alone is one part."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else records(content)


def _written(value: Any) -> str:
    """Arguments that came as JSON instead of its text."""
    return write(value).decode() if isinstance(value, dict | list) else ""
