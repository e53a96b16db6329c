"""A stream of answers → events: server-sent events, as `alt=sse` asks for, or one JSON array; the first byte tells which.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (2026-11)
"""

from typing import Any, Final

from shared.chat.events import ChatEvent
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.gemini.answer import AnswerReader
from shared.dialects.gemini.explain import failure_inside
from shared.errors import ProviderError, StreamTruncated
from shared.wire.jsonarray import JsonArrayDecoder

_SPACE: Final = b" \t\r\n"


class GeminiStream(EventStreamReader):
    """Reads one stream."""

    def __init__(self, *, verbatim: bool = False) -> None:
        super().__init__(verbatim=verbatim)
        self._answer = AnswerReader()
        self._undecided = True
        self._array: JsonArrayDecoder | None = None

    def _hear(self, data: bytes, events: list[ChatEvent]) -> None:
        if self._undecided and (begin := data.lstrip(_SPACE)):
            self._undecided = False
            self._array = JsonArrayDecoder() if begin[:1] in (b"[", b"{") else None
        if self._array is None:
            super()._hear(data, events)
            return
        for element in self._array.feed(data):
            self._take_json(element, events)
        self._finished = self._array.finished

    def _hear_rest(self, events: list[ChatEvent]) -> None:
        """A reason to finish may come too early (trap 46), so half a piece at the end proves that the stream was cut."""
        if self._array is not None:
            self._array.close()
            return
        skipped = self.skipped
        super()._hear_rest(events)
        if self.skipped > skipped:
            raise StreamTruncated("the provider's stream ended in the middle of an event")

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:  # noqa: ARG002 - Google names no events
        self._answer.take(piece, events)

    def _end(self) -> list[ChatEvent]:
        """No mark ends the stream, so a reason to finish must have come. Traps 12, 46."""
        if not self._answer.complete:
            raise StreamTruncated("the provider's stream ended before it said why the answer stops")
        return self._answer.end()

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        return failure_inside(piece)
