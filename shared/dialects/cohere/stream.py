"""A streamed answer: https://docs.cohere.com/docs/streaming (2026-11). Its last event is `message-end`; a `[DONE]` may follow."""

from typing import Any

from shared.chat.events import ChatEvent, Start
from shared.dialects.cohere.answer import AnswerReader
from shared.dialects.cohere.explain import failure_inside
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.explain import read_body
from shared.dialects.lenient import find_text, record, records
from shared.errors import ProviderError, StreamTruncated


class CohereStream(EventStreamReader):
    """Reads one stream."""

    def __init__(self, *, verbatim: bool = False) -> None:
        super().__init__(verbatim=verbatim)
        self._answer = AnswerReader()

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:
        delta = record(piece.get("delta"))
        message = record(delta.get("message"))
        match piece.get("type") or name:
            case "content-start" | "content-delta":
                self._answer.content(message.get("content"), events)
                self._answer.likelihood(piece.get("logprobs") or delta.get("logprobs"), events)
            case "tool-plan-delta":
                self._answer.plan(message.get("tool_plan"))
            case "tool-call-start" | "tool-call-delta" | "tool-call-end" as step:
                self._call(step, message.get("tool_calls"), events)
            case "citation-start":
                for citation in _objects(message.get("citations")):
                    self._answer.cite(citation)
            case "message-start":
                events.append(Start(find_text(piece.get("id"))))
            case "message-end":
                self._finished = True
                self._answer.end(delta, events)
            case _:
                self._other(piece, name)

    def _call(self, step: str, said: Any, events: list[ChatEvent]) -> None:
        """Calls come one after another; each is ended before the next begins."""
        match step:
            case "tool-call-start":
                for call in _objects(said):
                    self._answer.call(call, events)
            case "tool-call-delta":
                for call in _objects(said):
                    self._answer.arguments(record(call.get("function")).get("arguments"), events)
            case _:
                self._answer.end_call(events)

    def _other(self, piece: dict[str, Any], name: str) -> None:
        """An error where an event was promised; what came after this was written is no matter."""
        if name == "error" or piece.get("error") or ("type" not in piece and find_text(piece.get("message"))):
            raise failure_inside(piece)

    def _end(self) -> list[ChatEvent]:
        """Only `message-end` ends an answer. Trap 12."""
        if not self._finished:
            raise StreamTruncated("the provider's stream ended before its answer did")
        return []

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        return failure_inside(piece)

    def _explain_silence(self) -> ProviderError:
        """Trap 13."""
        said = read_body(self._decoder.stray)
        if isinstance(said, dict) and find_text(said.get("message")):
            return failure_inside(said)
        return super()._explain_silence()


def _objects(said: Any) -> list[dict[str, Any]]:
    """The documentation shows one object, and some events hold a list."""
    return records(said if isinstance(said, list) else [said])
