"""What a request may use at most, and what of that is likely, before anybody is asked. Pure.

A token is at least one byte, so that bytes are a ceiling of the tokens of any text; pictures and other media by URL have one of their own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.chat.events import Usage
from shared.chat.request import ChatRequest, Media, Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.exchanges import Kind
from shared.gateway.books.credible import Ceiling
from shared.gateway.books.meter import CHARACTERS_A_TOKEN
from shared.gateway.targets.target import Target
from shared.wire.json import write

_MEDIA: Final = 50_000
"""Tokens that a picture takes at most: gpt-4o-mini counts 2,833 and 5,667 for each of up to eight tiles.
https://platform.openai.com/docs/guides/images-vision (2026-11)"""
_A_MESSAGE: Final = 16
"""Tokens around each message and tool, whatever the family."""
_LARGEST_OUTPUT: Final = 16_384
"""Tokens that an answer is bounded to where a budget has to know and nobody else says."""
_LONGEST_OUTPUT: Final = 131_072
"""Tokens that a model says at most of which nobody knows: the largest of the price table's."""
_BYTES_A_TOKEN: Final = 8
"""Of text, at most, over a whole answer; 4 are usual."""
_BESIDE_THE_BOUND: Final = 256 * 2**10
"""Bytes beyond that which are let through: some count thinking beyond the bound that the caller set (Qwen, xAI)."""
_LIKELY_OUTPUT: Final = 1024
"""Tokens of an answer whose bound nobody names; corrected when it ends."""


_A_PICTURE: Final = 8192
"""Tokens that a picture takes at most to paint: gpt-image-2 takes some 7,030 for the dearest of 1024 x 1024, gpt-image-1 up to 6,240,
Gemini's models 1,120 to 2,000. https://developers.openai.com/api/docs/guides/image-generation (2026-11)"""
_A_LARGE_PICTURE: Final = 16_384
"""Beyond the classic sizes: up to 3840 x 2160 in gpt-image-2, which takes some 12,400 for that."""
_CLASSIC: Final = 1536 * 1024
"""Pixels."""
_LIKELY_PICTURE: Final = 1056
"""Tokens of gpt-image-1 in medium quality."""
_SIZE: Final = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


@dataclass(frozen=True, slots=True)
class Need:
    """Tokens: `input` and `output` at most, and `likely` of both together."""

    input: int
    output: int
    likely: int
    painted: int = 0
    """Of what is likely, the pictures: then the output is pictures, which have prices of their own."""
    free: bool = False
    """The provider takes nothing for it."""

    @property
    def most(self) -> Usage:
        """As a usage that has a price."""
        return Usage(input=self.input, output=self.output, raw=_pictures(self.output if self.painted else 0))

    @property
    def guess(self) -> Usage:
        """Where nobody counted."""
        read = self.likely - self.painted
        return Usage(input=read, output=self.painted, total=self.likely, raw=_pictures(self.painted), estimated=True)


def need_of(chat: ChatRequest, target: Target) -> Need:
    """What that chat needs of that target; the config's own system prompt and bound count."""
    settings = target.config.settings
    asked = sum(map(_size, _parts(chat))) + _bytes(settings.system_prompt or "")
    asked += sum(_bytes(f"{tool.name}{tool.description or ''}") + len(write(tool.parameters)) for tool in chat.tools)
    if chat.response_format is not None:
        asked += len(write(chat.response_format.schema))
    around = _A_MESSAGE * (len(chat.messages) + len(chat.tools) + 1)
    bound = chat.max_tokens or settings.max_tokens
    answers = chat.n or 1
    most = bound or target.largest_output or _LARGEST_OUTPUT
    likely = -(-asked // CHARACTERS_A_TOKEN) + around + answers * min(most, bound or _LIKELY_OUTPUT)
    return Need(asked + around, answers * most, likely)


def bounded(chat: ChatRequest, target: Target) -> Target:
    """The target, whose answer has a bound where the caller names none, so that what is reserved is enough."""
    settings = target.config.settings
    if chat.max_tokens or settings.max_tokens:
        return target
    most = target.largest_output or _LARGEST_OUTPUT
    return replace(target, config=replace(target.config, settings=replace(settings, max_tokens=most)))


def ceiling_of(chat: ChatRequest, target: Target) -> Ceiling:
    """What no true report of that chat's usage is ten times past: what would be reserved for it."""
    need = need_of(chat, target)
    blind = any(not own.harmless for own in chat.kin_only)
    return Ceiling(
        None if blind else need.input, need.output, (chat.n or 1) * (target.largest_output or _LONGEST_OUTPUT)
    )


def longest_answer(chat: ChatRequest, target: Target) -> int:
    """Bytes of text after which an answer is taken for endless: `max_tokens` times 8, and some more for thinking. faults.md, infinite stream."""
    bound = chat.max_tokens or target.config.settings.max_tokens or target.largest_output or _LONGEST_OUTPUT
    return (chat.n or 1) * bound * _BYTES_A_TOKEN + _BESIDE_THE_BOUND


def need_of_question(kind: Kind, body: Mapping[str, Any], *, free: bool = False) -> Need:
    """What a question that is no chat needs: its bytes, and what is painted. No other such answer is paid."""
    asked = len(write(body))
    read = -(-asked // CHARACTERS_A_TOKEN)
    if kind != "images":
        return Need(asked, 0, read, free=free)
    many = body.get("n") or 1
    return Need(asked, many * _largest(body.get("size")), read + many * _LIKELY_PICTURE, many * _LIKELY_PICTURE, free)


def _largest(size: Any) -> int:
    """Tokens of one picture of that size; where the model chooses, it is a classic one."""
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    return _A_LARGE_PICTURE if found and int(found[1]) * int(found[2]) > _CLASSIC else _A_PICTURE


def _pictures(tokens: int) -> dict[str, Any]:
    """As OpenAI tells them."""
    return {"output_tokens_details": {"image_tokens": tokens}} if tokens else {}


def _parts(chat: ChatRequest) -> Iterable[Part]:
    return (part for message in chat.messages for part in message.parts)


def _size(part: Part) -> int:
    match part:
        case Text() | Refusal():
            return _bytes(part.text)
        case Reasoning():
            return _bytes(part.text) + len(part.redacted or "")
        case ToolCall():
            return _bytes(part.name) + _bytes(part.arguments)
        case ToolResult():
            return sum(map(_size, part.content))
        case Media(kind="image"):
            return min(_MEDIA, len(part.data)) if part.data else _MEDIA
        case Media():
            return len(part.data) if part.data else _MEDIA


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
