"""Items of `input` → messages of ours. What the model said, thought and called in one go is one message; what its tools said follows.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input (2026-11)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.request import KinOnly, Media, Message, Part, Reasoning, Text, ToolCall, ToolResult
from shared.dialects.responses.caller.bodies import (
    CallItem,
    CallOutputItem,
    MessageItem,
    ReasoningItem,
    convert,
    unknown,
)
from shared.dialects.responses.caller.ours import find_kept, is_kept, is_ours, is_sealed, open_seal
from shared.dialects.responses.caller.parts import read_content, texts
from shared.dialects.signed import split_id
from shared.errors import InvalidRequest

type Item = Mapping[str, Any]


@dataclass(slots=True)
class InputReader:
    """Reads the items of one input. `kin_only` grows with what has no word here."""

    kin_only: list[KinOnly]
    messages: list[Message] = field(default_factory=list)
    _said: list[Part] = field(default_factory=list)
    _kept: Mapping[str, Item] = field(default_factory=dict)
    _open: dict[str, str] = field(default_factory=dict)
    """Calls without a result so far, and where they stand."""
    _held: bool = False
    """Some items are known to the provider alone, so that only it can tell whether calls and results fit."""

    def read(self, items: list[dict[str, Any]]) -> tuple[Message, ...]:
        """The messages. Raises InvalidRequest for malformed items, and for calls and results that do not fit: trap 85."""
        self._kept = find_kept(items)
        for index, item in enumerate(items):
            self._read(self._resolved(item, f"input[{index}]"), f"input[{index}]")
        self._turn("input")
        return tuple(self.messages)

    def _resolved(self, item: Item, at: str) -> Item:
        """An item that is named by its id; one of ours that nobody sent along cannot be found again."""
        if not _is_reference(item):
            return item
        id_ = item.get("id")
        if not isinstance(id_, str) or is_kept(id_) or not is_ours(id_):
            return item
        if id_ not in self._kept:
            raise InvalidRequest(
                f"nothing is stored here, so `{id_}` cannot be referred to: send the item itself, as clients do with `store: false`",
                parameter=f"{at}.id",
            )
        return self._kept[id_]

    def _read(self, item: Item, at: str) -> None:
        if is_kept(item.get("id")):
            return
        kind = item.get("type") or ("message" if "role" in item else "item_reference" if "id" in item else None)
        if not isinstance(kind, str):
            raise InvalidRequest("an item needs its `type`, or a `role` and `content`", parameter=f"{at}.type")
        read = _READERS.get(kind)
        if read is not None:
            read(self, item, at)
        else:
            self._held = True
            self.kin_only.append(KinOnly(f"{at}.id" if kind == "item_reference" else f"{at}.type"))

    def _message(self, item: Item, at: str) -> None:
        read = convert(item, MessageItem, at)
        answered = read.role == "assistant"
        parts = read_content(read.content, f"{at}.content", self.kin_only, answered=answered)
        if answered:
            if read.phase:
                self.kin_only.append(KinOnly(f"{at}.phase", harmless=True))
            self._said.extend(parts)
            return
        self.kin_only.extend([KinOnly(path) for path in unknown(item, MessageItem, at)])
        self._turn(at)
        self.messages.append(Message("user" if read.role == "user" else "system", parts))

    def _reasoning(self, item: Item, at: str) -> None:
        """Thinking that somebody else encrypted is handed on as far as it can be read: only who made it could open the rest. Trap 61."""
        read = convert(item, ReasoningItem, at)
        words = "".join([part.text for part in (read.summary or read.content or ())])
        if read.encrypted_content is None or not is_sealed(read.encrypted_content):
            self._said.append(Reasoning(words))
            return
        self._said.append(open_seal(read.encrypted_content, words, f"{at}.encrypted_content"))

    def _call(self, item: Item, at: str) -> None:
        read = convert(item, CallItem, at)
        call_id, signature = split_id(read.call_id)
        if call_id in self._open:
            raise InvalidRequest(f"the call `{call_id}` stands here twice: send it once", parameter=f"{at}.call_id")
        self._open[call_id] = at
        self._said.append(ToolCall(call_id, read.name, read.arguments, signature))

    def _output(self, item: Item, at: str) -> None:
        read = convert(item, CallOutputItem, at)
        self.kin_only.extend([KinOnly(path) for path in unknown(item, CallOutputItem, at)])
        call_id, _ = split_id(read.call_id)
        if call_id not in self._open and not self._held:
            raise InvalidRequest(
                f"No tool call found for function call output with call_id {call_id}: send the call before it",
                parameter=f"{at}.call_id",
            )
        self._open.pop(call_id, None)
        self._say()
        content = texts(read_content(read.output, f"{at}.output", self.kin_only))
        self.messages.append(Message("tool", (ToolResult(call_id, content),)))

    def _image(self, item: Item, at: str) -> None:
        """A picture that the model made. One that is only named is known to the provider alone."""
        picture = item.get("result")
        if not isinstance(picture, str):
            self.kin_only.append(KinOnly(f"{at}.type"))
            return
        self._said.append(Media("image", f"image/{item.get('output_format') or 'png'}", picture))

    def _turn(self, at: str) -> None:
        """Somebody else speaks: all calls have their results by now."""
        if self._open and not self._held:
            call, place = next(iter(self._open.items()))
            raise InvalidRequest(
                f"No tool output found for function call {call} of `{place}`: send a `function_call_output` for it",
                parameter=at,
            )
        self._say()

    def _say(self) -> None:
        if self._said:
            self.messages.append(Message("assistant", tuple(self._said)))
            self._said = []


def _is_reference(item: Item) -> bool:
    return item.get("type") == "item_reference" or ("type" not in item and "role" not in item and "id" in item)


_READERS: Final[Mapping[str, Callable[[InputReader, Item, str], None]]] = {
    "message": InputReader._message,  # noqa: SLF001 - its own table
    "reasoning": InputReader._reasoning,  # noqa: SLF001 - its own table
    "function_call": InputReader._call,  # noqa: SLF001 - its own table
    "function_call_output": InputReader._output,  # noqa: SLF001 - its own table
    "image_generation_call": InputReader._image,  # noqa: SLF001 - its own table
}


def instruct(instructions: str | None) -> tuple[Message, ...]:
    """What stands before the input."""
    return (Message("system", (Text(instructions),)),) if instructions else ()
