"""What the readers of all JSON event streams share: frames to pieces, bad pieces counted, and an ending that was said or is missed.

A failure never swallows what came before it in the same bytes, so that every cut of the stream says the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from shared.chat.events import ChatEvent, Verbatim
from shared.dialects.explain import read_body
from shared.errors import BadResponse, BadStreamData, ProviderError, StreamTruncated
from shared.wire.sse import Frame, SseDecoder

_PATIENCE: Final = 3
"""So many pieces in a row that are no JSON object end the stream."""


class EventStreamReader(ABC):
    """A StreamReader over server-sent events whose data are JSON objects. Traps 1 to 13."""

    def __init__(self, *, verbatim: bool = False) -> None:
        self._decoder = SseDecoder()
        self._verbatim = verbatim
        self._failure: ProviderError | None = None
        self._bad_in_a_row = 0
        self._heard = False
        self._finished = False
        self.skipped = 0
        """Pieces that were no JSON object."""
        self.dropped = 0
        """Pieces that said something behind the end, as far as they came together with it."""

    @property
    def finished(self) -> bool:
        """The stream has said that it ends, well or not; what follows is dropped."""
        return self._finished

    def feed(self, data: bytes) -> Sequence[ChatEvent]:
        """Events that became whole with these bytes. Raises a ProviderError when the stream says that it failed."""
        if self._failure is not None:
            raise self._failure
        events: list[ChatEvent] = []
        if self._finished:
            return events
        try:
            self._hear(data, events)
        except ProviderError as error:
            self._failure, self._finished = error, True
            if not events:
                raise
        return events

    def close(self) -> Sequence[ChatEvent]:
        """The bytes are at their end. Raises StreamTruncated when the stream had not said so itself, BadResponse when it was none."""
        if self._failure is not None:
            raise self._failure
        events: list[ChatEvent] = []
        if not self._finished:
            self._hear_rest(events)
            if not self._heard:
                raise self._explain_silence()
        events.extend(self._end())
        self._finished = True
        return events

    @abstractmethod
    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:
        """Append what one piece says. `name` is the event's. Sets `_finished` when nothing can follow."""

    @abstractmethod
    def _end(self) -> list[ChatEvent]:
        """What the end itself says. Raises StreamTruncated when it came too early."""

    @abstractmethod
    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        """Whose fault a piece is that holds an `error`."""

    def _hear(self, data: bytes, events: list[ChatEvent]) -> None:
        for frame in self._decoder.feed(data):
            if self._finished:
                self.dropped += not frame.silent
                continue
            self._take(frame, events)

    def _hear_rest(self, events: list[ChatEvent]) -> None:
        for frame in self._decoder.close():
            self._take(frame, events)

    def _take(self, frame: Frame, events: list[ChatEvent]) -> None:
        if not frame.silent and not frame.done:
            self._take_json(frame.data, events, frame.event)

    def _take_json(self, data: bytes, events: list[ChatEvent], name: str = "message") -> None:
        piece = read_body(data)
        if not isinstance(piece, dict):
            self._skip()
            return
        self._heard, self._bad_in_a_row = True, 0
        self._read(piece, events, name)
        if self._verbatim:
            events.append(Verbatim(data, piece, name))

    def _skip(self) -> None:
        self.skipped += 1
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= _PATIENCE:
            raise BadStreamData(f"the provider's stream held {_PATIENCE} events in a row that are not JSON")

    def _explain_silence(self) -> ProviderError:
        """Nothing was said in events: an error in a plain body, or something that is no answer at all."""
        if self.skipped:
            return StreamTruncated("the provider's stream ended in the middle of its first event")
        said = read_body(self._decoder.stray)
        if isinstance(said, dict) and "error" in said:
            return self._explain(said)
        return BadResponse("the provider answered with something that is not an event stream")
