"""A stream of one answer → events: AWS's binary event stream of JSON pieces.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (2026-11). Blocks of text and thinking begin with their
first delta; calls and pictures are announced. The reason to stop comes first, what was used after it, and nothing after that.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.dialects.bedrock.answer import SERVER_TOOL, finish, joined, notes, picture, usage
from shared.dialects.bedrock.explain import failure_inside
from shared.dialects.event_stream import EventStreamReader
from shared.dialects.explain import read_body
from shared.dialects.lenient import find_count, find_text, record, records, text
from shared.errors import BadResponse, ProviderError, StreamTruncated
from shared.wire.eventstream import EventStreamDecoder, Message
from shared.wire.json import read_lenient

_LARGEST_STRAY: Final = 64 * 1024
"""Bytes that are kept of an answer that is no event stream; an error fits."""


@dataclass(slots=True)
class _Block:
    """An open block: what announced it, and what is told at its end. `index` counts calls, None where it is none of the caller's tools."""

    start: dict[str, Any] = field(default_factory=dict)
    index: int | None = None
    pieces: list[str] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    thought: bool = False
    signature: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)


class BedrockStream(EventStreamReader):
    """Reads one stream. No caller speaks this dialect, so nobody hears it verbatim."""

    def __init__(self, *, verbatim: bool = False) -> None:  # noqa: ARG002 - every StreamReader can be asked
        super().__init__()
        self._messages = EventStreamDecoder()
        self._stray: bytearray | None = None
        self._undecided = True
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._stopped = False

    def _hear(self, data: bytes, events: list[ChatEvent]) -> None:
        """A message begins with its length, whose first byte is zero. What begins otherwise is no event stream: trap 13."""
        if self._undecided and data:
            self._undecided = False
            self._stray = None if data[0] == 0 else bytearray()
        if self._stray is not None:
            self._stray += data[: _LARGEST_STRAY - len(self._stray)]
            return
        for message in self._messages.feed(data):
            if self._finished:
                self.dropped += 1
                continue
            self._take_message(message, events)

    def _hear_rest(self, events: list[ChatEvent]) -> None:
        for message in self._messages.close():
            self._take_message(message, events)

    def _explain_silence(self) -> ProviderError:
        said = read_body(bytes(self._stray or b""))
        if isinstance(said, dict) and ("message" in said or "error" in said):
            return self._explain(said)
        if self._stray is None:
            return StreamTruncated("the provider's stream ended before it said anything")
        return BadResponse("the provider answered with something that is not an event stream")

    def _explain(self, piece: dict[str, Any]) -> ProviderError:
        return failure_inside(None, piece)

    def _take_message(self, message: Message, events: list[ChatEvent]) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html tells the three types of message (2026-11)."""
        headers = message.headers
        match headers.get(":message-type"):
            case "exception":
                raise failure_inside(find_text(headers.get(":exception-type")), read_body(message.payload))
            case "error":
                said = {"message": headers.get(":error-message")}
                raise failure_inside(find_text(headers.get(":error-code")), said)
            case _:
                self._take_json(message.payload, events, text(headers.get(":event-type")))

    def _read(self, piece: dict[str, Any], events: list[ChatEvent], name: str) -> None:
        match name:
            case "contentBlockDelta" if not self._stopped:
                self._delta(self._block(piece), record(piece.get("delta")), events)
            case "contentBlockStart" if not self._stopped:
                self._open(_place(piece), record(piece.get("start")), events)
            case "contentBlockStop":
                self._shut(_place(piece), events)
            case "messageStart":
                events.append(Start())
            case "messageStop":
                self._stop(piece, events)
            case "metadata":
                self._count(piece, events)

    def _end(self) -> list[ChatEvent]:
        """What was used may be missing when the reason to stop was said: traps 11, 12."""
        if not self._stopped:
            raise StreamTruncated("the provider's stream ended before it said why the answer stops")
        return []

    def _block(self, piece: dict[str, Any]) -> _Block:
        return self._blocks.setdefault(_place(piece), _Block())

    def _open(self, place: int, start: dict[str, Any], events: list[ChatEvent]) -> None:
        """Trap 44: calls are counted by themselves, whatever blocks came before."""
        self._shut(place, events)
        block = self._blocks[place] = _Block(start)
        call = record(start.get("toolUse"))
        if call and call.get("type") != SERVER_TOOL:
            block.index = self._calls
            self._calls += 1
            events.append(ToolCallStart(block.index, find_text(call.get("toolUseId")), text(call.get("name"))))

    def _delta(self, block: _Block, delta: dict[str, Any], events: list[ChatEvent]) -> None:
        match delta:
            case {"text": str(words)}:
                if words:
                    events.append(TextDelta(words))
            case {"toolUse": {"input": str(words)}}:
                self._argue(block, words, events)
            case {"reasoningContent": dict(thought)}:
                _think(block, thought, events)
            case {"citation": dict(citation)}:
                events.append(Annotation("citationsContent", citation))
            case {"image": {"source": {"bytes": str(data)}}}:
                block.pieces.append(data)
            case {"toolResult": list(results)}:
                block.said.extend(records(results))
            case _:
                events.extend([Annotation(name, value) for name, value in delta.items() if value is not None])

    def _argue(self, block: _Block, words: str, events: list[ChatEvent]) -> None:
        if not words:
            return
        block.pieces.append(words)
        if block.index is not None:
            events.append(ToolCallDelta(block.index, words))

    def _shut(self, place: int, events: list[ChatEvent]) -> None:
        """Tell what is known only at the end of a block. Arguments that never came are `{}`: trap 38."""
        block = self._blocks.pop(place, None)
        match block:
            case None:
                return
            case _Block(index=int(index)):
                if not block.pieces:
                    events.append(ToolCallDelta(index, "{}"))
            case _Block(redacted=[_, *_]):
                events.append(ReasoningSignature(redacted=joined(block.redacted)))
            case _Block(thought=True):
                events.append(ReasoningSignature("".join(block.signature) or None))
            case _Block(start={"image": dict(image)}) if block.pieces:
                events.append(picture(image.get("format"), block.pieces))
            case _:
                events.extend([Annotation(name, _whole(block, said)) for name, said in block.start.items()])

    def _stop(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        if self._stopped:
            return
        for place in tuple(self._blocks):
            self._shut(place, events)
        events.extend(notes(piece))
        events.append(finish(find_text(piece.get("stopReason")), self._calls))
        self._stopped = True

    def _count(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        events.extend(notes(piece))
        if used := usage(record(piece.get("usage"))):
            events.append(used)
        self._finished = self._stopped


def _place(piece: dict[str, Any]) -> int:
    return find_count(piece.get("contentBlockIndex")) or 0


def _think(block: _Block, thought: dict[str, Any], events: list[ChatEvent]) -> None:
    """Trap 52: signature and encrypted content as they came."""
    block.thought = True
    if words := text(thought.get("text")):
        events.append(ReasoningDelta(words))
    if signature := text(thought.get("signature")):
        block.signature.append(signature)
    if redacted := text(thought.get("redactedContent")):
        block.redacted.append(redacted)


def _whole(block: _Block, said: Any) -> Any:
    """The block as a plain answer would have held it."""
    if block.said:
        return {**record(said), "content": block.said}
    if not block.pieces:
        return said
    pieces = "".join(block.pieces)
    try:
        return {**record(said), "input": read_lenient(pieces)}
    except ValueError:
        return {**record(said), "input": pieces}
