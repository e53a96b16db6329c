"""Parts of our messages → content blocks. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (2026-11)."""

import re
from collections.abc import Iterable
from typing import Final

from shared.chat.request import Media, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.arguments import arguments
from shared.dialects.bedrock.families import cache_point, takes_thinking
from shared.dialects.bedrock.media import Block, MediaWriter
from shared.dialects.call_ids import fitting
from shared.errors import UnsupportedParameter

_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


class BlockWriter:
    """Writes the parts of one request's messages; `model` says what may be cached."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._media = MediaWriter()

    def write(self, parts: Iterable[Part], at: str) -> list[list[Block]]:
        """For each part of a message, which `at` names, its block and the cache point behind it. What says nothing is left out."""
        groups = (self._group(part, f"{at}.content[{index}]", at) for index, part in enumerate(parts))
        return [group for group in groups if group]

    def _group(self, part: Part, at: str, message: str) -> list[Block]:
        block = self._block(part, at, message)
        if block is None:
            return []
        cache = None if isinstance(part, Reasoning | Refusal) else part.cache
        return [block, *cache_point(cache, self._model)]

    def _block(self, part: Part, at: str, message: str) -> Block | None:
        match part:
            case Text() | Refusal():
                return text_block(part.text)
            case Media():
                return self._media.write(part, at)
            case Reasoning():
                return _thinking(part) if takes_thinking(self._model) else None
            case ToolCall():
                call = {"toolUseId": fitting(part.id, _ID), "name": part.name, "input": arguments(part, message)}
                return {"toolUse": call}
            case ToolResult():
                return {"toolResult": self._result(part, at)}

    def _result(self, part: ToolResult, at: str) -> Block:
        blocks = [block for piece in part.content if (block := self._block(piece, at, at)) is not None]
        if any("audio" in block for block in blocks):
            raise UnsupportedParameter("Bedrock takes no sound as the result of a tool: leave it out", parameter=at)
        result: Block = {"toolUseId": fitting(part.call_id, _ID), "content": blocks}
        if part.is_error:
            result["status"] = "error"
        return result


def text_block(text: str) -> Block | None:
    """A block, unless it says nothing: the provider refuses those. Trap 53."""
    return {"text": text} if text.strip() else None


def _thinking(part: Reasoning) -> Block | None:
    """Handed back byte-exact. Thinking without a signature is somebody else's, and is not taken. Trap 52."""
    if part.redacted is not None:
        return {"reasoningContent": {"redactedContent": part.redacted}}
    if not part.signature:
        return None
    return {"reasoningContent": {"reasoningText": {"text": part.text, "signature": part.signature}}}
