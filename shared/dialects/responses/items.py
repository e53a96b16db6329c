"""Turns as items of `input`: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input (2026-11).

What one turn holds is told in its own order: thinking, words, calls. A call's result is an item of its own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from shared.chat.request import Media, Message, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.responses.reasoning import give_back
from shared.errors import UnsupportedParameter

type Item = dict[str, Any]


def items(messages: Iterable[Message]) -> list[Item]:
    """All turns. Raises UnsupportedParameter for media and names that these providers do not take."""
    found: list[Item] = []
    for index, message in enumerate(messages):
        if message.name is not None:
            raise UnsupportedParameter(
                "the Responses API takes no names of participants: leave it out", parameter=f"messages[{index}].name"
            )
        found.extend(_items(message, f"messages[{index}].content"))
    return found


def _items(message: Message, at: str) -> Iterator[Item]:
    match message.role:
        case "tool":
            for part in message.parts:
                if isinstance(part, ToolResult):
                    yield {
                        "type": "function_call_output",
                        "call_id": part.call_id,
                        "output": _content(part.content, at),
                    }
        case "assistant":
            yield from _assistant(message.parts, at)
        case role:
            yield {"role": role, "content": _content(message.parts, at)}


def _assistant(parts: Iterable[Part], at: str) -> Iterator[Item]:
    """Words that follow each other are one message."""
    spoken: list[Text | Refusal] = []
    for part in parts:
        match part:
            case Text() | Refusal():
                spoken.append(part)
                continue
            case Media():
                raise UnsupportedParameter(
                    "this provider takes no pictures or sounds back from an earlier answer: send them in a `user` message",
                    parameter=at,
                )
        yield from _said(spoken)
        spoken = []
        if isinstance(part, Reasoning):
            yield from filter(None, [give_back(part.signature)])
        elif isinstance(part, ToolCall):
            yield _call(part)
    yield from _said(spoken)


def _said(spoken: list[Text | Refusal]) -> Iterator[Item]:
    match spoken:
        case []:
            return
        case [Text(text)]:
            yield {"role": "assistant", "content": text}
        case several:
            yield {"role": "assistant", "content": [_spoken(part) for part in several]}


def _spoken(part: Text | Refusal) -> Item:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    return {"type": "output_text", "text": part.text}


def _call(call: ToolCall) -> Item:
    """Without the id of its item, which a store would look for; its `call_id` is what the result names."""
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments or "{}"}


def _content(parts: Iterable[Part], at: str) -> str | list[Item]:
    match tuple(parts):
        case ():
            return ""
        case (Text(text),):
            return text
        case several:
            return [_part(part, at) for part in several]


def _part(part: Part, at: str) -> Item:
    match part:
        case Text(text) | Refusal(text):
            return {"type": "input_text", "text": text}
        case Media(kind="image"):
            return {"type": "input_image", "image_url": _url(part), "detail": part.detail or "auto"}
        case Media(kind="file", data=None):
            return {"type": "input_file", "file_url": part.url}
        case Media(kind="file"):
            return {"type": "input_file", "filename": part.name or _file_name(part.media_type), "file_data": _url(part)}
        case Media(kind=kind):
            raise UnsupportedParameter(f"the Responses API takes no {kind}: send text, pictures or files", parameter=at)
        case _:
            raise UnsupportedParameter("only an `assistant` message holds calls and thinking", parameter=at)


def _url(media: Media) -> str:
    if media.data is None:
        return media.url or ""
    return f"data:{media.media_type or 'application/octet-stream'};base64,{media.data}"


def _file_name(media_type: str | None) -> str:
    """A name goes with every file."""
    return "document.pdf" if media_type == "application/pdf" else "document"
