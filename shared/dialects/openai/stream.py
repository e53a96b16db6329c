"""A streamed answer: https://platform.openai.com/docs/api-reference/chat-streaming (2026-11).

The end is `[DONE]`, or the end of the bytes once every choice has said why it ends. Traps 11, 12.
"""

from typing import Any

from shared.chat.events import ChatEvent
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.explain import read_body
from shared.dialects.openai.answer import AnswerReader
from shared.dialects.openai.explain import failure_inside, no_answer
from shared.errors import BadResponse, ProviderError, StreamTruncated
from shared.wire.sse import Frame


class ChatStream(EventStreamReader):
    """Reads one stream."""

    def __init__(self, *, verbatim: bool = False) -> None:
        super().__init__(verbatim=verbatim)
        self._answer = AnswerReader()

    def _take(self, frame: Frame, events: list[ChatEvent]) -> None:
        if frame.done:
            self._conclude(events)
        elif frame.event == "error":
            raise failure_inside(read_body(frame.data) or frame.text)
        else:
            super()._take(frame, events)

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:  # noqa: ARG002 - names mean nothing here
        if piece.get("error"):
            raise self._explain(piece)
        self._answer.read(piece, events, whole=False)

    def _conclude(self, events: list[ChatEvent]) -> None:
        if not self._answer.begun:
            raise BadResponse("the provider's stream ended without an answer")
        self._answer.end(events)
        self._finished = True

    def _end(self) -> list[ChatEvent]:
        events: list[ChatEvent] = []
        if not self._finished:
            if not self._answer.complete:
                raise StreamTruncated("the provider's stream ended before its answer did")
            self._answer.end(events)
        return events

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        return failure_inside(piece)

    def _explain_silence(self) -> ProviderError:
        """An error in a plain body, or something that is no answer at all. Trap 13."""
        return no_answer(self._decoder.stray)
