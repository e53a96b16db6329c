"""Parts of our messages → parts of a content. https://ai.google.dev/api/caching#Part (2026-11)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.request import Media, Message, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.arguments import arguments
from shared.errors import InvalidRequest, UnsupportedParameter

Piece = dict[str, Any]
_OURS: Final = re.compile(r"call_[0-9A-HJKMNP-TV-Z]{26}")
"""Ids that the gateway made because Gemini had given none; Gemini then goes by name and order."""
_READ_BY_GOOGLE: Final = re.compile(
    r"gs://|https://(generativelanguage\.googleapis\.com/|((www|m)\.)?youtube\.com/|youtu\.be/)", re.IGNORECASE
)
"""What Gemini opens itself: its file service, Cloud Storage and YouTube.

https://ai.google.dev/gemini-api/docs/video-understanding#youtube (2026-11)
"""


@dataclass(slots=True)
class PartWriter:
    """Writes the parts of one message. `names` has the name of each call by its id."""

    names: Mapping[str, str]
    at: str
    _signature: str | None = None
    _parts: list[Piece] = field(default_factory=list)

    def write(self, message: Message) -> list[Piece]:
        """The parts. Raises UnsupportedParameter for media that would have to be fetched."""
        for index, part in enumerate(message.parts):
            match part:
                case Text() | Refusal():
                    if part.text:
                        self._sign({"text": part.text})
                case Reasoning():
                    self._think(part)
                case ToolCall():
                    self._call(part)
                case ToolResult():
                    self._result(part, f"{self.at}.content[{index}]")
                case Media():
                    self._parts.append(_media(part, f"{self.at}.content[{index}]"))
        if self._signature:
            self._sign({"text": ""})
        return self._parts

    def _think(self, part: Reasoning) -> None:
        """Google signs what follows the thinking: the text, or an empty one at the end. Trap 48.

        https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11)
        """
        if part.text:
            self._parts.append({"text": part.text, "thought": True})
        self._signature = part.signature or self._signature

    def _sign(self, piece: Piece) -> None:
        self._parts.append({**piece, "thoughtSignature": self._signature} if self._signature else piece)
        self._signature = None

    def _call(self, call: ToolCall) -> None:
        piece: Piece = {"functionCall": {**_id(call.id), "name": call.name, "args": arguments(call, self.at)}}
        if call.signature:
            piece["thoughtSignature"] = call.signature
        self._parts.append(piece)

    def _result(self, result: ToolResult, at: str) -> None:
        """Its text is wrapped and stays text, so that nothing in it (such as `$ref`) is read as Google's own. Trap 42."""
        if result.call_id not in self.names:
            raise InvalidRequest("answers no call of an earlier turn", parameter=f"{self.at}.tool_call_id")
        said = "".join([piece.text for piece in result.content if isinstance(piece, Text)])
        response = {"error" if result.is_error else "output": said}
        self._parts.append(
            {"functionResponse": {**_id(result.call_id), "name": self.names[result.call_id], "response": response}}
        )
        self._parts.extend([_media(piece, at) for piece in result.content if isinstance(piece, Media)])


def _id(call_id: str) -> dict[str, str]:
    return {} if not call_id or _OURS.fullmatch(call_id) else {"id": call_id}


def _media(media: Media, at: str) -> Piece:
    if media.url is not None:
        if not _READ_BY_GOOGLE.match(media.url):
            raise UnsupportedParameter("Gemini fetches nothing from there: send the data as a data: URL", parameter=at)
        return {"fileData": {"fileUri": media.url, **({"mimeType": media.media_type} if media.media_type else {})}}
    if not media.media_type:
        raise InvalidRequest("the media type is missing: name it in the data: URL", parameter=at)
    return {"inlineData": {"mimeType": media.media_type, "data": media.data}}
