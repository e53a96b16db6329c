"""A streamed answer: https://platform.openai.com/docs/api-reference/chat-streaming (2026-11).

Texts, thinking and calls go on as they come. What is a list (signed thinking, pictures, notes) is said once, whole, before a choice
ends: the official clients join deltas in ways of their own, of which only this gives the same in all. For the same reason every entry
of a list has its `index`.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.events import (
    Annotation,
    ChatEvent,
    FinishReason,
    MediaOutput,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest, Reasoning
from shared.dialects.caller import About, Speaker
from shared.dialects.openai.caller.answer import dropped
from shared.dialects.openai.caller.errors import fail
from shared.dialects.openai.caller.kin import KinSpeaker
from shared.dialects.openai.caller.thinking import details, extra_content
from shared.dialects.openai.caller.usage import write_usage
from shared.dialects.openai.caller.words import (
    answer_id,
    call_id,
    finish_word,
    is_legacy,
    wants_usage,
    write_media,
    write_notes,
)
from shared.dialects.signed import signed_id
from shared.errors import RealMultiLLMError
from shared.wire.json import write

type Json = dict[str, Any]

DONE: Final = b"data: [DONE]\n\n"
MOST_CHOICES: Final = 128
"""The largest `n`: https://platform.openai.com/docs/api-reference/chat/create#chat-create-n (2026-11)."""
_NOT_ENDED: Final = b',"logprobs":null,"finish_reason":null'
_TAIL: Final = b"}]}\n\n"
_TAIL_BEFORE_USAGE: Final = b'}],"usage":null}\n\n'
"""Whoever asked for the usage is told in every chunk but the last that it is still to come."""


def speaker(request: ChatRequest, about: About) -> Speaker:
    """Who speaks one stream: the provider itself, where it speaks this dialect."""
    return KinSpeaker(request, about) if about.kin else ChunkSpeaker(request, about)


@dataclass(slots=True)
class _Choice:
    """A choice as it grows: its open thinking, what is said at its end, and which of its calls have arguments."""

    head: bytes
    thinking: list[str] = field(default_factory=list)
    blocks: list[Reasoning] = field(default_factory=list)
    media: list[MediaOutput] = field(default_factory=list)
    notes: list[Annotation] = field(default_factory=list)
    silent_calls: set[int] = field(default_factory=set)

    def sign(self, event: ReasoningSignature) -> None:
        """Encrypted data is a block of its own; a signature closes the thinking before it. As in `collect`."""
        if event.redacted is None:
            self._close(event.signature)
        else:
            self._close(None)
            self.blocks.append(Reasoning(signature=event.signature, redacted=event.redacted))

    def extras(self, maker: str) -> Json:
        """What is said once, at the end."""
        self._close(None)
        signed = details(self.blocks, maker)
        return {
            **({"reasoning_details": signed} if signed else {}),
            **write_media(self.media),
            **write_notes(self.notes),
        }

    def _close(self, signature: str | None) -> None:
        if self.thinking or signature is not None:
            self.blocks.append(Reasoning("".join(self.thinking), signature))
            self.thinking = []


class ChunkSpeaker:
    """Says the events of a provider of another dialect."""

    __slots__ = ("_about", "_choices", "_legacy", "_model", "_tail", "_with_usage")

    def __init__(self, request: ChatRequest, about: About) -> None:
        self._about = about
        self._model = about.model
        self._legacy = is_legacy(request)
        self._with_usage = wants_usage(request)
        self._tail = _TAIL_BEFORE_USAGE if self._with_usage else _TAIL
        self._choices: dict[int, _Choice] = {}

    def say(self, event: ChatEvent | Done) -> bytes:
        """The chunks for one event."""
        match event:
            case TextDelta():
                return self._delta(event.choice, b'{"content":' + write(event.text) + b"}", content="")
            case ReasoningDelta():
                return self._think(event)
            case ToolCallDelta():
                return self._argue(event)
            case ToolCallStart():
                return self._call(event)
            case RefusalDelta():
                return self._delta(event.choice, b'{"refusal":' + write(event.text) + b"}")
            case ReasoningSignature() | MediaOutput() | Annotation():
                return self._keep(event)
            case Start():
                self._model = event.model or self._model
            case Done():
                return self._end(event)
            case _:
                pass
        return b""

    def fail(self, error: RealMultiLLMError) -> bytes:
        """The error, and nothing after it."""
        return fail(error, self._about.id)

    def _delta(self, index: int, delta: bytes, *, content: str | None = None) -> bytes:
        """A chunk around that delta; before a choice's first one, who speaks. Traps 18, 80."""
        choice = self._choices.get(index)
        if choice is None:
            begun = self._begin(index, content)
            return begun + self._choices[index].head + delta + _NOT_ENDED + self._tail
        return choice.head + delta + _NOT_ENDED + self._tail

    def _begin(self, index: int, content: str | None) -> bytes:
        """Choices begin in their order, for clients count on it."""
        earlier = [place for place in range(min(index, MOST_CHOICES)) if place not in self._choices]
        return b"".join([*[self._speak_as(place, "") for place in earlier], self._speak_as(index, content)])

    def _speak_as(self, index: int, content: str | None) -> bytes:
        head = b'%b,"choices":[{"index":%d,"delta":' % (self._head(), index)
        self._choices[index] = _Choice(head)
        role = write({"role": "assistant", "content": content, "refusal": None})
        return head + role + _NOT_ENDED + self._tail

    def _head(self) -> bytes:
        said = {"id": answer_id(self._about.id), "object": "chat.completion.chunk", "created": self._about.created}
        return b"data: " + write({**said, "model": self._model})[:-1]

    def _think(self, event: ReasoningDelta) -> bytes:
        said = self._delta(event.choice, b'{"reasoning_content":' + write(event.text) + b"}")
        self._choices[event.choice].thinking.append(event.text)
        return said

    def _call(self, event: ToolCallStart) -> bytes:
        """A call begins: https://platform.openai.com/docs/guides/function-calling#streaming (2026-11). Traps 43, 44, 83."""
        function = {"name": event.name, "arguments": ""}
        if self._legacy and not event.index:
            said = self._delta(event.choice, write({"function_call": function}))
        else:
            own_id = event.id or call_id(self._about.id, event.choice, event.index)
            seen_id = signed_id(own_id, self._about.maker, event.signature)
            call: Json = {"index": event.index, "id": seen_id, "type": "function"}
            signed = {"extra_content": extra_content(event.signature)} if event.signature else {}
            said = self._delta(event.choice, write({"tool_calls": [{**call, "function": function, **signed}]}))
        self._choices[event.choice].silent_calls.add(event.index)
        return said

    def _argue(self, event: ToolCallDelta) -> bytes:
        if event.arguments.strip() and (choice := self._choices.get(event.choice)):
            choice.silent_calls.discard(event.index)
        return self._delta(event.choice, self._arguments(event.index, event.arguments))

    def _arguments(self, index: int, piece: str) -> bytes:
        if self._legacy and not index:
            return b'{"function_call":{"arguments":%b}}' % write(piece)
        return b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (index, write(piece))

    def _keep(self, event: ReasoningSignature | MediaOutput | Annotation) -> bytes:
        """For the end; but log probabilities go with the tokens that they are about."""
        begun = b"" if event.choice in self._choices else self._begin(event.choice, None)
        choice = self._choices[event.choice]
        match event:
            case ReasoningSignature():
                choice.sign(event)
            case MediaOutput():
                choice.media.append(event)
            case Annotation(name="logprobs"):
                told = b'{},"logprobs":%b,"finish_reason":null' % write(event.value)
                return begun + choice.head + told + self._tail
            case Annotation():
                choice.notes.append(event)
        return begun

    def _end(self, done: Done) -> bytes:
        reasons: dict[int, tuple[FinishReason, str | None]] = dict.fromkeys(self._choices, ("other", None))
        reasons.update({index: (reason, raw) for index, reason, raw in done.finishes})
        *others, last = [(index, *reasons[index]) for index in sorted(reasons)]
        said = [self._end_choice(*finish, tail=self._tail) for finish in others]
        left_out = dropped(done)
        if self._with_usage:
            said.append(self._end_choice(*last, tail=self._tail))
            told = {"choices": [], "usage": write_usage(done.usage), **left_out}
            said.append(self._head() + b"," + write(told)[1:] + b"\n\n")
        else:
            tail = b"}]," + write(left_out)[1:] + b"\n\n" if left_out else self._tail
            said.append(self._end_choice(*last, tail=tail))
        return b"".join([*said, DONE])

    def _end_choice(self, index: int, reason: FinishReason, raw: str | None, *, tail: bytes) -> bytes:
        """What is still to be told, and why it ends. Calls without arguments have `{}`: trap 38."""
        begun = b"" if index in self._choices else self._begin(index, "")
        choice = self._choices[index]
        told = [self._delta(index, self._arguments(call, "{}")) for call in sorted(choice.silent_calls)]
        if extras := choice.extras(self._about.maker):
            told.append(self._delta(index, write(extras)))
        word = write(finish_word(reason, raw, legacy=self._legacy))
        native = b',"native_finish_reason":' + write(raw) if raw else b""
        end = choice.head + b'{},"logprobs":null,"finish_reason":' + word + native + tail
        return b"".join([begun, *told, end])
