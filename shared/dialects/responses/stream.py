"""A streamed response: https://platform.openai.com/docs/api-reference/responses-streaming (2026-11).

Texts, thinking and arguments go on as they come; everything else is told with its item, once that is whole. Progress of the provider's
own tools and previews of pictures are not told: their item tells the outcome.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.chat.events import ChatEvent
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.explain import read_body
from shared.dialects.lenient import find_text, record, text
from shared.dialects.responses.answer import conclude, start
from shared.dialects.responses.failures import failed, no_response
from shared.dialects.responses.output import ARGUMENTS, OutputReader
from shared.errors import ProviderError, StreamTruncated
from shared.wire.sse import Frame

_PIECES: Final[Mapping[str, tuple[str, str]]] = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.reasoning_text.delta": ("content", "content_index"),
    "response.function_call_arguments.delta": (ARGUMENTS, ""),
    "response.custom_tool_call_input.delta": (ARGUMENTS, ""),
}
"""Kind of event → the field of the item that grows, and where the event says which part of it."""


class ResponseStream(EventStreamReader):
    """Reads one stream."""

    def __init__(self, *, verbatim: bool = False) -> None:
        super().__init__(verbatim=verbatim)
        self._output = OutputReader()
        self._started = False

    def _take(self, frame: Frame, events: list[ChatEvent]) -> None:
        try:
            if frame.event == "error":
                raise failed(read_body(frame.data) or {"message": frame.text})
            super()._take(frame, events)
        except ProviderError as error:
            error.verbatim = (record(read_body(frame.data)) or None) if self._verbatim else None
            raise

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:
        kind = text(piece.get("type")) or name
        if where := _PIECES.get(kind):
            field, index = where
            place = self._output.place(piece.get("output_index"), piece.get("item_id"))
            self._output.say(place, field, _part(piece.get(index)), text(piece.get("delta")), events)
            return
        match kind:
            case "response.output_item.added" | "response.output_item.done":
                self._read_item(piece, events, whole=kind.endswith("done"))
            case "response.created" | "response.in_progress" | "response.queued":
                self._start(record(piece.get("response")), events)
            case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
                self._conclude(kind.removeprefix("response."), record(piece.get("response")), events)
            case _ if kind == "error" or piece.get("error"):
                raise failed(piece)

    def _read_item(self, piece: dict[str, Any], events: list[ChatEvent], *, whole: bool) -> None:
        item = record(piece.get("item"))
        place = self._output.place(piece.get("output_index"), item.get("id"))
        if whole:
            self._output.close(place, item, events)
        else:
            self._output.begin(place, item, events)

    def _start(self, response: dict[str, Any], events: list[ChatEvent]) -> None:
        if not self._started and response:
            self._started = True
            events.append(start(response))

    def _conclude(self, status: str, response: dict[str, Any], events: list[ChatEvent]) -> None:
        self._start(response, events)
        self._output.close_rest(response.get("output"), events)
        ended = {**response, "status": find_text(response.get("status")) or status}
        conclude(ended, events, calls=self._output.calls)
        self._finished = True

    def _end(self) -> list[ChatEvent]:
        """Only the response itself says that it ends. Trap 12."""
        if not self._finished:
            raise StreamTruncated("the provider's stream ended before its response did")
        return []

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        return failed(piece)

    def _explain_silence(self) -> ProviderError:
        """An error in a plain body, or something that is no answer at all. Trap 13."""
        return no_response(self._decoder.stray)


def _part(index: Any) -> int:
    return index if isinstance(index, int) else 0
