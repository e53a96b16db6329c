"""A stream of one message → events. https://platform.claude.com/docs/en/build-with-claude/streaming (2026-11).

Blocks are open between `content_block_start` and `content_block_stop`. Text and thinking go on at once; a block that is the
provider's own (server tools and their results, and kinds that came after this was written) is handed on whole when it closes.
"""

from dataclasses import dataclass, field
from typing import Any

from shared.chat.events import (
    Annotation,
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from shared.dialects.anthropic.message import failure_inside, finish, notes, start, usage
from shared.dialects.anthropic.read import call, given
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.lenient import find_text, record, text
from shared.errors import ProviderError, StreamTruncated
from shared.wire.json import read_lenient


@dataclass(slots=True)
class _Block:
    """An open block. `index` counts tool calls, `pieces` is the JSON text of its input so far."""

    start: dict[str, Any]
    index: int = 0
    pieces: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)


class AnthropicStream(EventStreamReader):
    """Reads one stream."""

    def __init__(self, *, verbatim: bool = False) -> None:
        super().__init__(verbatim=verbatim)
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._used: dict[str, Any] = {}
        self._stopped = False

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:
        match piece.get("type", name):
            case "content_block_delta" | "content_block_start" if self._stopped:
                pass
            case "content_block_delta":
                self._delta(piece, events)
            case "content_block_start":
                self._open(piece, events)
            case "content_block_stop":
                self._shut(_place(piece), events)
            case "message_start":
                self._begin(record(piece.get("message")), events)
            case "message_delta":
                self._conclude(piece, events)
            case "message_stop":
                self._stop(events)
            case "error":
                raise self._explain(piece)
            case "ping":
                pass
            case kind:
                events.append(Annotation(text(kind) or "event", piece))

    def _end(self) -> list[ChatEvent]:
        """The closing `message_stop` may be missing when the reason to stop was said: traps 11, 12."""
        if not self._stopped:
            raise StreamTruncated("the provider's stream ended before it said why the answer stops")
        return []

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        """Kin hear it in the provider's own words."""
        error = failure_inside(piece)
        error.verbatim = piece if self._verbatim else None
        return error

    def _begin(self, message: dict[str, Any], events: list[ChatEvent]) -> None:
        self._used = record(message.get("usage"))
        events.append(start(message))
        if used := usage(self._used):
            events.append(Usage(used.input, None, used.cached, used.cache_write, raw=used.raw))

    def _open(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        place = _place(piece)
        self._shut(place, events)
        block = _Block(record(piece.get("content_block")), self._calls)
        match block.start.get("type"):
            case "text":
                _say(TextDelta, block.start.get("text"), events)
            case "thinking":
                _say(ReasoningDelta, block.start.get("thinking"), events)
                block.signature.append(text(block.start.get("signature")))
            case "tool_use":
                events.extend(call(block.start, block.index))
                self._calls += 1
        self._blocks[place] = block

    def _delta(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        """Trap 25 and what is like it: a kind of delta that we do not know is kept."""
        delta, block = record(piece.get("delta")), self._blocks.get(_place(piece))
        match delta.get("type"):
            case "text_delta":
                _say(TextDelta, delta.get("text"), events)
            case "thinking_delta":
                _say(ReasoningDelta, delta.get("thinking"), events)
            case "input_json_delta" if block:
                self._argue(block, text(delta.get("partial_json")), events)
            case "signature_delta" if block:
                block.signature.append(text(delta.get("signature")))
            case "citations_delta":
                events.append(Annotation("citation", record(delta.get("citation"))))
            case kind:
                events.append(Annotation(text(kind) or "delta", delta))

    def _argue(self, block: _Block, piece: str, events: list[ChatEvent]) -> None:
        if not piece:
            return
        block.pieces.append(piece)
        if block.start.get("type") == "tool_use":
            events.append(ToolCallDelta(block.index, piece))

    def _shut(self, place: int, events: list[ChatEvent]) -> None:
        block = self._blocks.pop(place, None)
        if block is None:
            return
        match block.start.get("type"):
            case "text":
                pass
            case "thinking":
                events.append(ReasoningSignature("".join(block.signature) or None))
            case "redacted_thinking":
                events.append(ReasoningSignature(redacted=text(block.start.get("data"))))
            case "tool_use":
                if not block.pieces:  # some put all arguments into the start
                    events.append(ToolCallDelta(block.index, given(block.start.get("input"))))
            case kind:
                events.append(Annotation(text(kind) or "block", _whole(block)))

    def _shut_all(self, events: list[ChatEvent]) -> None:
        for place in tuple(self._blocks):
            self._shut(place, events)

    def _conclude(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        """Usage is cumulative and may repeat only in part what the start said: trap 20."""
        delta = record(piece.get("delta"))
        self._used |= {name: value for name, value in record(piece.get("usage")).items() if value is not None}
        reason = find_text(delta.get("stop_reason"))
        if reason and not self._stopped:
            self._shut_all(events)
            events.extend(notes({**piece, **delta}))
        if used := usage(self._used):
            events.append(used)
        if reason and not self._stopped:
            self._stopped = True
            events.append(finish(reason))

    def _stop(self, events: list[ChatEvent]) -> None:
        """A message that stops without a reason is still one that the provider ended."""
        if not self._stopped:
            self._shut_all(events)
            events.append(finish(None))
        self._stopped = self._finished = True


def _place(piece: dict[str, Any]) -> int:
    index = piece.get("index")
    return index if isinstance(index, int) else 0


def _say(kind: type[TextDelta | ReasoningDelta], words: Any, events: list[ChatEvent]) -> None:
    if isinstance(words, str) and words:
        events.append(kind(words))


def _whole(block: _Block) -> dict[str, Any]:
    """The block as a plain message would have held it."""
    if not block.pieces:
        return block.start
    pieces = "".join(block.pieces)
    try:
        return {**block.start, "input": read_lenient(pieces)}
    except ValueError:
        return {**block.start, "input": pieces}
