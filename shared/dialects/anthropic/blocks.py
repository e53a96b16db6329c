"""Parts of our messages → content blocks. https://platform.claude.com/docs/en/api/messages#body-messages (2026-11)."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any, Final

from shared.chat.request import CachePoint, Media, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.arguments import arguments
from shared.dialects.call_ids import fitting
from shared.errors import InvalidRequest, UnsupportedParameter

Block = dict[str, Any]
_PDF: Final = "application/pdf"
_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_PROPER: Final = {"image/jpg": "image/jpeg"}
"""What some callers write, and the name that is taken."""


def blocks(parts: Iterable[Part], at: str) -> list[Block]:
    """The blocks of one message, which `at` names. Raises UnsupportedParameter for media that Claude does not read."""
    made = (_block(part, f"{at}.content[{index}]", at) for index, part in enumerate(parts))
    return [block for block in made if block is not None]


def text_block(text: str) -> Block | None:
    """A block, unless it says nothing: the provider refuses those. Trap 53."""
    return {"type": "text", "text": text} if text.strip() else None


def keep_from(block: Block, cache: CachePoint | None) -> Block:
    """The block with its breakpoint, if it has one. Trap 56: how long it is kept is said where the caller says it."""
    if cache is not None:
        block["cache_control"] = {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {})}
    return block


def _block(part: Part, at: str, message: str) -> Block | None:
    match part:
        case Text():
            block = text_block(part.text)
            return block and keep_from(block, part.cache)
        case Refusal():
            return text_block(part.text)
        case Media():
            return keep_from(_media(part, at), part.cache)
        case Reasoning():
            return _thinking(part)
        case ToolCall():
            call = {
                "type": "tool_use",
                "id": fitting(part.id, _ID),
                "name": part.name,
                "input": arguments(part, message),
            }
            return keep_from(call, part.cache)
        case ToolResult():
            return keep_from(_result(part, at), part.cache)


def _thinking(part: Reasoning) -> Block | None:
    """Handed back byte-exact. Thinking without a signature is somebody else's, and is not taken. Trap 52."""
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    if part.signature is None:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _result(part: ToolResult, at: str) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": fitting(part.call_id, _ID)}
    if content := blocks(part.content, at):
        block["content"] = content
    if part.is_error:
        block["is_error"] = True
    return block


def _media(media: Media, at: str) -> Block:
    match media.kind:
        case "image":
            return {"type": "image", "source": _source(media, at)}
        case "file" if media.media_type and media.media_type.startswith("image/"):
            return {"type": "image", "source": _source(media, at)}
        case "file":
            told = {"title": media.name, "context": media.context}
            given = {name: value for name, value in told.items() if value}
            return {"type": "document", "source": _document(media, at), **given}
        case kind:
            raise UnsupportedParameter(f"Anthropic's models take no {kind}: leave it out", parameter=at)


def _document(media: Media, at: str) -> Block:
    """PDF goes as it is, text as text."""
    if media.data is None or media.media_type == _PDF:
        return _source(media, at)
    if media.media_type and media.media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": _decoded(media.data, at)}
    raise UnsupportedParameter(
        f"Anthropic's models take PDF and text, not {media.media_type or 'a file without a media type'}", parameter=at
    )


def _source(media: Media, at: str) -> Block:
    if media.url is not None and media.url.startswith(("https://", "http://")):
        return {"type": "url", "url": media.url}
    if media.data is None:
        raise UnsupportedParameter("Anthropic fetches from https:// alone: send the data instead", parameter=at)
    if not media.media_type:
        raise InvalidRequest("the media type is missing: name it in the data: URL", parameter=at)
    return {"type": "base64", "media_type": _PROPER.get(media.media_type, media.media_type), "data": media.data}


def _decoded(data: str, at: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("the data is not base64: encode it so", parameter=at) from error
