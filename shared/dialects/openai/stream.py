"""A streamed answer: https://platform.openai.com/docs/api-reference/chat-streaming (2026-11)."""

from typing import Any

from shared.chat.events import ChatEvent
from shared.dialects.openai.answer import AnswerReader
from shared.dialects.openai.explain import failure_inside, no_answer
from shared.errors import BadResponse, BadStreamData, ProviderError, StreamTruncated
from shared.wire.json import read_lenient
from shared.wire.sse import Frame, SseDecoder

_GARBAGE_IN_A_ROW = 3


class ChatStream:
    """Reads one stream. Events that came before a failure are given out first; the failure is raised by the next call.

    The end is `[DONE]`, or the end of the bytes once every choice has said why it ends. Traps 11, 12.
    """

    __slots__ = ("_answer", "_decoder", "_failure", "_garbage", "_heard", "finished", "skipped")

    def __init__(self) -> None:
        self._decoder = SseDecoder()
        self._answer = AnswerReader()
        self._failure: ProviderError | None = None
        self._garbage = 0
        self._heard = False
        self.finished = False
        self.skipped = 0
        """Events that were not JSON and were passed over."""

    def feed(self, data: bytes) -> list[ChatEvent]:
        """Events that became whole. Raises BadStreamData, and the error that the stream tells."""
        if self._failure is not None:
            raise self._failure
        if self.finished:
            return []
        events: list[ChatEvent] = []
        try:
            self._hear(self._decoder.feed(data), events)
        except ProviderError as failure:
            self._failure, self.finished = failure, True
            if not events:
                raise
        return events

    def close(self) -> list[ChatEvent]:
        """The bytes are at their end. Raises StreamTruncated, and BadResponse when this was no stream at all. Trap 13."""
        if self._failure is not None:
            raise self._failure
        events: list[ChatEvent] = []
        if not self.finished:
            self._hear(self._decoder.close(), events)
            self._check_end()
        self.finished = True
        return events

    def _check_end(self) -> None:
        if self.finished or self._answer.complete:
            return
        if self._heard or self._answer.begun:
            raise StreamTruncated("the provider's stream ended before its answer did")
        raise no_answer(self._decoder.stray)

    def _hear(self, frames: list[Frame], events: list[ChatEvent]) -> None:
        for frame in frames:
            data = frame.data if frame.data[:1] == b"{" else frame.data.strip()
            chunk = _parse(data) if data[:1] == b"{" else None
            if frame.event == "error":
                raise failure_inside(chunk or frame.text)
            if chunk.__class__ is dict:
                self._garbage, self._heard = 0, True
                self._read(chunk, events)
            elif data == b"[DONE]":
                self._end(events)
                return
            elif data and data[:1] != b":":  # neither an empty line nor a comment disguised as data. Traps 6, 7
                self._pass_over(data)

    def _read(self, chunk: dict[str, Any], events: list[ChatEvent]) -> None:
        if chunk.get("error"):
            raise failure_inside(chunk)
        self._answer.read(chunk, events, whole=False)

    def _end(self, events: list[ChatEvent]) -> None:
        if not self._answer.begun:
            raise BadResponse("the provider's stream ended without an answer")
        self._answer.end(events)
        self.finished = True

    def _pass_over(self, data: bytes) -> None:
        if isinstance(_parse(data), list):
            raise no_answer(data)
        self._garbage += 1
        self.skipped += 1
        if self._garbage >= _GARBAGE_IN_A_ROW:
            raise BadStreamData(f"{self._garbage} events in a row of the provider's stream are not JSON")


def _parse(data: bytes) -> Any:
    try:
        return read_lenient(data)
    except ValueError:
        return None
