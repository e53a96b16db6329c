"""A stream of one message, block after block. https://platform.claude.com/docs/en/build-with-claude/streaming (2026-11).

Only one block is open at a time, while others may tell of several calls in turns. So what is told waits in a queue of blocks: the first is said as
it comes, and the next one's turn is when the first is complete: text and thinking as soon as something else begins, a call when its arguments are a
whole JSON object. Traps 15, 29, 37, 44, 83.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from shared.chat.events import (
    Annotation,
    ChatEvent,
    Finish,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.anthropic.caller.errors import describe
from shared.dialects.anthropic.caller.words import (
    Ending,
    find_block,
    find_citation,
    head,
    hides_thinking,
    picture,
    usage,
    wants_thinking,
)
from shared.dialects.caller import About
from shared.dialects.signed import mark, signed_id
from shared.errors import BadStreamData, RealMultiLLMError
from shared.wire.json import write

type Json = dict[str, Any]

_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_WORDS: Final = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}


def event(kind: str, said: Json) -> bytes:
    """One event. Trap 29: the `event:` line is what clients of this dialect go by."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), write({"type": kind, **said}))


@dataclass(slots=True)
class _Block:
    """A block that is open or waits. `pieces` has all that a call's arguments say, `waiting` the deltas that are still unsaid."""

    kind: str
    start: Json
    waiting: list[Json] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    proof: str | None = None
    closed: bool = False

    @property
    def complete(self) -> bool:
        """Nothing can be missing, now that something else has begun."""
        if self.kind != "tool_use":
            return True
        try:
            return isinstance(msgspec.json.decode("".join(self.pieces)), dict)
        except (ValueError, RecursionError):
            return False


class MessageSpeaker:
    """Speaks one stream to a caller whose provider speaks another dialect."""

    __slots__ = (
        "_about",
        "_begun",
        "_calls",
        "_ending",
        "_hides",
        "_out",
        "_place",
        "_queue",
        "_start",
        "_usage",
        "_wants",
    )

    def __init__(self, request: ChatRequest, about: About) -> None:
        self._about = about
        self._ending = Ending(request)
        self._wants, self._hides = wants_thinking(request), hides_thinking(request)
        self._start = Start()
        self._usage: Usage | None = None
        self._begun = False
        self._place = 0
        """Of the block that is open, the first of the queue."""
        self._queue: list[_Block] = []
        self._calls: dict[int, _Block] = {}
        self._out: list[bytes] = []

    def say(self, said: ChatEvent | Done) -> bytes:
        """The bytes for one event. What other choices say, nobody here asked for."""
        match said:
            case TextDelta(choice=0):
                if said.text:
                    self._speak("text", said.text)
            case ToolCallDelta(choice=0):
                self._argue(said)
            case ReasoningDelta(choice=0):
                self._speak("thinking", "" if self._hides else said.text)
            case Done():
                self._end(said)
            case Start():
                self._start = said
            case Usage():
                self._usage = said
            case Finish():
                pass
            case _ if getattr(said, "choice", None) == 0:
                self._other(said)
        return self._said()

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The last event, after which nothing comes. Trap 29."""
        return self._said() + event("error", dict(describe(error, self._about.id)))

    def _said(self) -> bytes:
        said = b"".join(self._out)
        self._out.clear()
        return said

    def _other(self, said: ChatEvent) -> None:
        match said:
            case ToolCallStart():
                self._call(said)
            case ReasoningSignature():
                self._prove(said)
            case RefusalDelta():
                self._ending.refuse()
                self._speak("text", said.text)
            case MediaOutput():
                self._speak("text", picture(said))
            case Annotation():
                self._note(said)
            case _:
                pass

    def _speak(self, kind: str, words: str) -> None:
        """More text or thinking: of the latest block, if it is one of these, else of a new one."""
        delta, name = _WORDS[kind]
        block = self._queue[-1] if self._queue else None
        if block is None or block.kind != kind or block.closed:
            empty = {"type": kind, name: "", **({"signature": ""} if kind == "thinking" else {})}
            block = self._open(_Block(kind, empty))
        if words:
            self._tell(block, {"type": delta, name: words})

    def _prove(self, said: ReasoningSignature) -> None:
        """What closes the thinking before it. Proofs without any (Google signs answers too) are said to those who asked for thinking."""
        if said.redacted is not None:
            data = mark(self._about.maker, said.redacted)
            if self._wants:
                self._open(_Block("redacted_thinking", {"type": "redacted_thinking", "data": data}))
            return
        block = self._queue[-1] if self._queue else None
        if block is None or block.kind != "thinking" or block.closed:
            if said.signature is None or not self._wants:
                return
            block = self._open(_Block("thinking", {"type": "thinking", "thinking": "", "signature": ""}))
        block.proof, block.closed = said.signature, True

    def _call(self, said: ToolCallStart) -> None:
        own = said.id or f"toolu_{self._about.id}_{said.index}"
        id_ = signed_id(own, self._about.maker, said.signature)
        self._ending.call()
        start = {"type": "tool_use", "id": id_, "name": said.name, "input": {}}
        self._calls[said.index] = self._open(_Block("tool_use", start))

    def _argue(self, said: ToolCallDelta) -> None:
        block = self._calls[said.index]
        if block.closed:
            if said.arguments.strip():
                raise BadStreamData("the provider went on with a tool call whose arguments were complete")
            return
        block.pieces.append(said.arguments)
        if said.arguments:
            self._tell(block, {"type": "input_json_delta", "partial_json": said.arguments})
        if len(self._queue) > 1:
            self._advance()

    def _note(self, note: Annotation) -> None:
        """Citations belong to the text that is said; what has no form in this dialect (others' citations, log probabilities) is not said."""
        if self._ending.note(note):
            return
        if citation := find_citation(note):
            if not self._queue or self._queue[-1].kind != "text":
                self._speak("text", "")
            self._tell(self._queue[-1], {"type": "citations_delta", "citation": citation})
        elif block := find_block(note):
            self._open(_Block(note.name, block))

    def _open(self, block: _Block) -> _Block:
        self._queue.append(block)
        if len(self._queue) == 1:
            self._begin_block(block)
        else:
            self._advance()
        return block

    def _tell(self, block: _Block, delta: Json) -> None:
        if block is self._queue[0]:
            self._out.append(event("content_block_delta", {"index": self._place, "delta": delta}))
        else:
            block.waiting.append(delta)

    def _advance(self, *, at_last: bool = False) -> None:
        """Close blocks that are complete and have another one behind them; at last, all."""
        while self._queue and (at_last or (len(self._queue) > 1 and self._queue[0].complete)):
            self._close(self._queue.pop(0))
            self._place += 1
            if self._queue:
                self._begin_block(self._queue[0])

    def _begin_block(self, block: _Block) -> None:
        self._begin()
        self._out.append(event("content_block_start", {"index": self._place, "content_block": block.start}))
        waiting, block.waiting = block.waiting, []
        for delta in waiting:
            self._tell(block, delta)

    def _close(self, block: _Block) -> None:
        block.closed = True
        if block.kind == "thinking":
            proof = {"type": "signature_delta", "signature": mark(self._about.maker, block.proof)}
            self._out.append(event("content_block_delta", {"index": self._place, "delta": proof}))
        self._out.append(event("content_block_stop", {"index": self._place}))

    def _begin(self) -> None:
        """What was used so far is told at once; what comes last tells it all."""
        if self._begun:
            return
        self._begun = True
        message = head(self._about, self._start.id, self._start.model)
        self._out.append(event("message_start", {"message": {**message, "usage": usage(self._usage)}}))

    def _end(self, done: Done) -> None:
        self._begin()
        self._advance(at_last=True)
        self._out.append(event("message_delta", {"delta": self._ending.say(done), "usage": usage(done.usage)}))
        self._out.append(_STOP)
