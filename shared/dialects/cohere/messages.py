"""Our messages → Cohere's, and the documents among them: https://docs.cohere.com/reference/chat#request.body.messages (2026-11)."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any, Final

from shared.chat.request import Media, Message, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.errors import InvalidRequest, UnsupportedParameter

type Json = dict[str, Any]

_DETAILS: Final = frozenset({"auto", "low", "high"})


def messages(said: Sequence[Message]) -> tuple[list[Json], list[Json]]:
    """The messages, all instructions as the first of them (trap 58), and the documents that the model may cite."""
    system: list[str] = []
    written: list[Json] = []
    documents: list[Json] = []
    for index, message in enumerate(said):
        at = f"messages[{index}]"
        match message.role:
            case "system":
                system.extend(_texts(message.parts))
            case "user":
                written.extend(_user(message.parts, documents, at))
            case "assistant":
                written.extend(_assistant(message.parts, at))
            case "tool":
                written.extend(_result(part, at) for part in message.parts if isinstance(part, ToolResult))
    if not (written or system or documents):
        raise InvalidRequest("every message is empty: say something", parameter="messages")
    if not written:  # instructions alone are what the user says: somebody has to be answered
        return [{"role": "user", "content": "\n\n".join(system)}], documents
    return ([{"role": "system", "content": "\n\n".join(system)}] if system else []) + written, documents


def _texts(parts: Iterable[Part]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text | Refusal) and part.text]


def _user(parts: Iterable[Part], documents: list[Json], at: str) -> list[Json]:
    content: list[Json] = []
    for place, part in enumerate(parts):
        match part:
            case Text(text=str(words)) if words:
                content.append({"type": "text", "text": words})
            case Media(kind="file"):
                documents.append(_document(part, len(documents), f"{at}.content[{place}]"))
            case Media():
                content.append(_picture(part, f"{at}.content[{place}]"))
            case _:
                pass
    return [{"role": "user", "content": _plain(content)}] if content else []


def _plain(content: list[Json]) -> str | list[Json]:
    """One text is a string."""
    return content[0]["text"] if len(content) == 1 and content[0]["type"] == "text" else content


def _assistant(parts: Sequence[Part], at: str) -> list[Json]:
    """What it thought goes back as it was; what another's model signed is not Cohere's to read."""
    content: list[Json] = []
    for part in parts:
        match part:
            case Text() | Refusal() if part.text:
                content.append({"type": "text", "text": part.text})
            case Reasoning(text=str(words), signature=None, redacted=None) if words:
                content.append({"type": "thinking", "thinking": words})
            case Media():
                raise UnsupportedParameter(
                    "Cohere takes no pictures or sounds back from an earlier answer: send them in a `user` message",
                    parameter=f"{at}.content",
                )
            case _:
                pass
    calls = [_call(part) for part in parts if isinstance(part, ToolCall)]
    said = {"content": _plain(content) if content else None, "tool_calls": calls or None}
    given = {name: value for name, value in said.items() if value is not None}
    return [{"role": "assistant", **given}] if given else []


def _call(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": call.arguments if call.arguments.strip() else "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _result(result: ToolResult, at: str) -> Json:
    """By its id, one message for each. Traps 41, 82."""
    if any(isinstance(part, Media) for part in result.content):
        raise UnsupportedParameter(
            "Cohere takes only text as a tool's result: send pictures and files in a `user` message",
            parameter=f"{at}.content",
        )
    content = [{"type": "text", "text": words} for words in _texts(result.content)]
    return {"role": "tool", "tool_call_id": result.call_id, "content": _plain(content) if content else ""}


def _picture(media: Media, at: str) -> Json:
    if media.kind != "image":
        raise UnsupportedParameter(f"Cohere's models take no {media.kind}: leave it out", parameter=at)
    if media.detail not in {None, *_DETAILS}:
        raise UnsupportedParameter(
            f"Cohere looks at pictures in the detail {', '.join(sorted(_DETAILS))}: say one of them", parameter=at
        )
    if media.data is not None and not media.media_type:
        raise InvalidRequest("the media type is missing: name it in the data: URL", parameter=at)
    url = media.url if media.data is None else f"data:{media.media_type};base64,{media.data}"
    return {"type": "image_url", "image_url": {"url": url, **({"detail": media.detail} if media.detail else {})}}


def _document(media: Media, number: int, at: str) -> Json:
    """Text is what a document is made of: https://docs.cohere.com/docs/retrieval-augmented-generation-rag (2026-11)."""
    if media.data is None or not (media.media_type or "").startswith("text/"):
        raise UnsupportedParameter("Cohere reads files of text alone: send the text of it", parameter=at)
    try:
        words = base64.b64decode(media.data, validate=True).decode("utf-8", "replace")
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("the data is not base64: encode it so", parameter=at) from error
    told = {"title": media.name, "context": media.context}
    return {"id": f"doc_{number}", "data": {**{name: word for name, word in told.items() if word}, "text": words}}
