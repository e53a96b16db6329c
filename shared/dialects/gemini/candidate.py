"""One candidate as it grows: its parts → events. https://ai.google.dev/api/caching#Part (2026-11)."""

from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.gemini.logprobs import logprobs
from shared.dialects.gemini.partial import put
from shared.dialects.lenient import find_text, record, records, text
from shared.wire.json import write

_READ: Final = frozenset({"content", "finishReason", "index", "logprobsResult", "tokenCount"})
"""Fields of a candidate that have a place of their own; the others are kept as annotations."""


class Candidate:
    """Reads the parts of one candidate, piece by piece."""

    __slots__ = ("_arguments", "_index", "calls", "reason", "spoken")

    def __init__(self, index: int) -> None:
        self._index = index
        self._arguments: dict[str, Any] | None = None
        """Of the call that is still open; None when none is."""
        self.calls = 0
        self.reason: str | None = None
        self.spoken = False

    def take(self, said: dict[str, Any], events: list[ChatEvent]) -> None:
        """Append what one piece says of this candidate. It may have no parts: trap 45."""
        for part in records(record(said.get("content")).get("parts")):
            self.spoken = True
            self._part(part, events)
        for name, value in said.items():
            if name not in _READ and value is not None:
                events.append(Annotation(name, value, self._index))
        if isinstance(found := said.get("logprobsResult"), dict):
            events.append(Annotation("logprobs", logprobs(found), self._index))
        self.reason = find_text(said.get("finishReason")) or self.reason

    def end(self, events: list[ChatEvent]) -> None:
        """Close the call that is still open."""
        if self._arguments is not None:
            events.append(ToolCallDelta(self.calls - 1, write(self._arguments).decode(), self._index))
            self._arguments = None

    def _part(self, part: dict[str, Any], events: list[ChatEvent]) -> None:
        signature = find_text(part.get("thoughtSignature"))
        if words := text(part.get("text")):
            kind = ReasoningDelta if part.get("thought") is True else TextDelta
            events.append(kind(words, self._index))
        match part:
            case {"functionCall": dict(call)}:
                self._call(call, signature, events)
                return
            case {"text": str()}:
                pass
            case {"inlineData": dict(blob)} if part.get("thought") is not True:
                events.append(MediaOutput(text(blob.get("mimeType")), text(blob.get("data")), self._index))
            case _:
                self._note(part, events)
        if signature:
            events.append(ReasoningSignature(signature, choice=self._index))

    def _note(self, part: dict[str, Any], events: list[ChatEvent]) -> None:
        """Code that was run, its result, drafts among the thoughts, and what came after this was written."""
        note = {name: value for name, value in part.items() if name != "thoughtSignature"}
        if note:
            events.append(Annotation(next(iter(note)), note, self._index))

    def _call(self, call: dict[str, Any], signature: str | None, events: list[ChatEvent]) -> None:
        """A call comes whole, or its arguments come in pieces, in parts without a name. Traps 43, 48.

        https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc (2026-11)
        """
        name = text(call.get("name"))
        if self.calls and self._arguments is None and not (name or call.get("args") or call.get("partialArgs")):
            return  # the end of a call that has ended
        if name or self._arguments is None:
            self.end(events)
            events.append(ToolCallStart(self.calls, find_text(call.get("id")), name, self._index, signature))
            self.calls += 1
            self._arguments = {}
        self._arguments |= record(call.get("args"))
        for piece in records(call.get("partialArgs")):
            put(self._arguments, piece)
        if call.get("willContinue") is not True:
            self.end(events)
