"""An answer whole: what the events of one chat say together, for callers who did not ask for a stream."""

from collections.abc import Iterable
from dataclasses import dataclass, field

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
    Verbatim,
)
from shared.chat.request import Reasoning, ToolCall


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers. `finish` is None when the events ended before the provider said why."""

    index: int
    text: str = ""
    reasoning: str = ""
    """All visible thinking, joined without separators."""
    reasoning_blocks: tuple[Reasoning, ...] = ()
    """The same thinking block by block, each with the signature or encrypted data that closed it."""
    refusal: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    """`id` is empty where the provider gave none, `arguments` is JSON text as sent and may be empty."""
    media: tuple[MediaOutput, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `choices` is in the order of their indices and never empty."""

    id: str | None
    model: str | None
    created: int | None
    choices: tuple[Choice, ...]
    usage: Usage | None
    verbatim: Verbatim | None = None
    """The whole body as the provider wrote it, for callers who speak the same dialect."""


@dataclass(slots=True)
class _Call:
    start: ToolCallStart
    arguments: list[str] = field(default_factory=list)

    def whole(self) -> ToolCall:
        return ToolCall(self.start.id or "", self.start.name, "".join(self.arguments), self.start.signature)


@dataclass(slots=True)
class _Growing:
    """A choice as it grows. Texts are lists, joined at the end."""

    index: int
    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    blocks: list[Reasoning] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    media: list[MediaOutput] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    finish: Finish | None = None

    def sign(self, event: ReasoningSignature) -> None:
        """Encrypted data is a block of its own; a signature closes the thinking before it."""
        if event.redacted is not None:
            self._close_block()
            self.blocks.append(Reasoning(signature=event.signature, redacted=event.redacted))
        else:
            self._close_block(event.signature)

    def _close_block(self, signature: str | None = None) -> None:
        if self.thinking or signature is not None:
            self.blocks.append(Reasoning("".join(self.thinking), signature))
            self.thinking = []

    def whole(self) -> Choice:
        self._close_block()
        return Choice(
            index=self.index,
            text="".join(self.text),
            reasoning="".join([block.text for block in self.blocks]),
            reasoning_blocks=tuple(self.blocks),
            refusal="".join(self.refusal),
            tool_calls=tuple([call.whole() for _, call in sorted(self.calls.items())]),
            media=tuple(self.media),
            annotations=tuple(self.annotations),
            finish=self.finish,
        )


class Collector:
    """Hears events and tells the whole answer. May be asked at any time, also after a stream broke off."""

    __slots__ = ("_choices", "_start", "_usage", "_verbatim")

    def __init__(self) -> None:
        self._start = Start()
        self._choices: dict[int, _Growing] = {}
        self._usage: Usage | None = None
        self._verbatim: Verbatim | None = None

    def add(self, event: ChatEvent) -> None:  # noqa: C901 - one arm for each kind of event
        """Take one more event. Of several usages the last holds, of several finishes of a choice the first."""
        match event:
            case TextDelta():
                self._choice(event.choice).text.append(event.text)
            case ReasoningDelta():
                self._choice(event.choice).thinking.append(event.text)
            case ToolCallDelta():
                self._choice(event.choice).calls[event.index].arguments.append(event.arguments)
            case ToolCallStart():
                self._choice(event.choice).calls[event.index] = _Call(event)
            case Usage():
                self._usage = event
            case Start():
                self._start = event
            case Finish():
                choice = self._choice(event.choice)
                choice.finish = choice.finish or event
            case ReasoningSignature():
                self._choice(event.choice).sign(event)
            case RefusalDelta():
                self._choice(event.choice).refusal.append(event.text)
            case MediaOutput():
                self._choice(event.choice).media.append(event)
            case Annotation():
                self._choice(event.choice).annotations.append(event)
            case Verbatim():
                self._verbatim = event

    def answer(self) -> Answer:
        """The answer so far."""
        choices = tuple([choice.whole() for _, choice in sorted(self._choices.items())])
        start = self._start
        return Answer(start.id, start.model, start.created, choices or (Choice(0),), self._usage, self._verbatim)

    def _choice(self, index: int) -> _Growing:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Growing(index)
        return choice


def collect(events: Iterable[ChatEvent]) -> Answer:
    """All of them at once."""
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.answer()
